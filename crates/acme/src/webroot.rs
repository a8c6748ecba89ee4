//! Answers as files that a web server shows, while an authority looks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::challenge::Challenge;
use atalaya_certificate::file::{self, Rights};

/// Whatever user the web server has reads them.
const PUBLIC: Rights = Rights { mode: 0o644, user: None, group: None };

/// Files that are removed when this is dropped. The folders stay.
pub(crate) struct Webroot {
    files: Vec<PathBuf>,
}

impl Webroot {
    /// The folder has to be there: one that is not is no web server's.
    pub(crate) fn put(folder: &Path, challenges: &[Challenge]) -> io::Result<Self> {
        fs::metadata(folder)?;
        let folder = folder.join(".well-known").join("acme-challenge");
        fs::create_dir_all(&folder)?;
        let mut out = Self { files: Vec::new() };
        for one in challenges {
            let path = folder.join(&one.token);
            file::replace(&path, one.answer.as_bytes(), PUBLIC)?;
            out.files.push(path);
        }
        Ok(out)
    }
}

impl Drop for Webroot {
    fn drop(&mut self) {
        for path in &self.files {
            let _ = file::remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_there_and_gone() {
        let folder = tempfile::tempdir().unwrap();
        let challenge =
            Challenge { name: "a".into(), token: "tok".into(), answer: "tok.thumb".into(), value: "v".into() };
        let path = folder.path().join(".well-known/acme-challenge/tok");
        let put = Webroot::put(folder.path(), std::slice::from_ref(&challenge)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "tok.thumb");
        drop(put);
        assert!(!path.exists());
        assert!(Webroot::put(&folder.path().join("nowhere"), &[challenge]).is_err());
    }
}
