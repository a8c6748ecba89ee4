//! What others say, in words that are shown to people.

/// In one line that steers no terminal and turns no text round.
pub(crate) fn plain(said: &[u8]) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = String::from_utf8_lossy(said);
    text.trim().chars().map(|c| if c.is_control() || turns(c) { '?' } else { c }).collect()
}
