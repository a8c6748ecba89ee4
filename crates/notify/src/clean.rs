//! Texts from outside: what moves a cursor, a line or the direction of reading is taken out of them, and they are cut.

/// Without control characters, marks of direction and other characters that are not seen; what ends a line becomes a space.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !hidden(*c)).map(|c| if ends_line(c) { ' ' } else { c }).collect()
}

const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Control characters, and those of Unicode's category Cf that hide or turn round what is read. The joiner of emoji stays.
fn hidden(c: char) -> bool {
    !ends_line(c)
        && (c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'))
}

/// The longest beginning of at most `bytes` bytes that ends at a character's border.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Clean, cut, and with a mark where it was cut. At most `bytes` bytes.
pub(crate) fn line(text: &str, bytes: usize) -> String {
    const MARK: char = '…';
    let text = clean(text);
    if text.len() <= bytes {
        return text;
    }
    let mut short = cut(&text, bytes.saturating_sub(MARK.len_utf8())).to_owned();
    short.push(MARK);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_stays_and_lines_become_one() {
        let cases = [
            ("a\r\nBcc: x", "a  Bcc: x"),
            ("\u{1b}[2J\u{7}\0", "[2J"),
            ("\u{202e}txt.exe\u{202c}", "txt.exe"),
            ("a\u{2066}b\u{2069}\u{200f}\u{200b}\u{feff}c", "abc"),
            ("a\u{2028}b\u{85}c", "a b c"),
            ("niño 👩\u{200d}🔧", "niño 👩\u{200d}🔧"),
            ("\u{e0041}\u{9b}x", "x"),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn cuts_are_between_characters() {
        assert_eq!((cut("ñandú", 1), cut("ñandú", 2), cut("ñ", 9)), ("", "ñ", "ñ"));
        assert_eq!((line("ñandú", 7).as_str(), line("ñandú ñ", 8).as_str()), ("ñandú", "ñand…"));
    }
}
