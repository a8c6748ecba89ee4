//! The older text format (0.0.4), from OpenMetrics: a counter's name has its `_total` already where it is described, there
//! are no units and no end.

/// Line by line.
pub(super) fn older(encoded: &str) -> String {
    let counters: Vec<&str> =
        encoded.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(encoded.len());
    for line in encoded.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let described = ["# HELP ", "# TYPE "].iter().find_map(|start| Some((*start, line.strip_prefix(start)?)));
        match described.and_then(|(start, rest)| Some((start, rest.split_once(' ')?))) {
            Some((start, (name, rest))) => {
                let total = if counters.contains(&name) { "_total" } else { "" };
                let rest = if rest == "unknown" { "untyped" } else { rest };
                text.extend([start, name, total, " ", rest]);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
