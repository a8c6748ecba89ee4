//! A mail server's replies (RFC 5321, 4.2).

use std::io;

use crate::limits::SMTP_LINES_MAX;

/// A reply: its number and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Reads one from what gives its lines.
    pub(super) fn read(mut line: impl FnMut() -> io::Result<String>) -> io::Result<Self> {
        let nonsense = || io::Error::new(io::ErrorKind::InvalidData, "what it says is no SMTP");
        let mut reply = Self { code: 0, lines: Vec::new() };
        while reply.lines.len() < SMTP_LINES_MAX {
            let line = line()?;
            let (code, rest) = line.split_at_checked(3).ok_or_else(nonsense)?;
            let digits = code.bytes().all(|byte| byte.is_ascii_digit());
            let code = code.parse().ok().filter(|code| digits && (200..600).contains(code)).ok_or_else(nonsense)?;
            if !reply.lines.is_empty() && code != reply.code {
                return Err(nonsense());
            }
            reply.code = code;
            let last = match rest.bytes().next() {
                None | Some(b' ') => true,
                Some(b'-') => false,
                _ => return Err(nonsense()),
            };
            reply.lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if last {
                return Ok(reply);
            }
        }
        Err(nonsense())
    }

    pub(super) const fn is_done(&self) -> bool {
        self.code < 400
    }

    pub(super) const fn is_passing(&self) -> bool {
        self.code >= 400 && self.code < 500
    }

    /// The words behind an extension's name in a reply to `EHLO` (4.1.1.1); `None` if it is not offered.
    pub(super) fn extension(&self, name: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest)
        })
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.lines.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Reply> {
        let mut lines = text.lines().map(str::to_owned);
        Reply::read(|| lines.next().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())).ok()
    }

    #[test]
    fn replies_have_lines_of_one_number() {
        let reply = read("250-a.example hello\n250-SIZE 1000\n250-auth LOGIN PLAIN\n250 STARTTLS\n").unwrap();
        assert_eq!((reply.code, reply.lines.len()), (250, 4));
        assert_eq!(reply.extension("AUTH"), Some("LOGIN PLAIN"));
        assert_eq!((reply.extension("STARTTLS"), reply.extension("a.example")), (Some(""), None));
        assert_eq!(read("220\n").unwrap().lines, [""]);
        let endless = "250-a\n".repeat(10_000) + "250 a\n";
        for bad in
            ["", "25", "2a0 x", "250_x", "250-a", "250-a\n251 b", "150 a", "999 a", "+20 a", "ñ50 a", endless.as_str()]
        {
            assert_eq!(read(bad), None, "{bad:.30}");
        }
    }
}
