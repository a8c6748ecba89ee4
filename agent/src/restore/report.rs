//! What a restore tells: while it runs, and at its end.

/// What became of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was not there.
    Created,
    /// Something else was there.
    Replaced,
    /// It was there, with the right content and attributes.
    Kept,
    /// It was there with the right content; attributes were set.
    Fixed,
    /// It became another name of a file that was restored before.
    Linked,
    /// It is not in the snapshot.
    Deleted,
    /// A socket: it belongs to a program that runs, and is not restored.
    Skipped,
}

/// Something that could not be restored as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path below the target.
    pub path: Vec<u8>,
    /// What could not be done and why, for people.
    pub why: String,
}

/// Hears what happens. Called from several threads at once; must not be slow.
pub trait Progress: Sync {
    /// What became of a path; with `dry_run`, what would.
    fn done(&self, _action: Action, _path: &[u8]) {}

    /// So many more bytes of content were written.
    fn wrote(&self, _bytes: u64) {}

    /// A path could not be restored, or not as it was.
    fn problem(&self, _problem: &Problem) {}

    /// Whether to stop now.
    fn stopped(&self) -> bool {
        false
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}

/// What the system refused although the file itself was restored; counted, not told per file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Owner or group; only root may give files away.
    Owner,
    /// Permission bits.
    Mode,
    /// The set-user-id or set-group-id bit, because the file got another owner or group.
    SetId,
    /// Times.
    Times,
    /// Extended attributes, ACLs among them.
    Xattrs,
    /// A hard link; the name became a file of its own.
    HardLink,
    /// A device; only root may make one.
    Device,
}

/// All of them, in the order of their numbers.
pub(crate) const REFUSED: [Refused; 7] = [
    Refused::Owner,
    Refused::Mode,
    Refused::SetId,
    Refused::Times,
    Refused::Xattrs,
    Refused::HardLink,
    Refused::Device,
];

/// How often something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What.
    pub what: Refused,
    /// For how many paths.
    pub count: u64,
    /// The first of them, and what the system said.
    pub first: Problem,
}

/// Figures of a whole restore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Paths that were not there.
    pub created: u64,
    /// Paths where something else was.
    pub replaced: u64,
    /// Paths that were right already.
    pub kept: u64,
    /// Paths of which only attributes were set.
    pub fixed: u64,
    /// Further names of files.
    pub linked: u64,
    /// Paths that are not in the snapshot.
    pub deleted: u64,
    /// Sockets.
    pub skipped: u64,
    /// Bytes of content written.
    pub bytes: u64,
    /// Files whose content was read again and compared.
    pub verified: u64,
    /// Files that changed while they were backed up: restored as they were read, which may never have been
    /// their content at one moment.
    pub unstable: u64,
    /// Paths that were not restored, or whose content turned out different.
    pub failed: u64,
    /// What was refused, each kind once.
    pub refused: Vec<Refusal>,
}
