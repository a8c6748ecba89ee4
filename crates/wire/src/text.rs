//! Text of bounded length, as views carry it.

use crate::limits::TEXT_BYTES_MAX;

/// At most [`TEXT_BYTES_MAX`] bytes of UTF-8, in place: no view allocates.
pub type Text = heapless::String<TEXT_BYTES_MAX>;

/// As much of `from` as fits, ending at a character; control characters become spaces, so that no serial number
/// or error message steers a terminal.
#[must_use]
pub fn text(from: &str) -> Text {
    let mut out = Text::new();
    for c in from.trim().chars() {
        if out.push(if c.is_control() { ' ' } else { c }).is_err() {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_a_character() {
        assert_eq!(text(" ST4000\x1b[2J\n "), "ST4000 [2J");
        let long = text(&"ñ".repeat(200));
        assert_eq!((long.len(), long.chars().count()), (128, 64));
        assert_eq!(text(&format!("x{}", "ñ".repeat(200))).len(), 127);
    }
}
