//! A whole file: read, understood, checked.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::Value;
use super::wrong::Wrong;
use super::{Mistake, Written};

/// Of the file: some thousand entries, and more than a person writes.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// Understands `text`, which is said to stand in the file `path`: makes an `R` of it, whose fields check their own values,
/// and has `check` say what only shows where several values stand side by side.
///
/// # Errors
///
/// One line: the file, the line where there is one, the key, what is wrong, and what may stand there.
pub fn read<R: DeserializeOwned, C>(
    path: &Path,
    text: &str,
    check: impl FnOnce(R, &Written) -> Result<C, Mistake>,
) -> Result<C, String> {
    let written = Written::new(path, text);
    let raw = understand(text).map_err(|wrong| Mistake::read("", wrong));
    raw.and_then(|raw| check(raw, &written)).map_err(|mistake| written.tell(&mistake))
}

fn understand<R: DeserializeOwned>(text: &str) -> Result<R, Wrong> {
    let value = parse(text)?;
    let value = Value::Written(&value);
    R::deserialize(value).map_err(|wrong| wrong.at(value.at()))
}

fn parse(text: &str) -> Result<Spanned<DeValue<'_>>, Wrong> {
    let document = DeTable::parse(text)?;
    Ok(Spanned::new(document.span(), DeValue::Table(document.into_inner())))
}

/// The text of a file. `missing` says what to do where there is none.
///
/// # Errors
///
/// One line: the file, why it cannot be read, and what to do.
pub fn text_of(path: &Path, missing: &str) -> Result<String, String> {
    read_bounded(path).map_err(|err| {
        let hint = match err.kind() {
            ErrorKind::NotFound => missing,
            ErrorKind::PermissionDenied => "run it as a user who may",
            ErrorKind::InvalidData => "write it as UTF-8",
            ErrorKind::FileTooLarge => "leave out what nobody needs",
            _ => "name a file",
        };
        let why = err.to_string();
        let why = why.split(" (os").next().unwrap_or_default();
        format!("cannot read the configuration {}: {why}; {hint}", path.display())
    })
}

/// A file of text, if it is not too long to be one that a person wrote.
fn read_bounded(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let what = format!("it is longer than {} KiB", FILE_BYTES_MAX >> 10);
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it holds bytes that are no text"))
}

impl Written {
    /// The section `[above.name]`, which was passed over when the rest was read: whoever needs it knows what it should be.
    /// Nothing of it needs to be there.
    ///
    /// # Errors
    ///
    /// What is wrong in it.
    pub fn section<C: DeserializeOwned + Default>(&self, above: &str, name: &str) -> Result<C, Mistake> {
        let document = parse(self.text()).map_err(|wrong| Mistake::read("", wrong))?;
        let found = document.get_ref().get(above).and_then(|sections| sections.get_ref().get(name));
        let Some(value) = found.map(Value::Written) else { return Ok(C::default()) };
        C::deserialize(value).map_err(|wrong| Mistake::read(&format!("{above}.{name}."), wrong.at(value.at())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_told_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let told = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            text_of(&path, "make one")
        };
        assert!(text_of(&path, "make one").unwrap_err().ends_with("x.toml: No such file or directory; make one"));
        assert!(told(b"\xff").unwrap_err().ends_with("; write it as UTF-8"));
        // The second one is cut in the middle of a letter.
        for long in [" ".repeat(FILE_BYTES_MAX as usize + 1), "é".repeat(FILE_BYTES_MAX as usize)] {
            let long = told(long.as_bytes()).unwrap_err();
            assert!(long.ends_with("it is longer than 256 KiB; leave out what nobody needs"), "{long}");
        }
        assert_eq!(told(&vec![b' '; FILE_BYTES_MAX as usize]).unwrap().len() as u64, FILE_BYTES_MAX);
        assert!(text_of(dir.path(), "").unwrap_err().ends_with("; name a file"));
    }
}
