//! What goes to standard output: lines for people or JSON for programs, and a quiet end when its reader is gone.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

use super::exit::{Failure, Result};

/// Standard output of one command.
pub(crate) struct Output {
    /// Whether programs read it.
    pub(crate) json: bool,
    quiet: bool,
    out: BufWriter<Stdout>,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, out: BufWriter::with_capacity(32 << 10, io::stdout()) }
    }

    /// A line that was asked for.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<()> {
        writeln!(self.out, "{text}").map_err(|err| Failure::output(&err))
    }

    /// A line that `-q` leaves out, and `--json` too.
    pub(crate) fn remark(&mut self, text: impl fmt::Display) -> Result<()> {
        if self.quiet || self.json { Ok(()) } else { self.line(text) }
    }

    /// One JSON value on a line of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.out, value).map_err(|err| Failure::output(&err.into()))?;
        self.line("")
    }

    /// What stands there so far goes out now.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|err| Failure::output(&err))
    }

    /// Must come last: what is still buffered would be lost silently otherwise.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()
    }
}

/// A line on standard error: a warning or a problem. Nobody can be told if that fails.
pub(crate) fn complain(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
