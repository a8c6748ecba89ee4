//! Graphs: what there is of a node, and its points.

use std::time::Duration;

use atalaya_history::limits::QUERY_POINTS_MAX;
use axum::Json;
use axum::extract::{Path, Query as Pairs, State};
use serde_json::{Value, json};

use super::problem::Problem;
use super::query::Query;
use crate::db::read::history as db;
use crate::history::read::{self, Answer, Asked, Gap, Line, Wanted};
use crate::history::unit;
use crate::limits::QUERY_SERIES_MAX;
use crate::web::App;

/// Without `from`: so many seconds before `to`.
const RANGE_SECONDS: i64 = 86_400;
/// Without `points`: as a graph on a page has.
const POINTS: usize = 500;
/// Of a name: view, id and key.
const NAME_BYTES_MAX: usize = 160;

type Question = Result<Pairs<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>;

/// `GET nodes/{node}/series`: objects and keys that have a history.
pub(super) async fn series(
    State(app): State<App>,
    Path(node): Path<String>,
    pairs: Question,
) -> Result<Json<Value>, Problem> {
    let query = query(pairs, &["object", "key"], &[])?;
    let handle = app.shared.history.clone();
    let all = app.shared.readers.with(move |connection| {
        let number = db::node(connection, &node)?;
        read::series_of(connection, &handle, number)
    });
    let is_asked = |wanted: &&Wanted| {
        query.one("object").is_none_or(|object| object == wanted.object)
            && query.one("key").is_none_or(|key| key == wanted.key)
    };
    let all = all.await?;
    let item = |wanted: &Wanted| json!({ "object": wanted.object, "key": wanted.key, "unit": unit(&wanted.key) });
    Ok(Json(json!({ "items": all.iter().filter(is_asked).map(item).collect::<Vec<_>>() })))
}

/// `GET nodes/{node}/history`: points of some series.
pub(super) async fn history(
    State(app): State<App>,
    Path(node): Path<String>,
    pairs: Question,
) -> Result<Json<Value>, Problem> {
    let query = query(pairs, &["from", "to", "points"], &["series"])?;
    let now = app.shared.clock.now().seconds();
    let interval = app.shared.board.read().nodes.get(&node).map_or(60, |state| state.interval);
    let asked = asked(&query, now, Duration::from_secs(interval))?;
    let handle = app.shared.history.clone();
    let answer = app.shared.readers.with(move |connection| {
        let number = db::node(connection, &node)?;
        read::history(connection, &handle, number, &asked, now)
    });
    Ok(Json(shown(&answer.await?)))
}

fn query(pairs: Question, single: &[&str], many: &[&str]) -> Result<Query, Problem> {
    let Pairs(pairs) = pairs.map_err(|why| Problem::field("query", why.body_text()))?;
    Query::new(pairs, single, many)
}

fn asked(query: &Query, now: i64, interval: Duration) -> Result<Asked, Problem> {
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
    Ok(Asked { wanted, from, until, points, interval })
}

/// `disk/WD-1.temperature_celsius`: keys have no point in them, ids may.
fn wanted(text: &str) -> Result<Wanted, Problem> {
    let parts = text.rsplit_once('.').filter(|_| text.len() <= NAME_BYTES_MAX);
    let parts = parts.filter(|(object, key)| !object.is_empty() && !key.is_empty());
    let (object, key) = parts.ok_or_else(|| Problem::field("series", "must be as disk/WD-1.temperature_celsius"))?;
    Ok(Wanted { object: object.to_owned(), key: key.to_owned() })
}

fn shown(answer: &Answer) -> Value {
    let line = |line: &Line| {
        let points = line.points.iter().map(|point| json!([point.at, point.min, point.mean, point.max]));
        let Wanted { object, key } = &line.wanted;
        json!({ "object": object, "key": key, "unit": unit(key), "points": points.collect::<Vec<_>>() })
    };
    let gap = |gap: &Gap| json!([time(gap.from), time(gap.until), gap.why]);
    json!({
        "from": time(answer.times.start),
        "to": time(answer.times.end),
        "step_seconds": answer.step_seconds,
        "level": answer.level,
        "series": answer.series.iter().map(line).collect::<Vec<_>>(),
        "gaps": answer.gaps.iter().map(gap).collect::<Vec<_>>(),
        "alerts": [],
    })
}

/// As RFC 3339 has it; what is out of its range is `null`.
fn time(at: i64) -> Option<String> {
    jiff::Timestamp::from_second(at).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        text.split('&').filter_map(pair).collect()
    }

    fn ask(text: &str) -> Result<Asked, Problem> {
        let query = query(Ok(Pairs(pairs(text))), &["from", "to", "points"], &["series"])?;
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
