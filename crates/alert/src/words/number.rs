//! Values as people read them: with the unit that the key's name ends with.

use super::both;
use super::catalogue::Language;
use super::sentence::said;
use super::value::word;
use crate::rule::Words;
use crate::state::cut;
use crate::value::{Value, Values};

/// A key's value; nothing if it is not known.
#[must_use]
pub fn shown(key: &str, value: &Value) -> Words {
    both(|language| match value {
        Value::Unknown => String::new(),
        Value::Flag(flag) => (if *flag { language.yes } else { language.no }).to_owned(),
        Value::Text(text) => word(text).map_or_else(|| cut(text), |words| language.of(words).to_owned()),
        Value::Number(number) => with_unit(language, key, *number),
    })
}

/// What was seen of an object: the key's value, and what the view itself says is wrong. That something is true or false the
/// rule's title says already.
pub(crate) fn seen(key: &str, values: &Values) -> Words {
    let value = match values.get(key) {
        Value::Flag(_) => Words::default(),
        value => shown(key, value),
    };
    let Value::Text(problem) = values.get("problem") else { return value };
    let problem = said(problem);
    both(|language| match (language.of(&value), cut(language.of(&problem))) {
        ("", problem) => problem,
        (value, problem) if problem.is_empty() => value.to_owned(),
        (value, problem) => format!("{value}; {problem}"),
    })
}

fn with_unit(language: &Language, key: &str, number: f64) -> String {
    if key.ends_with("_percent") {
        return format!("{} %", round(language, number));
    }
    if key.ends_with("_celsius") {
        return format!("{} °C", round(language, number));
    }
    if key.ends_with("_bytes") {
        return scaled(language, number, &[(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")]);
    }
    if key.ends_with("_seconds") {
        return scaled(language, number, &[(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")]);
    }
    round(language, number)
}

fn scaled(language: &Language, number: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| number.abs() >= *size).or(units.last());
    fits.map_or_else(String::new, |(size, unit)| format!("{} {unit}", round(language, number / size)))
}

/// One place after the point, unless that is 0.
fn round(language: &Language, number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.replace('.', language.point), str::to_owned)
}
