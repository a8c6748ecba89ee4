//! What people read, in English and Spanish.

mod catalogue;
mod number;
mod sentence;
mod value;

pub(crate) use number::seen;
pub use number::shown;
pub use sentence::said;
pub use value::word;

use crate::action::{Kind, Told};
use crate::limits::LINES_MAX;
use crate::rule::{Severity, Words};
use catalogue::Language;

fn both(make: impl Fn(&Language) -> String) -> Words {
    Words { en: make(&catalogue::ENGLISH), es: make(&catalogue::SPANISH) }
}

/// One line: what, how bad, where.
pub(crate) fn subject(kind: Kind, severity: Severity, alerts: &[Told]) -> Words {
    both(|language| {
        let Some(first) = alerts.first() else { return String::new() };
        let mut nodes: Vec<&str> = alerts.iter().map(|told| told.node_name.as_str()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let place = match nodes.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("{} {}", many.len(), language.nodes),
        };
        let more = match alerts.len() {
            1 => String::new(),
            several => format!(" {} {} {}", language.and, several - 1, language.more),
        };
        let what = what(language, first);
        format!("{} ({}): {place}: {what}{more}", language.kind(kind), language.severity(severity))
    })
}

/// A line for each alert.
pub(crate) fn body(alerts: &[Told]) -> Words {
    both(|language| {
        let mut lines: Vec<String> = alerts.iter().take(LINES_MAX).map(|told| line(language, told)).collect();
        if let Some(rest) = alerts.len().checked_sub(LINES_MAX).filter(|rest| *rest > 0) {
            lines.push(format!("{} {rest} {}", language.and, language.more));
        }
        lines.join("\n")
    })
}

fn line(language: &Language, told: &Told) -> String {
    let severity = language.severity(told.severity);
    let mut line = format!("{severity}: {}: {}", told.node_name, what(language, told));
    let runbook = language.of(&told.runbook);
    if !runbook.is_empty() {
        line.push_str(". ");
        line.push_str(runbook);
    }
    line
}

fn what(language: &Language, told: &Told) -> String {
    let (title, shown) = (language.of(&told.title), language.of(&told.shown));
    match (told.label.as_str(), shown) {
        ("", "") => title.to_owned(),
        ("", seen) | (seen, "") => format!("{title} ({seen})"),
        (label, seen) => format!("{title} ({label}: {seen})"),
    }
}

/// More alerts than fit.
pub(crate) fn full(waiting: u64, most: usize) -> Words {
    both(|language| language.full.replace("{waiting}", &waiting.to_string()).replace("{most}", &most.to_string()))
}

#[cfg(test)]
mod tests;
