//! What the engine asks of whatever is backed up.
//!
//! The engine runs [`Walk`] in a thread of its own, ahead of everything else, and
//! [`Open`] in the reading thread. Both come from the caller; the engine itself opens nothing.

use crate::Result;
use crate::model::{Meta, Xattr};

/// One path that the walk found, its bytes in [`Batch::bytes`].
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Where the path begins in the batch's bytes.
    pub at: u32,
    /// Length of the path in bytes, at most `limits::PATH_BYTES_MAX`.
    pub len: u32,
    /// What `lstat` said.
    pub meta: Meta,
}

/// Something that cannot be backed up, or not as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path, as in an entry.
    pub path: Vec<u8>,
    /// Why, for people.
    pub why: String,
    /// Whether the path (and what is below it) may still be there, so that the snapshot is
    /// incomplete; `false` for what vanished.
    pub missing: bool,
}

/// Some entries in tree order (`model::path_cmp`), ancestors of sources included.
#[derive(Debug, Default)]
pub struct Batch {
    /// The paths, one after another.
    pub bytes: Vec<u8>,
    /// The entries.
    pub found: Vec<Found>,
    /// What could not be listed, found since the last batch.
    pub problems: Vec<Problem>,
}

impl Batch {
    /// The path of one entry.
    #[must_use]
    pub fn path(&self, found: &Found) -> &[u8] {
        &self.bytes[found.at as usize..(found.at + found.len) as usize]
    }

    /// Adds an entry.
    pub fn push(&mut self, path: &[u8], meta: Meta) {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(path);
        self.found.push(Found { at, len: path.len() as u32, meta });
    }

    /// Forgets all entries, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.found.clear();
        self.problems.clear();
    }

    /// Whether no more should be added (512 entries or 128 KiB of paths).
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.found.len() >= 512 || self.bytes.len() >= 128 << 10
    }
}

/// Lists what is to be backed up, sorted, each path once.
pub trait Walk: Send {
    /// Fills an empty `batch` until it is full or the walk ends; `false` when there is no more.
    /// An error ends the backup; what concerns one path only is a problem in the batch.
    fn fill(&mut self, batch: &mut Batch) -> Result<bool>;
}

/// What belongs to a path beside `lstat`.
#[derive(Debug, Default)]
pub struct Extra {
    /// Sorted by name; values always `XattrValue::Inline` here.
    pub xattrs: Vec<Xattr>,
    /// Target of a symbolic link.
    pub target: Vec<u8>,
    /// Why not all extended attributes are here, for people. The entry is stored without those that are
    /// missing, the path told as a problem, and looked at again by the next backup.
    pub incomplete: Option<String>,
}

impl Extra {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.xattrs.clear();
        self.target.clear();
        self.incomplete = None;
    }
}

/// Opens what the walk found. Calls come in tree order, so that the folder last used is
/// most likely the next one too.
pub trait Open: Send {
    /// An open file.
    type File: Content;

    /// Opens a regular file and reads its extended attributes into `extra`.
    /// `Err(Problem)` when it cannot be opened, vanished, or is no longer the file (device, inode,
    /// kind) that was found; of a file that is not empty `Content::finish` may say the last instead.
    fn open(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> std::result::Result<Self::File, Problem>;

    /// Another one of its kind, for a thread that reads ahead.
    ///
    /// # Errors
    /// When it cannot be had, like `new` of whatever this is.
    fn another(&self) -> Result<Self>
    where
        Self: Sized;

    /// Extended attributes and link target of anything but a regular file.
    fn describe(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> std::result::Result<(), Problem>;
}

/// The next stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// That many bytes of zeros without storage.
    Hole(u64),
    /// That many bytes of data, to be read with `read` before the next call.
    Data(u64),
    /// No more.
    End,
}

/// Sequential reading of one file.
pub trait Content {
    /// What comes next. A file without holes is one `Data` of its size, without a system call.
    fn segment(&mut self) -> std::io::Result<Segment>;

    /// Reads up to `buf.len()` bytes of the present data segment; fewer only at its end, 0 when
    /// the file is shorter than it was (then `finish` says so).
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize>;

    /// After the last byte: what `fstat` says now. The engine compares it with what the walk
    /// found, and tries again, later gives up, when the file changed meanwhile. An error when it is not
    /// the file that the walk found, so that nothing is stored under a wrong name.
    fn finish(&mut self) -> std::io::Result<Meta>;

    /// Begins again from the start, for a file that changed while it was read; gives its present state.
    fn rewind(&mut self) -> std::io::Result<Meta>;
}
