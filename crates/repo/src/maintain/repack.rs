//! Gives up packs of which little is used: what is used of them is stored once more, and then nobody uses them.
//!
//! It needs an owner's key for content, and a maintainer's for trees: nothing is copied that was not opened and found to be
//! what its id says.

use std::sync::atomic::Ordering;

use atalaya_store::Body;

use super::PruneOptions;
use super::epochs::PackEpochs;
use super::lists::{LIST_PACKS_MAX, listed};
use super::mark::Usage;
use super::pending::Pending;
use crate::fresh::Fresh;
use crate::index::Found;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::{BlobRecord, Decoder, Encoder, Finished, PackWriter, read_directory};
use crate::read::{Blobs, Scratch};
use crate::{Kind, Repository, Result};

/// Blobs of one round: their positions are kept in memory.
pub(super) const ROUND_BLOBS_MAX: usize = 128 << 10;

/// Packs after which a run names them: what a kill leaves without a name is stored once more by the next prune.
const NAMED_PACKS: usize = 8;

/// A pack that is given up, and where in it what is used lies.
pub(super) struct Worth {
    kind: BlobType,
    id: PackId,
    len: u32,
    used: Vec<u16>,
}

/// What becomes of a pack that is used in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Stays,
    GivenUp,
    /// By the next prune.
    Later,
}

/// Picks packs for one round.
pub(super) struct Choice<'a> {
    repo: &'a Repository,
    options: &'a PruneOptions<'a>,
    bytes: u64,
    blobs: usize,
    /// Where packs of older ones are given up.
    epochs: Option<PackEpochs<'a>>,
    pub(super) packs: Vec<Worth>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(repo: &'a Repository, options: &'a PruneOptions<'a>) -> Result<Self> {
        let epochs = if options.reencrypt { Some(PackEpochs::open(repo)?) } else { None };
        Ok(Self { repo, options, bytes: 0, blobs: 0, epochs, packs: Vec::new() })
    }

    /// Whether it is a pack of an older epoch, where those are given up.
    pub(super) fn is_old(&mut self, kind: BlobType, id: PackId) -> Result<bool> {
        let newest = self.repo.keyring.public_of(kind).0;
        let Some(epochs) = &mut self.epochs else { return Ok(false) };
        Ok(epochs.of(kind, id)?.is_some_and(|epoch| epoch < newest))
    }

    pub(super) fn chosen(self) -> Result<Vec<Worth>> {
        self.epochs.map_or(Ok(()), PackEpochs::keep)?;
        Ok(self.packs)
    }

    /// Looks at a pack of `len` bytes of which some is used.
    pub(super) fn consider(&mut self, kind: BlobType, id: PackId, len: u32, is_old: bool, usage: Usage) -> Verdict {
        let all = usage.used_bytes + usage.unused_bytes;
        let little =
            usage.unused_bytes > 0 && usage.unused_bytes as f64 * 100.0 >= all as f64 * self.options.repack_percent;
        // What is stored once more has to be read back, and more than a pack has is what somebody claims.
        let is_worth = (is_old || little) && all <= u64::from(len) && self.repo.keyring.opens_newest(kind).is_ok();
        if !is_worth {
            return Verdict::Stays;
        }
        let (bytes, blobs) = (self.bytes + usage.used_bytes, self.blobs + usage.used.len());
        // A pack that is larger than a round may be is a round of its own.
        let fits = bytes <= self.options.repack_bytes_max && blobs <= ROUND_BLOBS_MAX;
        if !(fits || self.packs.is_empty()) || self.packs.len() >= LIST_PACKS_MAX / 4 {
            return Verdict::Later;
        }
        (self.bytes, self.blobs) = (bytes, blobs);
        self.packs.push(Worth { kind, id, len, used: usage.used });
        Verdict::GivenUp
    }
}

/// Stores blobs once more.
pub(super) struct Mover<'a> {
    blobs: &'a Blobs<'a>,
    options: &'a PruneOptions<'a>,
    pending: &'a mut Pending,
    encoder: Encoder,
    scratch: Scratch,
    fresh: Fresh,
    /// What stays where it is, because it cannot be read.
    pub(super) warnings: Vec<String>,
}

impl<'a> Mover<'a> {
    pub(super) fn new(blobs: &'a Blobs<'a>, options: &'a PruneOptions<'a>, pending: &'a mut Pending) -> Result<Self> {
        Ok(Self {
            blobs,
            options,
            pending,
            encoder: Encoder::new(Decoder::verifier()?)?,
            scratch: Scratch::new()?,
            fresh: Fresh::default(),
            warnings: Vec::new(),
        })
    }

    /// Stores what is used of `worth` in new packs, and names them in runs. All is durable when this returns; where it is
    /// stopped, what was stored is named, and the next prune goes on behind it.
    pub(super) fn run(&mut self, worth: &[Worth]) -> Result<()> {
        let result = self.store(worth);
        match &result {
            Err(err) if err.kind != Kind::Interrupted => result,
            _ => self.name().and(result),
        }
    }

    fn store(&mut self, worth: &[Worth]) -> Result<()> {
        let repo = self.blobs.repo;
        for kind in [BlobType::Tree, BlobType::Data] {
            let mut writer = PackWriter::new(&repo.keyring, &*repo.store, self.options.spool, kind);
            for pack in worth.iter().filter(|pack| pack.kind == kind) {
                self.options.check_stop()?;
                match self.readable(pack) {
                    Ok(found) => self.copy(&found, &mut writer)?,
                    Err(err) if matches!(err.kind, Kind::Damaged | Kind::NotFound | Kind::TooNew | Kind::Io) => {
                        self.warnings.push(format!("{} stays as it is: {err}", names::pack(pack.kind, pack.id)));
                    }
                    Err(err) => return Err(err),
                }
            }
            if let Some(last) = writer.finish()? {
                self.put(last)?;
            }
        }
        Ok(())
    }

    /// What is used of a pack, each read once: of a pack that is not whole nothing is copied, for it would stay all the same.
    fn readable(&mut self, worth: &Worth) -> Result<Vec<Found>> {
        let repo = self.blobs.repo;
        let (pack, directory) = read_directory(&*repo.store, &repo.keyring, worth.kind, worth.id, worth.len.into())?;
        let blob = |position: &u16| directory.get(usize::from(*position)).copied();
        let found: Vec<Found> = worth.used.iter().filter_map(blob).map(|blob| Found { pack, blob }).collect();
        found.iter().try_for_each(|found| self.blobs.read_at(found, &mut self.scratch).map(drop))?;
        Ok(found)
    }

    fn copy(&mut self, found: &[Found], writer: &mut PackWriter<'_>) -> Result<()> {
        for one in found {
            let BlobRecord { id, raw, .. } = one.blob;
            let plain = self.blobs.read_at(one, &mut self.scratch)?;
            let full = writer.add(id, raw as usize, self.encoder.encode(plain)?)?;
            self.options.progress.moved_blobs.fetch_add(1, Ordering::Relaxed);
            self.options.progress.moved_bytes.fetch_add(one.blob.stored.into(), Ordering::Relaxed);
            if let Some(pack) = full {
                self.put(pack)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, pack: Finished) -> Result<()> {
        self.pending.note.moved.push(listed(pack.info.kind, pack.info.id));
        self.pending.save()?;
        self.blobs.repo.store.put(&pack.info.name(), Body::File(&pack.spool))?;
        self.fresh.add(pack.info, &pack.records);
        if self.fresh.is_much(NAMED_PACKS) { self.name() } else { Ok(()) }
    }

    fn name(&mut self) -> Result<()> {
        let repo = self.blobs.repo;
        self.fresh.name(&*repo.store, &repo.keyring).map(|_| ())
    }
}
