//! What commands show: columns for people, JSON for programs.

use atalaya_base::text::shown;
use serde_json::Value;

use super::exit::Result;
use super::line;

/// Rows below a head, each column as wide as it has to be.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| shown(cell.as_bytes())).collect()).collect();
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let all = || std::iter::once(&head).chain(&rows);
    let width = |at: usize| all().filter_map(|row| Some(row.get(at)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in all() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A list as JSON, or as a table of what `row` makes of each.
pub(crate) fn list(json: bool, items: Vec<Value>, head: &[&str], row: impl Fn(&Value) -> Vec<String>) -> Result<()> {
    if json {
        return line(Value::Array(items));
    }
    table(head, &items.iter().map(row).collect::<Vec<_>>())
}

/// A text of an item; a dash where there is none.
pub(crate) fn text(item: &Value, key: &str) -> String {
    match &item[key] {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => "-".to_owned(),
    }
}

/// Names of an item; `all` where there is no list.
pub(crate) fn names(item: &Value, key: &str) -> String {
    let Some(names) = item[key].as_array() else { return "all".to_owned() };
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// For a part of a path.
pub(crate) fn escaped(text: &str) -> String {
    crate::web::escape(text)
}
