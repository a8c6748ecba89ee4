//! What the index says of each pack, against what the pack's own directory says. A signature tells who made an index
//! run, not that it is true: one false claim makes every later backup pass over the content that it names.

use std::collections::HashSet;

use super::{Check, DAMAGED_KEPT_MAX, Finding};
use crate::backup::heal;
use crate::index::place;
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::pack::{BlobRecord, PackInfo, read_directory};
use crate::sorter::{Sorted, Sorter};
use crate::{Error, Kind, Result};

/// Type, pack, length of the pack; position, offset, stored, raw, id of the blob. Sorts by pack.
pub(crate) const CLAIM_BYTES: usize = PACK_BYTES + 46;
/// False records that are remembered one by one; beyond, the whole pack is not relied on. Backups keep them in memory.
const UNTRUE_KEPT_MAX: usize = 16 << 10;
/// The part of a claim that is about the pack.
const PACK_BYTES: usize = 21;

pub(crate) type Claim = [u8; CLAIM_BYTES];

pub(crate) fn claim(pack: &PackInfo, blob: &BlobRecord) -> Claim {
    let mut out = [0; CLAIM_BYTES];
    out[..PACK_BYTES].copy_from_slice(&super::packs::row(pack.kind, pack.id, pack.len.into()));
    out[21..23].copy_from_slice(&blob.position.to_be_bytes());
    out[23..27].copy_from_slice(&blob.offset.to_be_bytes());
    out[27..31].copy_from_slice(&blob.stored.to_be_bytes());
    out[31..35].copy_from_slice(&blob.raw.to_be_bytes());
    out[35..].copy_from_slice(&blob.id.0);
    out
}

/// The reverse of `claim`.
pub(crate) fn parse(claim: &Claim) -> Result<(BlobType, PackId, u32, BlobRecord)> {
    let mut row = [0; PACK_BYTES];
    row.copy_from_slice(&claim[..PACK_BYTES]);
    let (kind, pack, len) = super::packs::parse(&row)?;
    let word = |at: usize| u32::from_be_bytes([claim[at], claim[at + 1], claim[at + 2], claim[at + 3]]);
    let mut id = [0; 32];
    id.copy_from_slice(&claim[35..]);
    let position = u16::from_be_bytes([claim[21], claim[22]]);
    let blob = BlobRecord { id: ChunkId(id), position, offset: word(23), stored: word(27), raw: word(31) };
    Ok((kind, pack, len, blob))
}

/// The claims about one pack, heard one by one.
struct Hearing {
    directory: Vec<BlobRecord>,
    /// Which of these the index knows as they are.
    known: Vec<bool>,
    /// Blobs of which it says what is not so, as many as are remembered.
    untrue: HashSet<ChunkId>,
    count: u64,
}

impl Hearing {
    fn of(directory: Vec<BlobRecord>) -> Self {
        Self { known: vec![false; directory.len()], directory, untrue: HashSet::new(), count: 0 }
    }

    fn hear(&mut self, blob: &BlobRecord) {
        let at = usize::from(blob.position);
        if self.directory.get(at) == Some(blob) {
            self.known[at] = true;
            return;
        }
        self.count += 1;
        if self.untrue.len() < DAMAGED_KEPT_MAX {
            self.untrue.insert(blob.id);
        }
    }

    /// Blobs that cannot be had from this pack: a true claim beside a false one makes the blob readable.
    fn cannot_be_had(&self) -> HashSet<ChunkId> {
        let mut out = self.untrue.clone();
        let known = self.directory.iter().zip(&self.known).filter(|(_, known)| **known);
        known.for_each(|(record, _)| {
            out.remove(&record.id);
        });
        out
    }
}

impl Check<'_> {
    /// Compares every index record with the directory of its pack, which is read once: some hundred bytes to some
    /// kilobytes at the pack's end. Any role can, since all can open directories.
    pub(super) fn claims(&mut self) -> Result<()> {
        let mut sorter = Sorter::new(self.options.spool);
        self.blobs.index().each(&mut |pack, blob| sorter.push(claim(pack, blob)))?;
        let mut claims = sorter.sorted()?;
        let mut next = claims.next()?;
        while let Some(first) = next {
            self.stopped()?;
            next = self.claims_about(&first, &mut claims)?;
        }
        heal::remember_untrue(self.repo.state(), self.untrue.iter().copied())
    }

    /// Hears all claims about the pack that `first` is about; gives the first one about the next pack.
    fn claims_about(&mut self, first: &Claim, claims: &mut Sorted<CLAIM_BYTES>) -> Result<Option<Claim>> {
        let (kind, pack, len, _) = parse(first)?;
        let (store, keyring) = (&*self.repo.store, &self.repo.keyring);
        let directory = match self.gone.contains(&(kind, pack)) {
            // Told when the lists were compared.
            true => Err(Error::new(Kind::NotFound, "")),
            false => read_directory(store, keyring, kind, pack, len.into()),
        };
        let mut hearing = directory.map(|(_, records)| Hearing::of(records));
        let mut next = Some(*first);
        while let Some(claim) = next.filter(|claim| claim[..PACK_BYTES] == first[..PACK_BYTES]) {
            if let Ok(hearing) = &mut hearing {
                hearing.hear(&parse(&claim)?.3);
            }
            next = claims.next()?;
        }
        match hearing {
            Ok(hearing) => self.heard(kind, pack, &hearing),
            Err(err) if err.kind == Kind::NotFound => {}
            Err(err) => {
                if self.no_directory.len() < DAMAGED_KEPT_MAX {
                    self.no_directory.insert(pack);
                }
                self.find(Finding::Pack(format!("{}: {err}", crate::names::pack(kind, pack))));
            }
        }
        Ok(next)
    }

    fn heard(&mut self, kind: BlobType, pack: PackId, hearing: &Hearing) {
        let Some(example) = hearing.untrue.iter().min_by_key(|id| id.0) else { return };
        let (name, count) = (crate::names::pack(kind, pack), hearing.count);
        self.find(Finding::Pack(format!(
            "{name}: the index says of {count} {} what its directory does not, {example} for one: a member's program is broken or lies; \
             the next backup stores what the sources have of it again",
            if count == 1 { "blob" } else { "blobs" }
        )));
        let lies = hearing.cannot_be_had();
        // Only these are not relied on: whoever has a writer's key could else condemn honest packs with a record each.
        if self.untrue.len() + lies.len() <= UNTRUE_KEPT_MAX && hearing.untrue.len() < DAMAGED_KEPT_MAX {
            self.untrue.extend(lies.iter().map(|blob| place(pack, blob)));
        } else if self.belied.len() < DAMAGED_KEPT_MAX {
            self.belied.insert(pack);
        }
        lies.into_iter().for_each(|blob| self.damage(pack, blob));
    }
}
