//! The tower itself: version, sizes with their limits, counters, what was refused.

use askama::Template;
use atalaya_broker::Counters;
use axum::extract::State as At;
use axum::response::Response;

use super::{Overseer, render};
use crate::limits::{NODES_MAX, NODES_NEW_MAX, WAL_BYTES_MAX};
use crate::people::limits::{ACCOUNTS_MAX, TOKENS_MAX};
use crate::tower::Why;
use crate::web::App;
use crate::web::pages::frame::{Frame, Number};
use crate::web::pages::node::{reason, reason_of_broker};
use crate::web::pages::part::{Bar, Mark};
use crate::web::pages::table::{Cell, Table};
use crate::web::view::View;

#[derive(Template)]
#[template(path = "settings/about.html")]
struct Page {
    frame: Frame,
    tables: Vec<Table>,
}

pub(super) async fn page(At(app): At<App>, _: Overseer, frame: Frame) -> Response {
    render(&frame.look(&app, |frame, seen| {
        Page {
            tables: [sizes(&app, &frame, seen), facts(&app, &frame), refused(&frame, seen)]
                .into_iter()
                .chain(app.shared.doorman.looks().map(|(_, counters)| by_broker(&frame, seen, &counters)))
                .collect(),
            frame,
        }
    }))
}

/// What may not grow for ever, and how full it is.
fn sizes(app: &App, frame: &Frame, seen: &View<'_>) -> Table {
    let (health, people) = (app.shared.desk.health(), &app.shared.identity.people);
    let new = seen.nodes().filter(|node| node.row.state == "new").count();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let rows = [
        ("about.database", "size_bytes", health.size_bytes, app.shared.config.history.size_max),
        ("about.log", "wal_bytes", health.wal_bytes, WAL_BYTES_MAX),
        ("nodes", "", count(seen.nodes().count()), count(NODES_MAX)),
        ("about.new_nodes", "", count(new), count(NODES_NEW_MAX)),
        ("accounts", "", count(people.accounts().len()), count(ACCOUNTS_MAX)),
        ("tokens", "", count(people.tokens().len()), count(TOKENS_MAX)),
    ];
    let mut table = table(frame, "about.sizes", &["head.what", "#head.now", "#head.most"]);
    for (what, unit, now, most) in rows {
        let percent = Number::from(now).0 * 100.0 / Number::from(most.max(1)).0;
        let mark = if percent >= 95.0 { Mark::High } else { Mark::Off };
        let bar = Some(Bar::new(percent, mark));
        table.rows.push(vec![
            Cell::text(frame.t(what)),
            frame.number(unit, Some(now)).bar(bar),
            frame.number(unit, Some(most)),
        ]);
    }
    table
}

fn facts(app: &App, frame: &Frame) -> Table {
    let (health, config) = (app.shared.desk.health(), &app.shared.config);
    let addresses = |all: &[std::net::SocketAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let days = |time: std::time::Duration| frame.language.span(time.as_secs_f64());
    let history = &config.history;
    let kept = [history.raw, history.five_minutes, history.hours].map(days).join(" · ");
    let broker = config.broker.external.as_ref().map_or("about.builtin", |_| "about.external");
    let count = |number: u64| frame.number("", Some(number)).text;
    let rows = [
        ("about.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("about.folder", app.shared.folder.display().to_string()),
        ("about.broker", frame.t(broker).to_owned()),
        ("about.listens_nodes", [addresses(&config.broker.listen), addresses(&config.broker.listen_tls)].join(" ")),
        ("about.listens_pages", [addresses(&config.web.listen), addresses(&config.web.listen_tls)].join(" ")),
        ("about.kept", kept),
        ("rules", count(app.shared.rules.iter().count() as u64)),
        ("about.commits", count(health.commits)),
        ("about.rows", count(health.rows)),
    ];
    let mut table = table(frame, "about.facts", &["head.what", "head.now"]);
    table.rows =
        rows.into_iter().map(|(key, value)| vec![Cell::text(frame.t(key)), Cell::text(value.trim())]).collect();
    table
}

/// What nodes sent and was not taken, all together.
fn refused(frame: &Frame, seen: &View<'_>) -> Table {
    let mut table = table(frame, "section.refused", &["head.reason", "#head.count", "head.most_of"]);
    for why in Why::ALL {
        let each = || seen.nodes().flat_map(|node| node.refused.iter().map(move |one| (node, one)));
        let of = || each().filter(|(_, (found, _))| *found == why).map(|(node, (_, count))| (count, node));
        let all: u64 = of().map(|(count, _)| count).sum();
        let most = of().max_by_key(|(count, _)| *count).map(|(_, node)| node);
        let link =
            most.map(|node| Cell { link: format!("/nodes/{}", node.row.name), ..Cell::text(node.row.title.clone()) });
        table.rows.push(vec![Cell::text(frame.t(reason(why))), frame.number("", Some(all)), link.unwrap_or_default()]);
    }
    table
}

/// What the built-in broker refused or held up, by reason, with the node that did most of it.
fn by_broker(frame: &Frame, seen: &View<'_>, counters: &Counters) -> Table {
    let mut table = table(frame, "about.broker_refused", &["head.reason", "#head.count", "head.most_of"]);
    let mut reasons: Vec<_> = counters.refused.keys().map(|(_, why)| *why).collect();
    reasons.sort();
    reasons.dedup();
    for why in reasons {
        let of = counters.refused.iter().filter(|((_, other), _)| *other == why);
        let most = of.max_by_key(|(_, count)| **count).and_then(|((node, _), _)| seen.node(node.as_ref()?.as_str()));
        let link =
            most.map(|node| Cell { link: format!("/nodes/{}", node.row.name), ..Cell::text(node.row.title.clone()) });
        let count = frame.number("", Some(counters.refused_for(why)));
        table.rows.push(vec![Cell::text(frame.t(reason_of_broker(why))), count, link.unwrap_or_default()]);
    }
    table
}

fn table(frame: &Frame, caption: &str, heads: &[&str]) -> Table {
    Table { caption: frame.t(caption).to_owned(), heads: frame.heads(heads), rows: Vec::new() }
}
