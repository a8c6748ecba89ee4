//! What a person at the terminal answers.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::exit::{Exit, Failure, Result};

/// Whether there is somebody to ask.
pub(super) fn is_somebody_there() -> bool {
    io::stdin().is_terminal()
}

/// Asks, and takes `default` for an empty answer.
pub(super) fn ask(question: &str, default: &str) -> Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let mut err = io::stderr().lock();
    let asked = write!(err, "{question}{shown}: ").and_then(|()| err.flush());
    let mut line = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut line));
    match read {
        Ok(0) | Err(_) => Err(Failure::new(Exit::Failed, "stopped at a question; run it again to go on")),
        Ok(_) if line.trim().is_empty() => Ok(default.to_owned()),
        Ok(_) => Ok(line.trim().to_owned()),
    }
}

/// A line for the person who is asked.
pub(super) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
