//! Files that the configuration names and that are read later, for each connection or backup. One that is not there is
//! told and keeps nobody from starting: a disk may be mounted later than a service starts, and a secret be put there.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::Spanned;

use super::{Place, Written};

/// A file that is read later.
pub struct Named {
    key: &'static str,
    file: Spanned<Place>,
    without: &'static str,
}

/// Where secrets lie is not shown.
impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

impl Named {
    /// The value of `key`, if it has one. `without` is what does not work without it.
    pub fn of(key: &'static str, file: Option<&Spanned<Place>>, without: &'static str) -> impl Iterator<Item = Self> {
        file.cloned().map(|file| Self { key, file, without }).into_iter()
    }

    /// What keeps it from being read now, in one line: where it is named, why, and what does not work until then.
    #[must_use]
    pub fn trouble(&self, written: &Written) -> Option<String> {
        let path = &self.file.get_ref().0;
        let why = begins(path).err()?;
        let (place, Self { key, without, .. }) = (written.place(Some(self.file.span().start)), self);
        Some(format!("{place}: {key}: cannot read {}: {why}; until it can be, {without}", path.display()))
    }
}

/// Whether there is a line in it. No more than its first byte is read, for it may be a secret.
fn begins(path: &Path) -> Result<(), String> {
    let plain = |err: std::io::Error| err.to_string().split(" (os").next().unwrap_or_default().to_owned();
    let meta = std::fs::metadata(path).map_err(plain)?;
    if meta.is_dir() {
        return Err("it is a folder".into());
    }
    // A pipe gives what it has only once.
    if !meta.is_file() {
        return Ok(());
    }
    let mut first = [0];
    match File::open(path).and_then(|mut file| file.read(&mut first)).map_err(plain)? {
        1 if first[0] != b'\n' => Ok(()),
        _ => Err("its first line is empty".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_file_from_being_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        assert!(begins(&file).unwrap_err().contains("No such file"));
        assert!(begins(dir.path()).unwrap_err().contains("a folder"));
        for empty in ["", "\nsecret"] {
            std::fs::write(&file, empty).unwrap();
            assert!(begins(&file).unwrap_err().contains("empty"), "{empty:?}");
        }
        std::fs::write(&file, "secret").unwrap();
        assert_eq!(begins(&file), Ok(()));
        assert_eq!(begins(Path::new("/dev/null")), Ok(()), "no file that can be looked into twice");
    }
}
