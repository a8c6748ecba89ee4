//! `SNAPSHOT[:PATH]` on the command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use atalaya_repo::model::Entry;
use atalaya_repo::view::View;
use atalaya_repo::{Error, Kind, Selector, Snapshot, hex};

use super::exit::{Failure, Result};
use super::text::shown_path;

/// A snapshot, and a path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotPath {
    pub(crate) selector: Selector,
    /// In a snapshot's form: no leading slash; empty for everything.
    pub(crate) path: Vec<u8>,
}

impl SnapshotPath {
    /// Understands what a person wrote.
    pub(crate) fn parse(text: &OsString) -> Result<Self> {
        let bytes = text.as_bytes();
        let (snapshot, path) = match bytes.iter().position(|b| *b == b':') {
            Some(at) => (&bytes[..at], &bytes[at + 1..]),
            None => (bytes, &[][..]),
        };
        let selector = String::from_utf8_lossy(snapshot).parse()?;
        Ok(Self { selector, path: normal(path)? })
    }

    /// The entry that is named; `None` for the whole snapshot.
    pub(crate) fn entry(&self, snapshot: &Snapshot<'_>) -> Result<Option<Entry>> {
        if self.path.is_empty() {
            return Ok(None);
        }
        let first = snapshot.entries(&self.path)?.next()?;
        first.map(Some).ok_or_else(|| self.not_there(snapshot))
    }

    /// What is said when the path is not in the snapshot.
    pub(crate) fn not_there(&self, snapshot: &Snapshot<'_>) -> Failure {
        let id = hex(&snapshot.info().id[..4]);
        let text = format!(
            "cannot find {} in snapshot {id}: no such path; \"atalaya-agent ls {id}\" lists what is there",
            shown_path(&self.path)
        );
        Error::new(Kind::NotFound, text).into()
    }
}

/// Without slashes at the ends or doubled, and without `.`.
fn normal(path: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    for part in path.split(|b| *b == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if part == b".." {
            return Err(Failure::usage(format!(
                "cannot use the path {}: \"..\" means nothing in a snapshot",
                shown_path(path)
            )));
        }
        if !out.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(part);
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        let check = |text: &str, selector: &str, path: &str| {
            let parsed = SnapshotPath::parse(&text.into()).unwrap();
            assert_eq!((parsed.selector.to_string().as_str(), parsed.path.as_slice()), (selector, path.as_bytes()));
        };
        check("latest", "latest", "");
        check("latest:/", "latest", "");
        check("latest/web:/srv//www/./x/", "latest/web", "srv/www/x");
        check("AB12:a:b", "ab12", "a:b");
        for bad in ["", "x", "latest:/a/../b", "zz", ":a"] {
            assert!(SnapshotPath::parse(&bad.into()).is_err(), "{bad}");
        }
    }
}
