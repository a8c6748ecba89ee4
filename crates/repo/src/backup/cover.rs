//! Index runs that a job's last tree relies on. Its entries are carried over without being looked up, so when one of these
//! runs is gone or refused, what only it names has to be read and stored again: its packs are all there, but nobody finds
//! what is in them.
//!
//! ```text
//! snapshot id 16 | run ids, 16 bytes each, ascending | SHA-256 of everything before
//! ```

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::index::IndexSet;
use crate::sorter::Sorter;
use crate::{Error, Result, names};

const ID_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What the index still has of the runs that the last tree relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// All that the tree of this snapshot relies on: each is there, or replaced by one that is.
    Whole([u8; 16]),
    /// That many are neither.
    Lacking(u64),
    /// Nothing is noted, or the note is torn.
    Unknown,
}

impl Cover {
    /// Whether entries of the tree of `snapshot` may be carried over unread.
    pub(super) fn spares(self, snapshot: &[u8; 16]) -> bool {
        self == Self::Whole(*snapshot)
    }

    /// What a person should hear.
    pub(super) fn remark(self) -> Option<String> {
        let Self::Lacking(runs) = self else { return None };
        Some(format!(
            "index runs that the last backup relied on are gone or refused ({runs}), so nobody finds what only they name: \
             everything is read again, and what the sources still have is stored again; \"atalaya-agent check\" says what that affects"
        ))
    }
}

fn path(state: &Path, job: &str) -> PathBuf {
    state.join(format!("runs-{}", names::hex(job.as_bytes())))
}

/// Compares what `set` has with what the job's last run noted.
pub(crate) fn look(state: &Path, set: &IndexSet, job: &str, spool: &Path) -> Result<Cover> {
    let Some(mut note) = Note::open(&path(state, job)) else { return Ok(Cover::Unknown) };
    let mut sorter = Sorter::new(spool);
    set.origins(&mut |id, _| sorter.push(id))?;
    let (mut covered, mut lacking) = (sorter.sorted()?, 0);
    let mut here = covered.next()?;
    while let Some(id) = note.next() {
        while here.is_some_and(|other| other < id) {
            here = covered.next()?;
        }
        lacking += u64::from(here != Some(id));
    }
    Ok(match (note.is_sound(), lacking) {
        (false, _) => Cover::Unknown,
        (true, 0) => Cover::Whole(note.snapshot),
        (true, lacking) => Cover::Lacking(lacking),
    })
}

/// Notes what the tree of `snapshot` relies on: the runs that `set` was made from.
pub(crate) fn remember(state: &Path, set: &IndexSet, job: &str, spool: &Path, snapshot: &[u8; 16]) -> Result<()> {
    let failed = |err: std::io::Error| Error::io("cannot write to the state folder", &err);
    let mut sorter = Sorter::new(spool);
    set.origins(&mut |id, made_from| if made_from { sorter.push(id) } else { Ok(()) })?;
    let (path, mut ids) = (path(state, job), sorter.sorted()?);
    let partial = names::partial(&path)?;
    let mut out = BufWriter::new(File::create(&partial).map_err(failed)?);
    let mut hash = Sha256::new();
    let mut next = Some(*snapshot);
    while let Some(id) = next {
        hash.update(id);
        out.write_all(&id).map_err(failed)?;
        next = ids.next()?;
    }
    out.write_all(&hash.finalize()).and_then(|()| out.flush()).map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)
}

/// The note of the last run, read from its beginning to its end.
struct Note {
    file: BufReader<File>,
    hash: Sha256,
    snapshot: [u8; 16],
    left: u64,
}

impl Note {
    fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let ids = file.metadata().ok()?.len().checked_sub((ID_BYTES + HASH_BYTES) as u64)?;
        let mut note = Self {
            file: BufReader::new(file),
            hash: Sha256::new(),
            snapshot: [0; 16],
            left: 1 + ids / ID_BYTES as u64,
        };
        note.snapshot = note.next()?;
        Some(note)
    }

    fn next(&mut self) -> Option<[u8; ID_BYTES]> {
        self.left = self.left.checked_sub(1)?;
        let mut id = [0; ID_BYTES];
        self.file.read_exact(&mut id).ok()?;
        self.hash.update(id);
        Some(id)
    }

    /// Whether all of it was as it had been written: a power cut may have torn it.
    fn is_sound(&mut self) -> bool {
        let mut hash = [0; HASH_BYTES];
        self.file.read_exact(&mut hash).is_ok()
            && hash == <[u8; HASH_BYTES]>::from(std::mem::take(&mut self.hash).finalize())
    }
}
