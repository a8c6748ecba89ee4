//! Shell patterns over the bytes of one name: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`.

use std::ops::RangeInclusive;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(u32),
    One,
    Many,
    Class { inverse: bool, ranges: Vec<RangeInclusive<u32>> },
}

/// A pattern for one component of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Glob {
    /// No wildcard at all.
    Exact(Vec<u8>),
    /// `*` and then just text (`*.tmp`).
    Suffix(Vec<u8>),
    /// Anything else.
    Tokens(Tokens),
}

/// A pattern, piece by piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<Token>);

impl Glob {
    /// Understands `text`, or says in a few words why not.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let special = |text: &[u8]| text.iter().any(|b| b"*?[\\".contains(b));
        if !special(text) {
            return Ok(Self::Exact(text.to_vec()));
        }
        match text.strip_prefix(b"*") {
            Some(rest) if !special(rest) => Ok(Self::Suffix(rest.to_vec())),
            _ => parse(text).map(|tokens| Self::Tokens(Tokens(tokens))),
        }
    }

    /// Whether it describes the whole of `name`.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(text) => text == name,
            Self::Suffix(text) => name.ends_with(text),
            Self::Tokens(tokens) => tokens.matches(name),
        }
    }
}

impl Tokens {
    /// Goes back only to the last `*`, which is enough: the time is at most pattern times name.
    fn matches(&self, name: &[u8]) -> bool {
        let (mut rest, mut at) = (name, 0);
        let mut star: Option<(usize, &[u8])> = None;
        loop {
            match self.0.get(at) {
                None if rest.is_empty() => return true,
                Some(Token::Many) => {
                    at += 1;
                    star = Some((at, rest));
                    continue;
                }
                Some(token) if !rest.is_empty() => {
                    let (c, len) = next_char(rest);
                    if token.accepts(c) {
                        (rest, at) = (&rest[len..], at + 1);
                        continue;
                    }
                }
                _ => {}
            }
            let Some((after, from)) = star else { return false };
            if from.is_empty() {
                return false;
            }
            let from = &from[next_char(from).1..];
            (rest, at, star) = (from, after, Some((after, from)));
        }
    }
}

impl Token {
    fn accepts(&self, c: u32) -> bool {
        match self {
            Self::Char(x) => *x == c,
            Self::One | Self::Many => true,
            Self::Class { inverse, ranges } => ranges.iter().any(|r| r.contains(&c)) != *inverse,
        }
    }
}

/// The next character and its length. A byte that is not UTF-8 stands for itself, beyond all characters.
fn next_char(bytes: &[u8]) -> (u32, usize) {
    let len = match bytes[0] {
        0..0x80 => return (u32::from(bytes[0]), 1),
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let text = bytes.get(..len).and_then(|b| std::str::from_utf8(b).ok());
    match text.and_then(|t| t.chars().next()) {
        Some(c) => (u32::from(c), len),
        None => (0x11_0000 + u32::from(bytes[0]), 1),
    }
}

fn parse(mut text: &[u8]) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let (c, len) = next_char(text);
        let rest = &text[len..];
        let (token, rest) = match text[0] {
            b'*' => (Token::Many, rest),
            b'?' => (Token::One, rest),
            b'[' => class(rest)?,
            b'\\' if rest.is_empty() => return Err("it ends in a lone \\; write \\\\ for one".into()),
            b'\\' => escaped(rest),
            _ => (Token::Char(c), rest),
        };
        // Several stars are one.
        if token != Token::Many || tokens.last() != Some(&Token::Many) {
            tokens.push(token);
        }
        text = rest;
    }
    Ok(tokens)
}

fn escaped(rest: &[u8]) -> (Token, &[u8]) {
    let (c, len) = next_char(rest);
    (Token::Char(c), &rest[len..])
}

/// What is between `[` and `]`. A `]` that comes first stands for itself.
fn class(text: &[u8]) -> Result<(Token, &[u8]), String> {
    let inverse = matches!(text.first(), Some(b'!' | b'^'));
    let mut rest = &text[usize::from(inverse)..];
    let mut ranges = Vec::new();
    while rest.first() != Some(&b']') || ranges.is_empty() {
        let from = member(&mut rest)?;
        let mut to = from;
        if rest.first() == Some(&b'-') && rest.get(1).is_some_and(|b| *b != b']') {
            rest = &rest[1..];
            to = member(&mut rest)?;
        }
        if from > to {
            return Err("a range in [ ] runs backwards".into());
        }
        ranges.push(from..=to);
    }
    Ok((Token::Class { inverse, ranges }, &rest[1..]))
}

fn member(rest: &mut &[u8]) -> Result<u32, String> {
    if rest.first() == Some(&b'\\') {
        *rest = &rest[1..];
    }
    if rest.is_empty() {
        return Err("its [ is never closed; write \\[ for the character itself".into());
    }
    let (c, len) = next_char(rest);
    *rest = &rest[len..];
    Ok(c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&[u8]], no: &[&[u8]]) {
        let glob = Glob::parse(pattern.as_bytes()).unwrap();
        yes.iter().for_each(|name| assert!(glob.matches(name), "{pattern} {name:?}"));
        no.iter().for_each(|name| assert!(!glob.matches(name), "{pattern} {name:?}"));
    }

    #[test]
    fn matches() {
        check("a", &[b"a"], &[b"b", b"", b"aa"]);
        check("*.tmp", &[b"x.tmp", b".tmp"], &[b"x.tmpx", b"tmp"]);
        check("a*b*c", &[b"abc", b"axbxbxc"], &[b"abcx", b"ab"]);
        check("?", &[b"a", "ñ".as_bytes(), b"\xff"], &[b"", b"ab"]);
        check("[a-c]x", &[b"ax", b"cx"], &[b"dx", b"x"]);
        check("[!a-c]", &[b"d", b"\xff"], &[b"a"]);
        check("[]-]", &[b"]", b"-"], &[b"a"]);
        check("[a\\]]", &[b"]", b"a"], &[b"\\"]);
        check("[á-ü]*", &["ñandú".as_bytes()], &[b"a"]);
        check("\\*", &[b"*"], &[b"a"]);
        check("**", &[b"", b"abc"], &[]);
    }

    #[test]
    fn does_not_blow_up() {
        check(&"*a".repeat(200), &[&[b'a'; 255]], &[&[[b'a'; 254].as_slice(), b"b"].concat()]);
    }

    #[test]
    fn refuses() {
        for bad in ["[a", "[", "a\\", "[z-a]", "[!]"] {
            assert!(Glob::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
