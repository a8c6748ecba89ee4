//! One file, folder, link or device of a snapshot.

use super::ChunkId;

/// A point in time as the kernel gives it: seconds since 1970 (may be negative)
/// and nanoseconds (0 to 999,999,999).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Seconds since 1970-01-01 UTC.
    pub secs: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket (restored as nothing: it belongs to a running program).
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// What `lstat` says, as far as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, set-id and sticky included (`st_mode & 0o7777`).
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Length in bytes; 0 for anything but files.
    pub size: u64,
    /// Last change of content.
    pub mtime: Time,
    /// Last change of content or attributes.
    pub ctime: Time,
    /// Inode number.
    pub ino: u64,
    /// Device the file lies on.
    pub dev: u64,
    /// Number of names.
    pub nlink: u64,
    /// Device number of a device file, else 0.
    pub rdev: u64,
}

/// Names of one inode carry the same group. The reverse is not sure: see [`Entry::one_file_key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkGroup {
    /// Device at the time of the backup.
    pub dev: u64,
    /// Inode at the time of the backup.
    pub ino: u64,
}

/// One extended attribute (POSIX ACLs are `system.posix_acl_*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xattr {
    /// Full name with its namespace (`user.comment`).
    pub name: Vec<u8>,
    /// Its value.
    pub value: XattrValue,
}

/// A small value stands in the entry, a larger one in a blob of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XattrValue {
    /// The bytes.
    Inline(Vec<u8>),
    /// In a blob of this id and length; read it with `Snapshot::xattr_value`.
    Blob(ChunkId, u32),
}

/// A stretch of a file's content, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Zeros that are not stored; made as a hole again.
    Hole {
        /// Bytes.
        len: u64,
    },
    /// Bytes `offset..offset + len` of a chunk's plaintext.
    Data {
        /// Which chunk.
        chunk: ChunkId,
        /// Where in the chunk it begins.
        offset: u32,
        /// Bytes.
        len: u32,
    },
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Not a file, or an empty one.
    None,
    /// The runs themselves.
    Runs(Vec<Run>),
    /// Too many runs for an entry: a tree of list blobs. `depth` 0 means that the blob holds runs.
    List {
        /// The topmost list blob.
        root: ChunkId,
        /// Levels below it.
        depth: u8,
    },
}

/// What a reader of an entry should know beside its attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It may have changed within the same clock tick after it was read, or not all of its attributes could be
    /// read: the next backup reads it again.
    pub racy: bool,
    /// It changed while it was read, every time: what is stored may never have been its content at one moment.
    pub unstable: bool,
}

/// One path of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// See [`super::path_cmp`] for form and order.
    pub path: Vec<u8>,
    /// What `lstat` said when it was read.
    pub meta: Meta,
    /// Target of a symbolic link.
    pub target: Vec<u8>,
    /// Set for files with more than one name.
    pub link: Option<LinkGroup>,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<Xattr>,
    /// Where the bytes are.
    pub content: Content,
    /// Keyed digest of a bundled file's content; zero for files in chunks of their own
    /// (there the list of chunk ids says the same) and for anything but files.
    pub digest: [u8; 8],
    /// Set by the engine.
    pub flags: Flags,
}

impl Entry {
    /// Last component of the path.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.path.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// Whether it still describes what `lstat` says now. The device counts only where it says whose name this is: its
    /// number changes with the order in which disks are found, which is no reason to read everything again, but a group of
    /// names under an old number would be mixed with another file's under the same number now.
    #[must_use]
    pub fn is_unchanged(&self, now: &Meta) -> bool {
        let then = &self.meta;
        !self.flags.racy
            && !self.flags.unstable
            && then.kind == now.kind
            && then.size == now.size
            && then.mtime == now.mtime
            && then.ctime == now.ctime
            && then.ino == now.ino
            && (then.mode, then.uid, then.gid, then.rdev) == (now.mode, now.uid, now.gid, now.rdev)
            && (now.kind == Kind::Dir || self.link.map(|group| group.dev) == (now.nlink > 1).then_some(now.dev))
    }
}
