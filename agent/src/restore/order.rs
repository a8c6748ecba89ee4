//! What may come next in a snapshot that may be damaged or hostile.

use atalaya_repo::model::{Entry, Kind, is_within, path_cmp, safe_component};

/// Longest path that a snapshot may hold.
const PATH_BYTES_MAX: usize = 64 << 10;

/// Lets through what is in order and lies where a folder is.
#[derive(Debug)]
pub(crate) struct Gate {
    under: Vec<u8>,
    /// How much of each path is left out below the target; known from the first entry on.
    cut: Option<usize>,
    last: Vec<u8>,
    /// What nothing can lie below, and whether that was told.
    blocked: Option<(Vec<u8>, Block)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    NotAFolder,
    Failed,
}

/// What becomes of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is restored under its path from this byte on.
    Take(usize),
    /// It is not, for this reason.
    Refuse(&'static str),
    /// The folder it lies in could not be restored, which was told.
    Follow,
}

impl Gate {
    /// For what lies at or below `under`.
    pub(crate) fn new(under: &[u8]) -> Self {
        Self { under: under.to_vec(), cut: None, last: Vec::new(), blocked: None }
    }

    /// Judges the next entry.
    pub(crate) fn judge(&mut self, entry: &Entry) -> Verdict {
        let path = &entry.path[..];
        if path.len() > PATH_BYTES_MAX {
            return Verdict::Refuse("its path is longer than 64 KiB");
        }
        if !path.is_empty() && !path.split(|b| *b == b'/').all(safe_component) {
            return Verdict::Refuse("its path is not one that may be created (\"..\", an empty name, or alike)");
        }
        if !is_within(path, &self.under) {
            return Verdict::Refuse("it does not lie below what is restored");
        }
        if self.cut.is_some() && path_cmp(&self.last, path).is_ge() {
            return Verdict::Refuse("it is out of order, or there twice");
        }
        match &self.blocked {
            Some((above, Block::NotAFolder)) if is_within(path, above) => {
                return Verdict::Refuse("it lies below something that is not a folder");
            }
            Some((above, Block::Failed)) if is_within(path, above) => return Verdict::Follow,
            _ => {}
        }
        let cut = *self.cut.get_or_insert_with(|| cut(&self.under, entry));
        self.last.clear();
        self.last.extend_from_slice(path);
        self.blocked = (entry.meta.kind != Kind::Dir).then(|| (path.to_vec(), Block::NotAFolder));
        Verdict::Take(cut.min(path.len()))
    }

    /// The folder that was let through last could not be made: what lies below is left out.
    pub(crate) fn block(&mut self, path: &[u8]) {
        self.blocked = Some((path.to_vec(), Block::Failed));
    }
}

/// A file that was asked for keeps its name, a folder gives its content only.
fn cut(under: &[u8], first: &Entry) -> usize {
    if under.is_empty() {
        0
    } else if first.path == under && first.meta.kind != Kind::Dir {
        under.len() - first.name().len()
    } else {
        under.len() + 1
    }
}
