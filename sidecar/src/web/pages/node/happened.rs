//! What happened at a node, and what of it was not taken.

use serde_json::Value;

use super::{Look, Section};
use crate::db::read::runs::Happened;
use crate::tower::Why;
use crate::web::pages::frame::Frame;
use crate::web::pages::part::Mark;
use crate::web::pages::table::Cell;

pub(super) fn section(look: &Look<'_>, events: &[Happened]) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table("section.events", &["head.when", "head.what", "head.object", "head.detail"]);
    for event in events {
        let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        let (what, detail) = told(look, &event.kind, &body);
        let Some(when) = frame.when(event.at) else { continue };
        table.rows.push(vec![
            Cell::text(when.full).note(when.ago),
            Cell::text(what),
            Cell::text(&*event.object),
            Cell::text(detail),
        ]);
    }
    look.section("events", "section.events", Mark::Off, vec![table])
}

/// An event in words, and more of it.
fn told(look: &Look<'_>, kind: &str, body: &Value) -> (String, String) {
    let frame = look.frame;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "began" => {
            let clean = body.get("clean").and_then(Value::as_bool).unwrap_or(true);
            let what = if clean { "event.began" } else { "event.began_unclean" };
            (frame.t(what).to_owned(), text("version").to_owned())
        }
        "changed" => {
            let (from, to) = (frame.value(text("from")), frame.value(text("to")));
            let from = if from.is_empty() { frame.t("unknown").to_owned() } else { from };
            let what = frame.fill("event.changed", &[("key", &frame.key(text("key"))), ("from", &from), ("to", &to)]);
            (what, frame.said(Some(text("problem"))))
        }
        "command" => {
            let (command, outcome) = (command(frame, text("command")), frame.value(text("outcome")));
            (frame.fill("event.command", &[("command", command), ("outcome", &outcome)]), text("reason").to_owned())
        }
        "result" => {
            (frame.fill("event.result", &[("command", command(frame, text("command")))]), body["result"].to_string())
        }
        "lost" => (frame.t("event.lost").to_owned(), format!("{}–{}", body["from"], body["to"])),
        other => (other.to_owned(), String::new()),
    }
}

/// A command as the form that sends it has it.
fn command<'a>(frame: &'a Frame, name: &'a str) -> &'a str {
    match name {
        "backup" => frame.t("command.backup"),
        "dismiss" => frame.t("command.dismiss"),
        "refresh" => frame.t("command.refresh"),
        "stop" => frame.t("command.stop"),
        other => other,
    }
}

pub(super) fn refused(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table("section.refused", &["head.reason", "#head.count"]);
    for (why, count) in look.node.refused.iter() {
        table.rows.push(vec![Cell::text(frame.t(reason(why))), frame.number("refused_count", Some(count))]);
    }
    for (why, count) in &look.told.refused {
        let cell = Cell::text(frame.t(reason_of_broker(*why)));
        table.rows.push(vec![cell, frame.number("refused_count", Some(*count))]);
    }
    look.section("refused", "section.refused", Mark::Medium, vec![table])
}

/// The key of why the built-in broker refused something or held it up.
pub(in crate::web::pages) const fn reason_of_broker(why: atalaya_broker::Why) -> &'static str {
    use atalaya_broker::Why;
    match why {
        Why::Stranger => "broker.stranger",
        Why::Certificate => "broker.certificate",
        Why::Password => "broker.password",
        Why::ClientId => "broker.client_id",
        Why::Taken => "broker.taken",
        Why::Sessions => "broker.sessions",
        Why::NotYours => "broker.not_yours",
        Why::NotByNodes => "broker.not_by_nodes",
        Why::ReadOnly => "broker.read_only",
        Why::System => "broker.system",
        Why::Will => "broker.will",
        Why::NotRetained => "broker.not_retained",
        Why::TooMuch => "broker.too_much",
        Why::TooLarge => "broker.too_large",
        Why::Malformed => "broker.malformed",
        Why::Over => "broker.over",
    }
}

/// The key of why something was not taken.
pub(in crate::web::pages) const fn reason(why: Why) -> &'static str {
    match why {
        Why::Garbled => "refused.garbled",
        Why::Newer => "refused.newer",
        Why::TooLong => "refused.too_long",
        Why::NotItself => "refused.not_itself",
        Why::Flood => "refused.flood",
        Why::Objects => "refused.objects",
        Why::View => "refused.view",
    }
}
