//! Marks what snapshots use, and counts for each pack what of it that is.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::PruneOptions;
use crate::backup::heal;
use crate::model::{ChunkId, PackId};
use crate::names::{BlobType, hex};
use crate::pack::{BlobRecord, PackInfo};
use crate::reach::{Reach, Visitor};
use crate::read::Blobs;
use crate::snapshot::{Info, load};
use crate::sorter::{Sorted, Sorter};
use crate::{Error, Kind, Repository, Result};

/// Type, pack, position, whether it is used, sealed bytes. Sorts by pack.
const ROW_BYTES: usize = 24;
const PACK_BYTES: usize = 17;
/// Places of one blob in missing packs that are looked at: more there are only where somebody lies.
const PLACES_MAX: usize = 64;

/// What of a pack is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) used_blobs: u64,
    pub(super) used_bytes: u64,
    pub(super) unused_bytes: u64,
}

/// Usage of each pack that the index names, in order of type and id.
pub(super) struct Marks {
    rows: Sorted<ROW_BYTES>,
    next: Option<[u8; ROW_BYTES]>,
}

/// A visitor that notes the nodes.
struct Marker<'a> {
    blobs: &'a Blobs<'a>,
    options: &'a PruneOptions<'a>,
    nodes: Sorter<32>,
}

impl Visitor for Marker<'_> {
    fn blobs(&self) -> &Blobs<'_> {
        self.blobs
    }

    fn visited(&mut self, id: ChunkId, result: Result<()>) -> Result<()> {
        self.options.progress.nodes.fetch_add(1, Ordering::Relaxed);
        result.map_err(|err| {
            // What hangs on it would count as unused, and be lost for good when the node can be healed.
            err.context(&format!(
                "cannot tell what is used: tree node {id} cannot be read; run \"atalaya-agent check\", and forget the \
                 snapshots that it names"
            ))
        })?;
        self.nodes.push(id.0)
    }

    fn stopped(&self) -> Result<()> {
        self.options.check_stop()
    }
}

/// Ascending ids, asked in ascending order.
struct Wanted {
    ids: Sorted<32>,
    next: Option<[u8; 32]>,
    /// The one asked for last, and whether it was wanted.
    last: Option<([u8; 32], bool)>,
    /// Wanted and passed over: no pack has it.
    missing: Option<[u8; 32]>,
}

impl Wanted {
    fn new(mut ids: Sorted<32>) -> Result<Self> {
        let next = ids.next()?;
        Ok(Self { ids, next, last: None, missing: None })
    }

    fn has(&mut self, id: &[u8; 32]) -> Result<bool> {
        if let Some((last, wanted)) = self.last
            && last == *id
        {
            return Ok(wanted);
        }
        while let Some(next) = self.next.filter(|next| next < id) {
            self.missing.get_or_insert(next);
            self.next = self.ids.next()?;
        }
        let wanted = self.next == Some(*id);
        if wanted {
            self.next = self.ids.next()?;
        }
        self.last = Some((*id, wanted));
        Ok(wanted)
    }

    /// After the last question: one that no pack has.
    fn lacking(self) -> Option<ChunkId> {
        self.missing.or(self.next).map(ChunkId)
    }
}

/// Reads the trees of `snapshots`; `missing` are packs that the index names and the store has not.
///
/// # Errors
/// When a node cannot be read, or something used is in no pack that is there: then what is unused cannot be told.
pub(super) fn mark<'a>(
    repo: &'a Repository,
    blobs: &'a Blobs<'a>,
    missing: &HashSet<PackId>,
    snapshots: &[Info],
    options: &'a PruneOptions<'a>,
) -> Result<Marks> {
    let mut reach = Reach::new(options.spool);
    for info in snapshots {
        let added = load(&*repo.store, &repo.keyring, &repo.roster, info.id)
            .and_then(|whole| whole.private(&repo.keyring))
            .and_then(|private| reach.add(&private.root(&info.catalogue)));
        added.map_err(|err| err.context(&format!("cannot tell what snapshot {} uses", hex(&info.id[..4]))))?;
    }
    let mut marker = Marker { blobs, options, nodes: Sorter::new(options.spool) };
    let mut named = reach.walk(&mut marker)?;
    let mut tree = marker.nodes;
    while let Some(id) = named.values.next()? {
        tree.push(id)?;
    }
    let counting = Counting {
        wanted: [Wanted::new(named.data)?, Wanted::new(tree.sorted()?)?],
        missing,
        rows: Sorter::new(options.spool),
        group: None,
    };
    counting.run(blobs)
}

/// Packs that the index names and the store does not list.
pub(super) fn missing_packs(repo: &Repository, blobs: &Blobs<'_>, spool: &Path) -> Result<HashSet<PackId>> {
    let mut out = HashSet::new();
    heal::compare(repo, &blobs.index(), spool, &mut out)?;
    Ok(out)
}

/// The places of one wanted blob, in packs that are there and in packs that are not.
struct Group {
    kind: BlobType,
    id: ChunkId,
    there: bool,
    /// Rows of the places that are gone.
    gone: Vec<[u8; ROW_BYTES]>,
}

/// Merges what is wanted with the index.
struct Counting<'a> {
    /// Data, tree.
    wanted: [Wanted; 2],
    missing: &'a HashSet<PackId>,
    rows: Sorter<ROW_BYTES>,
    group: Option<Group>,
}

impl Counting<'_> {
    fn run(mut self, blobs: &Blobs<'_>) -> Result<Marks> {
        blobs.index().each(&mut |pack, blob| self.place(pack, blob))?;
        self.close()?;
        let [data, tree] = self.wanted;
        for (what, lacking) in [("chunk", data.lacking()), ("tree blob", tree.lacking())] {
            if let Some(id) = lacking {
                return Err(lacks(what, &id));
            }
        }
        let mut rows = self.rows.sorted()?;
        let next = rows.next()?;
        Ok(Marks { rows, next })
    }

    fn place(&mut self, pack: &PackInfo, blob: &BlobRecord) -> Result<()> {
        let wanted = self.wanted[usize::from(pack.kind == BlobType::Tree)].has(&blob.id.0)?;
        let mut row = [0; ROW_BYTES];
        row[0] = pack.kind.number();
        row[1..17].copy_from_slice(&pack.id.0);
        row[17..19].copy_from_slice(&blob.position.to_be_bytes());
        row[19] = u8::from(wanted);
        row[20..].copy_from_slice(&blob.stored.to_be_bytes());
        if !wanted || self.missing.is_empty() {
            return self.rows.push(row);
        }
        if self.group.as_ref().is_none_or(|group| (group.kind, group.id) != (pack.kind, blob.id)) {
            self.close()?;
            self.group = Some(Group { kind: pack.kind, id: blob.id, there: false, gone: Vec::new() });
        }
        let Some(group) = &mut self.group else { return Ok(()) };
        if self.missing.contains(&pack.id) && group.gone.len() < PLACES_MAX {
            group.gone.push(row);
            return Ok(());
        }
        group.there |= !self.missing.contains(&pack.id);
        self.rows.push(row)
    }

    /// What is gone is not used where the blob is elsewhere, too: no run need name it.
    fn close(&mut self) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if !group.there {
            return Err(lacks(if group.kind == BlobType::Tree { "tree blob" } else { "chunk" }, &group.id));
        }
        group.gone.into_iter().try_for_each(|mut row| {
            row[19] = 0;
            self.rows.push(row)
        })
    }
}

fn lacks(what: &str, id: &ChunkId) -> Error {
    let text = format!(
        "{what} {id} is used and in no pack that is there: something is missing, so nothing is deleted; \"atalaya-agent check\" \
         says what that affects"
    );
    Error::new(Kind::Damaged, text)
}

impl Marks {
    /// Usage of a pack; asked in order of type and id. None of it where the index does not name the pack.
    pub(super) fn of(&mut self, kind: BlobType, pack: PackId) -> Result<Usage> {
        let mut wanted = [0; PACK_BYTES];
        wanted[0] = kind.number();
        wanted[1..].copy_from_slice(&pack.0);
        let mut usage = Usage::default();
        while let Some(row) = self.next.filter(|row| row[..PACK_BYTES] <= wanted[..]) {
            if row[..PACK_BYTES] == wanted {
                let bytes = u64::from(u32::from_be_bytes([row[20], row[21], row[22], row[23]]));
                if row[19] == 1 {
                    usage.used_blobs += 1;
                    usage.used_bytes += bytes;
                } else {
                    usage.unused_bytes += bytes;
                }
            }
            self.next = self.rows.next()?;
        }
        Ok(usage)
    }
}
