//! All nodes: is everything all right, and if not, what and since when.

use askama::Template;
use atalaya_alert::Rules;
use axum::extract::{Query, State as At};
use axum::response::Response;
use serde::Deserialize;

use super::frame::Frame;
use super::needs::{Verdict, needs_somebody};
use super::part::Mark;
use super::render;
use super::row::Row;
use super::said::{Said, worst_first};
use crate::web::App;
use crate::web::view::View;

/// Of a page, so that the first view stays small.
const ROWS: usize = 50;
/// Alerts that are listed above the nodes.
const NEEDS: usize = 6;

/// What is asked of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    q: String,
    state: String,
    customer: String,
    sort: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "fleet.html")]
pub(super) struct Page {
    frame: Frame,
    verdict: Verdict,
    needs: Vec<Said>,
    more: usize,
    newcomers: Vec<(String, String)>,
    rows: Vec<Row>,
    shown: String,
    total: usize,
    customers: Vec<String>,
    filter: Filter,
    newer: Option<String>,
    older: Option<String>,
}

pub(super) async fn page(At(app): At<App>, Query(filter): Query<Filter>, frame: Frame) -> Response {
    let problem = app.shared.problem();
    render(&frame.look(&app, |frame, seen| build(frame, seen, &app.shared.rules, filter, problem.as_deref())))
}

pub(super) fn build(frame: Frame, seen: &View<'_>, rules: &Rules, filter: Filter, problem: Option<&str>) -> Page {
    let verdict = Verdict::new(&frame, seen, problem);
    let waiting = seen.alerts().filter(|alert| needs_somebody(alert));
    let mut needs: Vec<Said> = waiting.map(|alert| Said::new(&frame, seen, rules, alert)).collect();
    worst_first(&mut needs);
    let more = needs.len().saturating_sub(NEEDS);
    needs.truncate(NEEDS);
    let mut rows: Vec<Row> = seen.nodes().map(|node| Row::brief(&frame, seen, node)).collect();
    let total = rows.len();
    let mut customers: Vec<String> =
        rows.iter().map(|row| row.customer.clone()).filter(|name| !name.is_empty()).collect();
    customers.sort_unstable();
    customers.dedup();
    let newcomers = seen.nodes().filter(|node| node.row.state == "new");
    let newcomers = newcomers.map(|node| (node.row.name.clone(), node.row.title.clone())).collect();
    rows.retain(|row| filter.takes(row));
    let found = rows.len();
    // Only what is shown, or sorted by, is unpacked.
    if matches!(filter.sort.as_str(), "room" | "backup") {
        rows.iter_mut().for_each(|row| row.fill(&frame, seen));
    }
    filter.sort(&mut rows);
    let first = filter.page.saturating_mul(ROWS);
    let mut rows: Vec<Row> = rows.into_iter().skip(first).take(ROWS).collect();
    rows.iter_mut().for_each(|row| row.fill(&frame, seen));
    let newer = filter.page.checked_sub(1).map(|page| filter.link(page));
    let older = (found > first.saturating_add(ROWS)).then(|| filter.link(filter.page + 1));
    let shown = frame.fill("shown", &[("count", &found.to_string()), ("all", &total.to_string())]);
    Page { frame, verdict, needs, more, newcomers, rows, shown, total, customers, filter, newer, older }
}

impl Filter {
    fn takes(&self, row: &Row) -> bool {
        let text = self.q.trim().to_lowercase();
        let has = |part: &str| part.to_lowercase().contains(&text);
        let state = match self.state.as_str() {
            "wrong" => !matches!(row.mark, Mark::Ok | Mark::Unknown),
            "ok" => row.mark == Mark::Ok,
            "away" => row.away,
            _ => true,
        };
        let customer = self.customer.is_empty() || self.customer == row.customer;
        state
            && customer
            && (text.is_empty() || [&row.title, &row.id, &row.customer, &row.site].into_iter().any(|part| has(part)))
    }

    fn sort(&self, rows: &mut [Row]) {
        match self.sort.as_str() {
            "name" => rows.sort_by_key(|row| row.title.to_lowercase()),
            "heard" => rows.sort_by_key(|row| row.seen),
            "room" => rows.sort_by(|a, b| b.fullest.total_cmp(&a.fullest)),
            "backup" => rows.sort_by_key(|row| row.backup_at),
            _ => rows.sort_by_key(|row| (row.mark, std::cmp::Reverse(row.alerts), row.title.to_lowercase())),
        }
    }

    /// The same list, another page of it.
    fn link(&self, page: usize) -> String {
        let escape = super::escape;
        let (q, customer) = (escape(&self.q), escape(&self.customer));
        format!("/?q={q}&state={}&customer={customer}&sort={}&page={page}", escape(&self.state), escape(&self.sort))
    }

    /// The same list in another order.
    fn by(&self, sort: &str) -> String {
        let other = Self {
            q: self.q.clone(),
            state: self.state.clone(),
            customer: self.customer.clone(),
            sort: sort.into(),
            page: 0,
        };
        other.link(0)
    }
}
