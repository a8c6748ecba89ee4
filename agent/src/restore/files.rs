//! The files of a window, as compact as they can be.

use super::attrs::Attrs;
use crate::fs::split;
use atalaya_repo::model::Xattr;
use portable_atomic::{AtomicU32, Ordering};

/// A file whose content is to come, or to be compared.
#[derive(Debug)]
pub(crate) struct File {
    /// Number of its folder, and where its name is.
    folder: u32,
    name: (u32, u32),
    pub(crate) attrs: Attrs,
    pub(crate) size: u64,
    /// Inode that was made for it, when it comes in several pieces; else 0.
    pub(crate) ino: u64,
    pub(crate) xattrs: Box<[Xattr]>,
    /// Something has its name and is replaced, by a file that is made beside it.
    pub(crate) exists: bool,
    /// Its folder hands down a group or an ACL.
    pub(crate) odd_folder: bool,
    /// Pieces that are still to come, and `FAILED`.
    state: AtomicU32,
}

/// It was told that something is wrong with it; the rest does not matter.
const FAILED: u32 = 1 << 31;

impl File {
    pub(crate) fn new(attrs: Attrs, size: u64, xattrs: Vec<Xattr>) -> Self {
        let state = AtomicU32::new(0);
        let xattrs = xattrs.into_boxed_slice();
        let (exists, odd_folder, ino) = (false, false, 0);
        Self { folder: 0, name: (0, 0), attrs, size, ino, xattrs, exists, odd_folder, state }
    }

    pub(crate) fn expect(&self, pieces: u32) {
        self.state.store(pieces.min(FAILED - 1), Ordering::Relaxed);
    }

    /// One piece less; `true` for the last one of a file with which all went well.
    pub(crate) fn arrived(&self) -> bool {
        self.state.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// `true` for the first who says so.
    pub(crate) fn fail(&self) -> bool {
        self.state.fetch_or(FAILED, Ordering::AcqRel) & FAILED == 0
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state.load(Ordering::Acquire) & FAILED != 0
    }

    /// Some of it is there, some is still to come.
    pub(crate) fn is_partial(&self) -> bool {
        self.in_pieces() && (1..FAILED).contains(&self.state.load(Ordering::Acquire))
    }

    /// It comes in several pieces.
    pub(crate) fn in_pieces(&self) -> bool {
        self.ino != 0
    }
}

/// Files and their paths.
#[derive(Debug, Default)]
pub(crate) struct Files {
    all: Vec<File>,
    /// Paths of folders and names, one after another.
    text: Vec<u8>,
    folders: Vec<(u32, u32)>,
}

/// Files that are smaller on average are small.
const SMALL_BYTES: u64 = 64 << 10;

impl Files {
    /// Whether there are many, and their content is little for so many.
    pub(crate) fn are_small(&self) -> bool {
        let bytes: u64 = self.all.iter().map(|file| file.size).fold(0, u64::saturating_add);
        self.all.len() > 256 && bytes / (self.all.len() as u64) < SMALL_BYTES
    }

    /// The number that `push` will give.
    pub(crate) fn next(&self) -> u32 {
        self.all.len() as u32
    }

    pub(crate) fn push(&mut self, path: &[u8], mut file: File) {
        let (folder, name) = split(path);
        let last = self.folders.last().copied();
        if last.is_none_or(|at| self.text(at) != folder) {
            let at = self.keep(folder);
            self.folders.push(at);
        }
        file.folder = self.folders.len() as u32 - 1;
        file.name = self.keep(name);
        self.all.push(file);
    }

    fn keep(&mut self, bytes: &[u8]) -> (u32, u32) {
        self.text.extend_from_slice(bytes);
        (self.text.len() as u32 - bytes.len() as u32, bytes.len() as u32)
    }

    fn text(&self, (at, len): (u32, u32)) -> &[u8] {
        &self.text[at as usize..(at + len) as usize]
    }

    pub(crate) fn get(&self, number: u32) -> Option<&File> {
        self.all.get(number as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &File> {
        self.all.iter()
    }

    pub(crate) fn folder(&self, file: &File) -> &[u8] {
        self.folders.get(file.folder as usize).map_or(&[], |at| self.text(*at))
    }

    pub(crate) fn name(&self, file: &File) -> &[u8] {
        self.text(file.name)
    }

    /// Folder and name in one.
    pub(crate) fn path(&self, file: &File) -> Vec<u8> {
        join(self.folder(file), self.name(file))
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Bytes of memory in use.
    pub(crate) fn bytes(&self) -> usize {
        self.all.len() * size_of::<File>() + self.text.len() + self.folders.len() * 8
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.text.clear();
        self.folders.clear();
    }
}

/// A path from folder and name.
pub(crate) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
