//! What a person at the terminal answers.

use std::io::{self, IsTerminal, Write};

use atalaya_base::cli::with_default;

use crate::cli::exit::{Exit, Failure, Result};

/// Whether there is somebody to ask.
pub(super) fn is_somebody_there() -> bool {
    io::stdin().is_terminal()
}

/// Asks, and takes `default` for an empty answer.
pub(super) fn ask(question: &str, default: &str) -> Result<String> {
    let answer = with_default(&mut io::stdin().lock(), &mut io::stderr().lock(), question, default);
    answer.map_err(|_| Failure::new(Exit::Failed, "stopped at a question; nothing was done"))
}

/// A line for the person who is asked.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
