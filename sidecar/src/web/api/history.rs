//! Graphs: what there is of a node, and its points.

use std::time::Duration;

use atalaya_history::limits::QUERY_POINTS_MAX;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{Asked, Place};
use super::caller::{Caller, Reads};
use super::names::NodeId;
use super::problem::Problem;
use super::query::Query;
use super::time;
use crate::history::read::{self, Answer, Asked as Range, Gap, Line, Wanted};
use crate::history::unit;
use crate::limits::QUERY_SERIES_MAX;
use crate::web::App;

/// Without `from`: so many seconds before `to`.
const RANGE_SECONDS: i64 = 86_400;
/// Without `points`: as a graph on a page has.
const POINTS: usize = 500;
/// Of a name: view, id and key.
const NAME_BYTES_MAX: usize = 160;

/// Which series of a node.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// View and id, as `disk/WD-1`.
    #[param(max_length = 160)]
    object: Option<String>,
    /// Key of the view, as `temperature_celsius`.
    #[param(max_length = 160)]
    key: Option<String>,
}

/// All series that are asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct SeriesList {
    /// At most as many as a node may have: they are names alone.
    items: Vec<Series>,
}

/// Something with a history.
#[derive(Serialize, ToSchema)]
pub(super) struct Series {
    /// View and id.
    #[schema(example = "disk/WD-1")]
    object: String,
    /// Key of the view.
    #[schema(example = "temperature_celsius")]
    key: String,
    /// Of its numbers; empty where there is none.
    #[schema(example = "celsius")]
    unit: &'static str,
}

/// What of a node has a history.
#[utoipa::path(get, path = "/nodes/{node}/series", tag = "nodes", params(NodeId, Which),
    responses((status = 200, body = SeriesList)), security(("token" = ["read"])))]
pub(super) async fn series(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(node): Place<String>,
    asked: Asked<Which>,
) -> Result<Json<SeriesList>, Problem> {
    let number = caller.number_of(&app, node).await?;
    let handle = app.shared.history.clone();
    let all = app.shared.readers.with(move |connection| read::series_of(connection, &handle, number)).await?;
    let fits = |key: &str, is: &str| asked.query.one(key).is_none_or(|wanted| wanted == is);
    let all = all.into_iter().filter(|one| fits("object", &one.object) && fits("key", &one.key));
    let item = |Wanted { object, key }: Wanted| Series { unit: unit(&key), object, key };
    Ok(Json(SeriesList { items: all.map(item).collect() }))
}

/// Which series, and of when.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct When {
    /// Object, a point and the key; 1 to 20 times.
    #[param(min_items = 1, max_items = 20, example = json!(["disk/WD-1.temperature_celsius"]))]
    series: Vec<String>,
    /// RFC 3339, or seconds since 1970; without it a day before `to`.
    #[param(example = "2026-11-21T10:00:00Z")]
    from: Option<String>,
    /// RFC 3339, or seconds since 1970; without it now.
    #[param(example = "2026-11-22T10:00:00Z")]
    to: Option<String>,
    /// At most so many points of each series.
    #[param(minimum = 2, maximum = 2000, default = 500)]
    points: Option<u16>,
}

/// Points of some series, all of one step.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// The first moment that was looked at.
    #[schema(required = true, format = DateTime)]
    from: Option<String>,
    /// The moment behind the last.
    #[schema(required = true, format = DateTime)]
    to: Option<String>,
    /// A point stands for so much time from its own on.
    step_seconds: i64,
    /// The coarsest that was read: `raw`, `five_minutes`, `hours`.
    level: &'static str,
    /// In the order they were asked for.
    series: Vec<Points>,
    /// From, to, why: times of which there is nothing.
    gaps: Vec<(Option<String>, Option<String>, String)>,
}

/// Of one series.
#[derive(Serialize, ToSchema)]
pub(super) struct Points {
    /// View and id.
    object: String,
    /// Key of the view.
    key: String,
    /// Of its numbers; empty where there is none.
    unit: &'static str,
    /// Seconds since 1970, smallest, mean, largest.
    points: Vec<(i64, f64, f64, f64)>,
}

/// Points of some series of a node.
#[utoipa::path(get, path = "/nodes/{node}/history", tag = "nodes", params(NodeId, When),
    responses((status = 200, body = History)), security(("token" = ["read"])))]
pub(super) async fn history(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(node): Place<String>,
    question: Asked<When>,
) -> Result<Json<History>, Problem> {
    let now = app.shared.clock.now().seconds();
    let interval = app.shared.board.read().nodes.get(&node).map_or(60, |state| state.interval);
    let asked = asked(&question.query, now, Duration::from_secs(interval))?;
    let handle = app.shared.history.clone();
    let number = caller.number_of(&app, node).await?;
    let answer = app.shared.readers.with(move |connection| read::history(connection, &handle, number, &asked, now));
    Ok(Json(shown(answer.await?)))
}

fn asked(query: &Query, now: i64, interval: Duration) -> Result<Range, Problem> {
    let wanted = query.all("series").map(wanted).collect::<Result<Vec<_>, _>>()?;
    if wanted.is_empty() || wanted.len() > QUERY_SERIES_MAX {
        return Err(Problem::field("series", format!("there must be 1 to {QUERY_SERIES_MAX} of them")));
    }
    if wanted.iter().enumerate().any(|(at, one)| wanted.iter().skip(at + 1).any(|other| other == one)) {
        return Err(Problem::field("series", "one of them stands there twice"));
    }
    let until = query.time("to")?.unwrap_or(now);
    let from = query.time("from")?.unwrap_or_else(|| (until - RANGE_SECONDS).max(0));
    if from >= until {
        return Err(Problem::field("from", "must be before to"));
    }
    let points = query.number("points", &(2..=QUERY_POINTS_MAX))?.unwrap_or(POINTS);
    Ok(Range { wanted, from, until, points, interval })
}

/// `disk/WD-1.temperature_celsius`: keys have no point in them, ids may.
fn wanted(text: &str) -> Result<Wanted, Problem> {
    let parts = text.rsplit_once('.').filter(|_| text.len() <= NAME_BYTES_MAX);
    let parts = parts.filter(|(object, key)| !object.is_empty() && !key.is_empty());
    let (object, key) = parts.ok_or_else(|| Problem::field("series", "must be as disk/WD-1.temperature_celsius"))?;
    Ok(Wanted { object: object.to_owned(), key: key.to_owned() })
}

fn shown(answer: Answer) -> History {
    let line = |line: Line| {
        let points = line.points.iter().map(|point| (point.at, point.min, point.mean, point.max)).collect();
        let Wanted { object, key } = line.wanted;
        Points { unit: unit(&key), object, key, points }
    };
    let gap = |gap: Gap| (time(gap.from), time(gap.until), gap.why);
    History {
        from: time(answer.times.start),
        to: time(answer.times.end),
        step_seconds: answer.step_seconds,
        level: answer.level,
        series: answer.series.into_iter().map(line).collect(),
        gaps: answer.gaps.into_iter().map(gap).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        text.split('&').filter_map(pair).collect()
    }

    fn ask(text: &str) -> Result<Range, Problem> {
        let query = Query::new(pairs(text), &["from", "to", "points"], &["series"])?;
        asked(&query, 1_795_000_000, Duration::from_secs(60))
    }

    #[test]
    fn a_question_is_taken_as_it_is_written() {
        let asked = ask(
            "series=disk/a.b.temperature_celsius&series=system.load_1&from=2026-11-01T00:00:00Z&to=1794000000&points=2",
        )
        .unwrap();
        assert_eq!(
            (asked.wanted[0].object.as_str(), asked.wanted[0].key.as_str()),
            ("disk/a.b", "temperature_celsius")
        );
        assert_eq!(
            (asked.wanted[1].object.as_str(), asked.from, asked.until),
            ("system", 1_793_491_200, 1_794_000_000)
        );
        let asked = ask("series=system.load_1").unwrap();
        assert_eq!((asked.until - asked.from, asked.until, asked.points), (RANGE_SECONDS, 1_795_000_000, POINTS));
    }

    #[test]
    fn questions_that_are_none_are_refused() {
        let many = "&series=a.b1".repeat(21);
        for (text, says) in [
            ("", "1 to 20"),
            (many.as_str(), "1 to 20"),
            ("series=a.b&series=a.b", "twice"),
            ("series=a.b&from=1&from=2", "twice"),
            ("series=ab", "must be as"),
            ("series=.b", "must be as"),
            ("series=a.b&colour=red", "no such key"),
            ("series=a.b&points=1", "2 to 2000"),
            ("series=a.b&points=2001", "2 to 2000"),
            ("series=a.b&points=-5", "2 to 2000"),
            ("series=a.b&from=yesterday", "must be a time"),
            ("series=a.b&from=-1", "must be a time"),
            ("series=a.b&to=99999999999999", "must be a time"),
            ("series=a.b&from=5&to=5", "before"),
        ] {
            let why = format!("{:?}", ask(text).unwrap_err());
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}
