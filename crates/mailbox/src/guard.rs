//! Stands between a server and the parser, which takes half a GiB if it is told to, and goes down a step with each
//! parenthesis. What is more than was allowed for the command ends the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::{DEPTH_MAX, LINE_BYTES_MAX, LITERALS_MAX, TALK_BYTES_MAX};

/// What a server said beyond what was allowed, for people.
#[derive(Debug)]
pub(crate) struct TooMuch(pub(crate) &'static str);

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for TooMuch {}

/// Counts what comes through it.
#[derive(Debug)]
pub(crate) struct Guard<S> {
    stream: S,
    /// Bytes that may still come.
    left: usize,
    /// The largest literal that may come.
    literal: usize,
    watch: Watch,
}

/// Where in a response it is.
#[derive(Debug, Default)]
struct Watch {
    /// Bytes of a literal that are still to come.
    inside: usize,
    /// Bytes of the line, without literals.
    line: usize,
    /// Parentheses that are open, and literals that were there.
    depth: usize,
    literals: usize,
    /// What may become `{123}` or `{123+}` at the end of the line.
    number: Option<usize>,
    closed: bool,
    quoted: bool,
    escaped: bool,
}

impl<S> Guard<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, left: TALK_BYTES_MAX, literal: 0, watch: Watch::default() }
    }

    /// Allows so many bytes from now on, and literals up to this length.
    pub(crate) fn allow(&mut self, bytes: usize, literal: usize) {
        (self.left, self.literal) = (bytes, literal);
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    fn check(&mut self, new: &[u8]) -> Result<(), &'static str> {
        self.left = self.left.checked_sub(new.len()).ok_or("the mail server says more than was asked")?;
        new.iter().try_for_each(|byte| self.watch.byte(*byte, self.literal))
    }
}

impl Watch {
    fn byte(&mut self, byte: u8, literal: usize) -> Result<(), &'static str> {
        if self.inside > 0 {
            self.inside -= 1;
            return Ok(());
        }
        if byte == b'\n' {
            return self.end_of_line(literal);
        }
        self.line += 1;
        if self.line > LINE_BYTES_MAX {
            return Err("the mail server says a line without an end");
        }
        self.count(byte)?;
        self.number = match (byte, self.number) {
            (b'{', _) => Some(0),
            (b'0'..=b'9', Some(number)) if !self.closed => {
                Some(number.saturating_mul(10).saturating_add(usize::from(byte - b'0')))
            }
            (b'+' | b'\r', number) => number,
            (b'}', number) if !self.closed => {
                self.closed = true;
                number
            }
            _ => None,
        };
        self.closed &= self.number.is_some() && byte != b'{';
        Ok(())
    }

    fn count(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            b'(' if !self.quoted => self.depth += 1,
            b')' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH_MAX { Err("the mail server nests too deep") } else { Ok(()) }
    }

    fn end_of_line(&mut self, literal: usize) -> Result<(), &'static str> {
        // A quote that the line's end cut off is the parser's business; a number before it is none.
        let Some(number) = self.number.filter(|_| self.closed) else {
            *self = Self::default();
            return Ok(());
        };
        if number > literal || self.literals >= LITERALS_MAX {
            return Err("the mail server sends more than was asked");
        }
        (self.inside, self.literals) = (number, self.literals + 1);
        (self.number, self.closed, self.quoted, self.escaped) = (None, false, false, false);
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = &read {
            let checked = self.check(buf.filled().get(before..).unwrap_or_default());
            if let Err(why) = checked {
                buf.set_filled(before);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, TooMuch(why))));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], literal: usize) -> Result<(), &'static str> {
        let mut guard = Guard::new(tokio::io::empty());
        guard.allow(1 << 20, literal);
        // As it may arrive: in one piece, and byte by byte.
        let whole = guard.check(text);
        let mut slow = Guard::new(tokio::io::empty());
        slow.allow(1 << 20, literal);
        let pieces = text.iter().try_for_each(|byte| slow.check(&[*byte]));
        assert_eq!(whole, pieces);
        whole
    }

    #[test]
    fn literals_count_by_what_they_announce() {
        assert!(check(b"* 1 FETCH (BODY[] {5}\r\n((((( UID 3)\r\n* OK\r\n", 5).is_ok());
        assert!(check(b"* 1 FETCH (BODY[] {6}\r\n", 5).is_err());
        assert!(check(b"* 1 FETCH (BODY[] {6+}\r\n", 5).is_err());
        assert!(check(b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n", 5).is_err());
        assert!(check(b"* OK {6} is no literal\r\n", 5).is_ok());
        assert!(check(b"* OK {6\r\n", 5).is_ok());
        assert!(check(&b"{1}\r\na".repeat(LITERALS_MAX + 1), 5).is_err());
    }

    #[test]
    fn lines_and_nesting_end() {
        assert!(check(&vec![b'a'; LINE_BYTES_MAX], 0).is_ok());
        assert!(check(&vec![b'a'; LINE_BYTES_MAX + 1], 0).is_err());
        assert!(check(&[b'('; DEPTH_MAX + 1], 0).is_err());
        assert!(check(format!("\"{}\"", "(".repeat(200)).as_bytes(), 0).is_ok());
        assert!(check("(\r\n".repeat(200).as_bytes(), 0).is_ok(), "each line begins anew");
        assert!(check("(((((((((({1}\r\na".repeat(4).as_bytes(), 1).is_err(), "but for literals");
    }

    #[test]
    fn all_together_is_bounded() {
        let mut guard = Guard::new(tokio::io::empty());
        guard.allow(10, 0);
        assert!(guard.check(b"* OK\r\n").is_ok() && guard.check(b"* OK\r\n").is_err());
    }
}
