//! What a check of a configuration comes to: its last line, which is what people look at.

use crate::units::counted;

/// Of this file, after so many warnings were told.
#[must_use]
pub fn verdict(file: impl std::fmt::Display, warnings: usize) -> String {
    match warnings {
        0 => format!("{file} is in order"),
        many => format!("{file} can be used, with {}", counted(many as u64, "warning", "warnings")),
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn the_last_line_says_that_there_were_warnings() {
        assert_eq!(verdict("a.toml", 0), "a.toml is in order");
        assert_eq!(verdict("a.toml", 1), "a.toml can be used, with 1 warning");
        assert_eq!(verdict("a.toml", 2), "a.toml can be used, with 2 warnings");
    }
}
