//! Where a new password comes from: the terminal, without echo, or the first line of a file.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use atalaya_base::cli::{Unanswered, without_echo};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure, Result};
use super::tell;
use crate::people::Password;
use crate::people::limits::PASSWORD_BYTES_MAX;

/// Where it is.
#[derive(Debug, clap::Args)]
pub(crate) struct From {
    /// Read the password from the first line of this file instead of asking
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl From {
    /// Whether it is anywhere, so that nobody is asked.
    pub(crate) const fn is_given(&self) -> bool {
        self.password_file.is_some()
    }

    /// Reads one that there is already, or asks for it.
    pub(crate) fn read_once(&self, name: &str) -> Result<Password> {
        match &self.password_file {
            Some(path) => from_file(path),
            None => ask(&format!("Password of {name}: ")),
        }
    }

    /// Reads it, or asks until two answers agree.
    pub(crate) fn read(&self, name: &str) -> Result<Password> {
        if let Some(path) = &self.password_file {
            return from_file(path);
        }
        if !std::io::stdin().is_terminal() {
            let why = "there is no terminal to ask for the password at; give --password-file FILE";
            return Err(Failure::new(Exit::Usage, why));
        }
        loop {
            let first = ask(&format!("Password for {name}: "))?;
            if *ask("Once more: ")? == *first {
                return Ok(first);
            }
            tell(&Failure::new(Exit::Usage, "the two are not the same"));
        }
    }
}

fn ask(question: &str) -> Result<Password> {
    let answer = without_echo(question).map_err(|why| match why {
        Unanswered::Stopped => Failure::new(Exit::Failed, "stopped at the prompt; nothing was done"),
        Unanswered::Cannot(why) => Failure::new(Exit::Usage, why),
    })?;
    utf8(&answer)
}

fn from_file(path: &Path) -> Result<Password> {
    let fail = |why: &str| Failure::new(Exit::Usage, format!("cannot read the password in {}: {why}", path.display()));
    let file = File::open(path).map_err(|err| fail(&err.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSWORD_BYTES_MAX + 3));
    file.take(PASSWORD_BYTES_MAX as u64 + 2).read_to_end(&mut bytes).map_err(|err| fail(&err.to_string()))?;
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    utf8(first.strip_suffix(b"\r").unwrap_or(first))
}

fn utf8(bytes: &[u8]) -> Result<Password> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::new(Exit::Usage, "the password is no UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (written, read) in [("correct horse\n", "correct horse"), ("con ñ\r\nmore", "con ñ"), ("", "")] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(*from_file(&path).unwrap(), read);
        }
        std::fs::write(&path, [0xff, b'\n']).unwrap();
        assert_eq!(from_file(&path).unwrap_err().exit, Exit::Usage);
        assert!(from_file(&folder.path().join("none")).unwrap_err().text.contains("cannot read the password in"));
    }
}
