//! The sources that were named: absolute, sorted, none within another.

use atalaya_repo::model::{is_within, path_cmp};
use atalaya_repo::source::Problem;
use atalaya_repo::{Error, Kind, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Walks over the sources and the folders above them, in order.
#[derive(Debug)]
pub(crate) struct Roots {
    paths: Vec<Vec<u8>>,
    /// Sources that lie within others and were not come to yet: of interest when the walk stays on one file system.
    within: Vec<Vec<u8>>,
    /// The present source, and how much of its path was given out.
    index: usize,
    given: usize,
    /// What was given out last, to give no folder twice.
    last: Vec<u8>,
}

/// What to list next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A folder above a source.
    Above(Vec<u8>),
    /// A source itself.
    Source(Vec<u8>),
}

impl Roots {
    /// Makes `sources` absolute; notes what cannot be found or is not quite what was meant.
    /// `own` are folders (device, inode) that no source may lie in.
    pub(crate) fn new(sources: &[PathBuf], own: &[(u64, u64)], problems: &mut Vec<Problem>) -> Result<Self> {
        let mut paths = Vec::new();
        for source in sources {
            match locate(source) {
                Ok(path) => {
                    refuse_own(&path, own)?;
                    note_link(&path, problems);
                    paths.push(entry_path(&path));
                }
                Err(err) => problems.push(not_found(source, &err)),
            }
        }
        if paths.is_empty() {
            let why = problems.first().map_or("no source is named".into(), |p| p.why.clone());
            return Err(Error::new(Kind::NotFound, format!("there is nothing to back up: {why}")));
        }
        paths.sort_by(|a, b| path_cmp(a, b));
        let mut within = Vec::new();
        paths.dedup_by(|path, before| {
            let inside = is_within(path, before);
            if inside && path != before {
                within.push(path.clone());
            }
            inside
        });
        Ok(Self { paths, within, index: 0, given: 0, last: Vec::new() })
    }

    /// The next folder above a source, or source; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Step> {
        loop {
            let path = self.paths.get(self.index)?;
            let from = if self.given == 0 { 0 } else { self.given + 1 };
            let Some(len) = path.get(from..).and_then(|rest| rest.iter().position(|b| *b == b'/')) else {
                let source = path.clone();
                self.skip();
                self.last.clone_from(&source);
                return Some(Step::Source(source));
            };
            self.given = from + len;
            let above = &path[..self.given];
            if !is_within(&self.last, above) {
                self.last = above.to_vec();
                return Some(Step::Above(self.last.clone()));
            }
        }
    }

    /// Whether `path` was named as a source although it lies within another.
    pub(crate) fn is_named(&mut self, path: &[u8]) -> bool {
        let before = self.within.len();
        self.within.retain(|named| named != path);
        self.within.len() < before
    }

    /// Named sources within others that the walk did not come to.
    pub(crate) fn missed(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.within)
    }

    /// Gives up the present source: a folder above it cannot be entered.
    pub(crate) fn skip(&mut self) {
        self.index += 1;
        self.given = 0;
    }
}

fn entry_path(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    bytes.strip_prefix(b"/").unwrap_or(bytes).to_vec()
}

/// Absolute, links above it followed, itself not.
pub(crate) fn locate(source: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(source)?;
    let path = match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize()?.join(name),
        _ => absolute.canonicalize()?,
    };
    path.symlink_metadata().map(|_| path)
}

fn not_found(source: &Path, err: &std::io::Error) -> Problem {
    let why = format!("the source {} cannot be found: {err}; mount it, or take it off the list", source.display());
    let bytes = source.as_os_str().as_bytes();
    Problem { path: bytes.strip_prefix(b"/").unwrap_or(bytes).to_vec(), why, missing: true }
}

fn note_link(path: &Path, problems: &mut Vec<Problem>) {
    if let Ok(target) = path.read_link() {
        let why = format!(
            "the source {0} is a symbolic link and kept as one; to back up what it leads to, name {1}",
            path.display(),
            path.canonicalize().unwrap_or(target).display()
        );
        problems.push(Problem { path: entry_path(path), why, missing: false });
    }
}

fn refuse_own(path: &Path, own: &[(u64, u64)]) -> Result<()> {
    let inside = |above: &Path| above.symlink_metadata().is_ok_and(|m| own.contains(&(m.dev(), m.ino())));
    match path.ancestors().find(|above| inside(above)) {
        None => Ok(()),
        Some(above) => Err(Error::new(
            Kind::Usage,
            format!(
                "cannot back up {}: {} belongs to Atalaya itself (repository, state or spool); name another source",
                path.display(),
                above.display()
            ),
        )),
    }
}
