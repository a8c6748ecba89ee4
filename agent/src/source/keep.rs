//! Which entries of a folder are backed up.

use super::Excludes;
use super::cachedir::TAG_NAME;
use super::shares::PATH_BYTES_MAX;
use atalaya_repo::model::{Kind, Meta};

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is wanted.
    Keep,
    /// It is not.
    Leave,
    /// It would be, but its path is longer than any that can be backed up.
    TooLong,
}

/// Chooses among the entries of one folder.
pub(crate) trait Keep {
    /// By name alone, before `lstat`; `folder` is `None` where the file system does not say.
    fn name(&mut self, name: &[u8], folder: Option<bool>) -> Verdict;

    /// With what `lstat` says.
    fn meta(&mut self, name: &[u8], meta: &Meta) -> bool;
}

/// What a backup leaves out of one folder.
pub(crate) struct Rules<'a> {
    /// Path of the folder; names are appended for a moment.
    pub(crate) path: &'a mut Vec<u8>,
    pub(crate) excludes: &'a Excludes,
    pub(crate) larger_than: Option<u64>,
    /// Device and inode of folders that are never backed up.
    pub(crate) own: &'a [(u64, u64)],
    /// A cache: nothing but its tag.
    pub(crate) only_tag: bool,
    /// The file system does not tell folders from files before `lstat`.
    pub(crate) kinds_unknown: bool,
}

impl Rules<'_> {
    fn excluded(&mut self, name: &[u8], folder: bool) -> bool {
        let len = self.path.len();
        if len > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        let excluded = self.excludes.excluded(self.path, folder);
        self.path.truncate(len);
        excluded
    }
}

impl Keep for Rules<'_> {
    fn name(&mut self, name: &[u8], folder: Option<bool>) -> Verdict {
        if self.only_tag {
            return if name == TAG_NAME { Verdict::Keep } else { Verdict::Leave };
        }
        self.kinds_unknown |= folder.is_none();
        if !self.excludes.is_empty() && folder.is_some_and(|folder| self.excluded(name, folder)) {
            return Verdict::Leave;
        }
        if self.path.len() + 1 + name.len() > PATH_BYTES_MAX { Verdict::TooLong } else { Verdict::Keep }
    }

    fn meta(&mut self, name: &[u8], meta: &Meta) -> bool {
        match meta.kind {
            Kind::Dir if self.own.contains(&(meta.dev, meta.ino)) => false,
            Kind::File if self.larger_than.is_some_and(|most| meta.size > most) => false,
            kind if self.kinds_unknown && !self.excludes.is_empty() => !self.excluded(name, kind == Kind::Dir),
            _ => true,
        }
    }
}
