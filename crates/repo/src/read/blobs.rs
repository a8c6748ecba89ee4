//! Any blob by its id.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::index::{Found, IndexSet};
use crate::model::ChunkId;
use crate::names::BlobType;
use crate::pack::{Decoder, HEADER_FIXED_BYTES, Header, PackKeys, open_blob};
use crate::tree::Nodes;
use crate::{Error, Kind, Repository, Result, limits};

/// Reads blobs through the local copy of the index.
pub(crate) struct Blobs<'a> {
    pub(crate) repo: &'a Repository,
    pub(crate) index: Mutex<IndexSet>,
    pub(crate) keys: PackKeys,
    scratch: Mutex<Scratch>,
}

/// Buffers of one reading thread.
pub(crate) struct Scratch {
    pub(crate) sealed: Vec<u8>,
    pub(crate) decoder: Decoder,
}

impl Scratch {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { sealed: Vec::new(), decoder: Decoder::new()? })
    }
}

impl<'a> Blobs<'a> {
    pub(crate) fn new(repo: &'a Repository) -> Result<Self> {
        Self::over(repo, repo.index()?)
    }

    /// The same through another copy of the index.
    pub(crate) fn over(repo: &'a Repository, index: IndexSet) -> Result<Self> {
        Ok(Self { repo, index: Mutex::new(index), keys: PackKeys::default(), scratch: Mutex::new(Scratch::new()?) })
    }

    pub(crate) fn index(&self) -> MutexGuard<'_, IndexSet> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every place where the blob is.
    pub(crate) fn places(&self, kind: BlobType, id: &ChunkId) -> Result<Vec<Found>> {
        let mut places = self.index().find(id)?;
        places.retain(|found| found.pack.kind == kind);
        if places.is_empty() {
            return Err(Error::damaged(format!("blob {id} is in no pack that the index knows")));
        }
        Ok(places)
    }

    /// Reads a blob from one place.
    pub(crate) fn read_at<'s>(&self, found: &Found, scratch: &'s mut Scratch) -> Result<&'s [u8]> {
        let Found { pack, blob } = found;
        if blob.stored as usize > limits::CHUNK_BYTES_MAX + 64 || blob.raw as usize > limits::CHUNK_BYTES_MAX {
            return Err(Error::damaged("index record has an impossible length"));
        }
        let key = self.keys.get(&*self.repo.store, &self.repo.keyring, pack.kind, pack.id)?;
        if scratch.sealed.len() < blob.stored as usize {
            scratch.sealed.resize(blob.stored as usize, 0);
        }
        let sealed = &mut scratch.sealed[..blob.stored as usize];
        self.repo.store.get(&pack.name(), blob.offset.into(), sealed)?;
        open_blob(&self.repo.keyring, &key, pack.id, pack.kind, blob, sealed, &mut scratch.decoder)
    }

    /// Whether an error says no more than that this owner's key cannot open one pack.
    pub(super) fn was_left_out(&self, err: &Error) -> bool {
        err.kind == Kind::NotAllowed && self.repo.keyring.secret_of(BlobType::Data).is_ok()
    }

    /// Has the store read a blob and its pack's key past what it remembers of them: what is damaged there may be put right in
    /// the store since. Whether it remembers anything.
    fn read_anew(&self, found: &Found, scratch: &mut Scratch) -> Result<bool> {
        let (store, name, mut fixed) = (&*self.repo.store, found.pack.name(), [0; HEADER_FIXED_BYTES]);
        let sealed = &mut scratch.sealed[..];
        let blob = sealed.get_mut(..found.blob.stored as usize);
        if !store.get_anew(&name, 0, &mut fixed)? {
            return Ok(false);
        }
        if let Ok(header) = Header::parse(&fixed) {
            let mut rest = vec![0; header.len() - HEADER_FIXED_BYTES];
            store.get_anew(&name, HEADER_FIXED_BYTES as u64, &mut rest)?;
        }
        blob.map_or(Ok(false), |blob| store.get_anew(&name, found.blob.offset.into(), blob))?;
        Ok(true)
    }

    /// Reads a blob from the first place that still has it whole, and gives it to `with`.
    pub(crate) fn read<T>(
        &self,
        kind: BlobType,
        id: &ChunkId,
        scratch: &mut Scratch,
        mut with: impl FnMut(&[u8]) -> T,
    ) -> Result<T> {
        match self.read_somewhere(kind, id, scratch, &mut with) {
            // Maybe it is only our copy of the index that says so.
            Err(err) if err.kind == Kind::Damaged && self.index().doubt()? => {
                self.read_somewhere(kind, id, scratch, &mut with)
            }
            Err(err) if err.kind == Kind::Damaged && self.index().renew()? => {
                self.read_somewhere(kind, id, scratch, &mut with)
            }
            result => result,
        }
    }

    fn read_somewhere<T>(
        &self,
        kind: BlobType,
        id: &ChunkId,
        scratch: &mut Scratch,
        with: &mut impl FnMut(&[u8]) -> T,
    ) -> Result<T> {
        let (mut first, mut closed): (Option<Error>, Option<Error>) = (None, None);
        for found in self.places(kind, id)? {
            let mut result = self.read_at(&found, scratch).map(&mut *with);
            if result.as_ref().is_err_and(|err| err.kind == Kind::Damaged) && self.read_anew(&found, scratch)? {
                result = self.read_at(&found, scratch).map(&mut *with);
            }
            match result {
                Ok(done) => return Ok(done),
                // Stored once more since this key was left out, it may still be where it was before.
                Err(err) if err.kind == Kind::NotAllowed => drop(closed.get_or_insert(err)),
                Err(err) if is_of_one_place(&err) => {
                    let err = Error::damaged(format!("blob {id} in pack {}: {err}", found.pack.name()));
                    first.get_or_insert(err);
                }
                Err(err) => return Err(err),
            }
        }
        Err(closed.or(first).unwrap_or_else(|| Error::damaged(format!("blob {id} cannot be found"))))
    }
}

/// Whether an error says nothing of other packs, where the same blob or others may be whole. One flipped bit makes a pack
/// seem to be of a newer version, or its cipher an unknown one; what is newer as a whole says so in the configuration.
pub(super) fn is_of_one_place(err: &Error) -> bool {
    matches!(err.kind, Kind::Damaged | Kind::NotFound | Kind::Io | Kind::TooNew)
}

impl Nodes for Blobs<'_> {
    fn load(&self, id: &ChunkId) -> Result<Vec<u8>> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(BlobType::Tree, id, &mut scratch, <[u8]>::to_vec)
    }
}
