//! The audit: who did what, when, and from where. Nothing changes it.

use askama::Template;
use axum::extract::{Query, State as At};
use axum::response::Response;
use serde::Deserialize;

use super::{LINES, Manager, render};
use crate::db::read::people::{self, AuditFilter};
use crate::web::App;
use crate::web::pages::escape;
use crate::web::pages::frame::Frame;
use crate::web::pages::part::When;

/// What of the audit is asked for; what is empty does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    who: String,
    what: String,
    /// A day, as `2026-12-31`, in the reader's zone.
    since: String,
    /// Only what came before this line.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "settings/audit.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    asked: Asked,
    older: Option<String>,
    /// It could not be read, and why.
    problem: Option<String>,
}

struct Row {
    when: Option<When>,
    who: String,
    from: String,
    /// In the reader's words.
    said: String,
    /// As the filter takes it.
    what: String,
    target: String,
    detail: String,
}

impl Asked {
    fn filter(&self, frame: &Frame) -> AuditFilter {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = self.since.parse::<jiff::civil::Date>().ok();
        let since = day.and_then(|day| day.to_zoned(frame.zone.clone()).ok()).map(|at| at.timestamp().as_second());
        AuditFilter { who: text(&self.who), what: text(&self.what), since, before: self.before }
    }

    fn after(&self, last: i64) -> String {
        let (who, what) = (escape(&self.who), escape(&self.what));
        format!("/audit?who={who}&what={what}&since={}&before={last}", escape(&self.since))
    }
}

/// A word of the audit in the reader's language; as it stands there where another version wrote it.
fn word(frame: &Frame, sort: &str, word: &str) -> String {
    let key = format!("{sort}.{word}");
    let said = frame.t(&key);
    if said == key { word.to_owned() } else { said.to_owned() }
}

pub(super) async fn page(At(app): At<App>, _: Manager, Query(asked): Query<Asked>, frame: Frame) -> Response {
    let (filter, limit) = (asked.filter(&frame), u32::try_from(LINES).unwrap_or(u32::MAX));
    let lines = app.shared.readers.with(move |connection| people::audit(connection, &filter, limit + 1)).await;
    let (mut lines, problem) = match lines {
        Ok(lines) => (lines, None),
        Err(why) => (Vec::new(), Some(why.to_string())),
    };
    let more = lines.len() > LINES;
    lines.truncate(LINES);
    let older = lines.last().filter(|_| more).map(|(number, _)| asked.after(*number));
    let row = |(_, line): (i64, crate::db::Audit)| Row {
        when: frame.when(line.at),
        who: line.who,
        from: [word(&frame, "audited_how", &line.how), line.peer].join(" ").trim().to_owned(),
        said: word(&frame, "audited", &line.what),
        what: line.what,
        target: line.target,
        detail: line.detail,
    };
    render(&Page { rows: lines.into_iter().map(row).collect(), asked, older, problem, frame })
}
