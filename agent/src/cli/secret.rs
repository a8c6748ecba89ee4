//! Where the passphrase comes from: a file, the environment, or a person.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use atalaya_base::cli::{Unanswered, without_echo};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure, Result};
use super::global::Global;
use super::output::complain;

/// A passphrase; its bytes are wiped when it is dropped.
pub(crate) type Passphrase = Zeroizing<Vec<u8>>;

/// Longest passphrase, so that a wrong file is not read whole.
const PASSPHRASE_BYTES_MAX: u64 = 4096;

/// Which words a person is asked with.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// What is asked for, such as `passphrase for /mnt/usb/nas`.
    pub(crate) what: &'a str,
    /// Twice, because it is new.
    pub(crate) twice: bool,
}

/// The passphrase from wherever it is; asks a person if there is one and it is nowhere else.
pub(crate) fn passphrase(global: &Global, ask: Ask<'_>) -> Result<Passphrase> {
    if let Some(given) = given(global)? {
        return Ok(given);
    }
    if !std::io::stdin().is_terminal() {
        let text = format!(
            "cannot get the {}: there is no terminal to ask at; set ATALAYA_PASSPHRASE or give --passphrase-file FILE",
            ask.what
        );
        return Err(Failure::usage(text));
    }
    ask_person(ask)
}

/// The passphrase, if it was given without asking.
pub(crate) fn given(global: &Global) -> Result<Option<Passphrase>> {
    if let Some(file) = &global.passphrase_file {
        return from_file(file, global.quiet).map(Some);
    }
    match std::env::var_os("ATALAYA_PASSPHRASE") {
        Some(value) if !value.is_empty() => Ok(Some(Zeroizing::new(value.into_vec()))),
        _ => Ok(None),
    }
}

/// Asks at the terminal, again and again until both answers to a new passphrase agree.
pub(crate) fn ask_person(ask: Ask<'_>) -> Result<Passphrase> {
    loop {
        let first = ask_once(&format!("Enter the {}: ", ask.what))?;
        if first.is_empty() {
            complain("An empty passphrase protects nothing.");
        } else if !ask.twice || *ask_once("Once more: ")? == *first {
            return Ok(first);
        } else {
            complain("The two are not the same.");
        }
    }
}

fn ask_once(question: &str) -> Result<Passphrase> {
    without_echo(question).map_err(|why| match why {
        Unanswered::Stopped => Failure::new(Exit::Signal(2), "stopped at the prompt; nothing was done"),
        Unanswered::Cannot(why) => Failure::usage(why),
    })
}

/// The first line of a file.
pub(crate) fn from_file(path: &Path, quiet: bool) -> Result<Passphrase> {
    let fail =
        |why: &str| Failure::new(Exit::Usage, format!("cannot read the passphrase from {}: {why}", path.display()));
    let file = File::open(path).map_err(|err| fail(&err.to_string()))?;
    let meta = file.metadata().map_err(|err| fail(&err.to_string()))?;
    if meta.is_file() && meta.mode() & 0o077 != 0 && !quiet {
        complain(format_args!("warning: {0} can be read by other users; run: chmod 600 {0}", path.display()));
    }
    // With its capacity fixed, reading leaves no copies in memory that were freed unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSPHRASE_BYTES_MAX as usize + 64));
    file.take(PASSPHRASE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|err| fail(&err.to_string()))?;
    if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        bytes.truncate(end);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(fail("its first line is empty"));
    }
    if bytes.len() as u64 > PASSPHRASE_BYTES_MAX {
        return Err(fail("its first line is longer than any passphrase; is it the right file?"));
    }
    Ok(bytes)
}
