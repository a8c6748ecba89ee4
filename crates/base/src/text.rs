//! Text for people that others may have written: names of files hold any byte but NUL and the slash.

use std::fmt::Write;

/// A path or another's text for people, on one line: control characters, backslashes and bytes that are not UTF-8 are
/// escaped as `\n`, `\\` and `\xff`, so that no name can fake output or steer the terminal.
#[must_use]
pub fn shown(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            push(&mut out, c);
        }
        push_bytes(&mut out, chunk.invalid());
    }
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        // Those that reorder or hide the text around them, besides the control characters.
        c if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            push_bytes(out, c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        c => out.push(c),
    }
}

fn push_bytes(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// A reason for people, on one line. Error numbers that the standard library appends say nothing to them.
#[must_use]
pub fn shown_reason(why: &str) -> String {
    shown(without_numbers(why).as_bytes())
}

/// Leaves out every ` (os error 2)`.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" (os error ") {
        out.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(shown("año/ñandú".as_bytes()), "año/ñandú");
        assert_eq!(shown(b"a\nb\x1b[31m\\c\xff\x7f"), "a\\nb\\x1b[31m\\\\c\\xff\\x7f");
        assert_eq!(shown("a\u{202e}b".as_bytes()), "a\\xe2\\x80\\xaeb");
    }

    #[test]
    fn error_numbers_are_left_out() {
        assert_eq!(without_numbers("open x: No such file (os error 2)"), "open x: No such file");
        assert_eq!(without_numbers("a (os error 1); b (os error 22)."), "a; b.");
        assert_eq!(without_numbers("plain"), "plain");
    }
}
