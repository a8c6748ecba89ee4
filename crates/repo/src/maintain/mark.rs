//! Marks what snapshots use, and counts for each pack what of it that is.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::PruneOptions;
use super::relied::Place;
use crate::backup::heal;
use crate::model::{ChunkId, PackId};
use crate::names::{self, BlobType, hex};
use crate::pack::{BlobRecord, PackInfo};
use crate::reach::{Reach, Visitor};
use crate::read::Blobs;
use crate::snapshot::{Info, load};
use crate::sorter::{Sorted, Sorter};
use crate::{Error, Kind, Repository, Result, limits, presence};

/// Type, pack, position, one of the next three, sealed bytes. Sorts by pack.
const ROW_BYTES: usize = 24;
const PACK_BYTES: usize = 17;
const UNUSED: u8 = 0;
const USED: u8 = 1;
/// Used, and in a pack that is relied on, too.
const TWICE: u8 = 2;
/// Places of one blob that are compared: more there are only where somebody lies.
const PLACES_MAX: usize = 64;

/// What of a pack is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Positions of what is used, ascending.
    pub(super) used: Vec<u16>,
    pub(super) used_bytes: u64,
    pub(super) unused_bytes: u64,
    /// Of these, what is used and in a pack that is relied on, too.
    pub(super) twice_bytes: u64,
}

/// What is known of packs beside the index.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The index names them and the store has not got them.
    pub(super) missing: HashSet<PackId>,
    /// What is really in these need be nowhere else.
    pub(super) relied: HashSet<PackId>,
    /// What is really in them, and where; sorted.
    pub(super) places: Vec<Place>,
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

/// Reads the trees of `snapshots`.
///
/// # Errors
/// When a node cannot be read, or something used is in no pack that is there: then what is unused cannot be told.
pub(super) fn mark<'a>(
    repo: &'a Repository,
    blobs: &'a Blobs<'a>,
    facts: &Facts,
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
        facts,
        rows: Sorter::new(options.spool),
        group: None,
    };
    counting.run(blobs)
}

/// Packs that the index names and the store has not got. A run may claim any length of a pack, and a listing may lag: one that
/// is found under its name is there.
pub(super) fn missing_packs(repo: &Repository, blobs: &Blobs<'_>, spool: &Path) -> Result<HashSet<PackId>> {
    let (mut suspects, mut out) = (HashSet::new(), HashSet::new());
    heal::compare(repo, &blobs.index(), spool, &mut suspects)?;
    for id in suspects {
        let store = &*repo.store;
        if presence::is_gone(store, &names::pack(BlobType::Data, id))?
            && presence::is_gone(store, &names::pack(BlobType::Tree, id))?
        {
            out.insert(id);
        }
    }
    Ok(out)
}

/// The places of one wanted blob.
struct Group {
    kind: BlobType,
    id: ChunkId,
    /// Whether one of its packs is there.
    there: bool,
    /// Whether one of them need be the only one.
    relied: bool,
    /// Rows of the places that are gone.
    gone: Vec<[u8; ROW_BYTES]>,
    /// Rows of those that are there and may be too many.
    others: Vec<[u8; ROW_BYTES]>,
}

/// Merges what is wanted with the index.
struct Counting<'a> {
    /// Data, tree.
    wanted: [Wanted; 2],
    facts: &'a Facts,
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
        row[19] = if wanted { USED } else { UNUSED };
        row[20..].copy_from_slice(&blob.stored.to_be_bytes());
        if !wanted || self.facts.is_plain() {
            return self.rows.push(row);
        }
        if self.group.as_ref().is_none_or(|group| (group.kind, group.id) != (pack.kind, blob.id)) {
            self.close()?;
            let (kind, id) = (pack.kind, blob.id);
            self.group = Some(Group { kind, id, there: false, relied: false, gone: Vec::new(), others: Vec::new() });
        }
        let Some(group) = &mut self.group else { return Ok(()) };
        let missing = self.facts.missing.contains(&pack.id);
        let relied = self.facts.relies_on(pack.id, blob);
        group.there |= !missing;
        group.relied |= relied;
        let rows = if missing { &mut group.gone } else { &mut group.others };
        if !relied && rows.len() < PLACES_MAX {
            rows.push(row);
            return Ok(());
        }
        self.rows.push(row)
    }

    /// What is gone is not used where the blob is elsewhere, too: no run need name it. Nor is what is there, where the blob is
    /// in a pack that is relied on.
    fn close(&mut self) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if !group.there {
            return Err(lacks(if group.kind == BlobType::Tree { "tree blob" } else { "chunk" }, &group.id));
        }
        for mut row in group.gone {
            row[19] = UNUSED;
            self.rows.push(row)?;
        }
        for mut row in group.others {
            row[19] = if group.relied { TWICE } else { USED };
            self.rows.push(row)?;
        }
        Ok(())
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
                // A run may claim any length.
                let bytes = bytes.min(limits::PACK_BYTES_MAX);
                if row[19] == USED {
                    let position = u16::from_be_bytes([row[17], row[18]]);
                    // Twice only where somebody lies.
                    if usage.used.last() != Some(&position) {
                        usage.used.push(position);
                    }
                    usage.used_bytes += bytes;
                } else {
                    usage.unused_bytes += bytes;
                    usage.twice_bytes += if row[19] == TWICE { bytes } else { 0 };
                }
            }
            self.next = self.rows.next()?;
        }
        Ok(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::lab::Lab;

    fn sorted(id: &ChunkId) -> Sorted<32> {
        let spool = tempfile::tempdir().unwrap();
        let mut out = Sorter::new(spool.path());
        out.push(id.0).unwrap();
        out.sorted().unwrap()
    }

    /// Somebody's run says that our pack has what only another one has: that one is used all the same.
    #[test]
    fn a_claim_of_a_pack_that_is_relied_on_displaces_nothing() {
        let lab = Lab::new();
        let (real, ours) = (lab.pack(BlobType::Data, &[vec![1; 99]]), lab.pack(BlobType::Data, &[vec![2; 99]]));
        let mut claim = ours.clone();
        claim.1[0].id = real.1[0].id;
        let claimed = claim.1[0];
        for packs in [[real.clone(), ours.clone()], [claim, ours.clone()]] {
            let (id, bytes) = Lab::run(&lab.repo.keyring, &packs, &[]);
            lab.put_run(&id, &bytes);
        }
        let wanted = real.1[0].id;
        let usage_where = |places: Vec<Place>| {
            let facts = Facts { relied: HashSet::from([ours.0.id]), places, ..Facts::default() };
            let spool = tempfile::tempdir().unwrap();
            let empty = Sorter::new(spool.path()).sorted().unwrap();
            let wanted = [Wanted::new(sorted(&wanted)).unwrap(), Wanted::new(empty).unwrap()];
            let rows = Sorter::new(spool.path());
            let blobs = Blobs::new(&lab.repo).unwrap();
            let mut marks = Counting { wanted, facts: &facts, rows, group: None }.run(&blobs).unwrap();
            marks.of(BlobType::Data, real.0.id).unwrap().used
        };
        let place = |record: &BlobRecord| crate::maintain::relied::place(ours.0.id, record);
        assert_eq!(usage_where(vec![place(&ours.1[0])]), [0], "only a claim");
        let elsewhere = BlobRecord { offset: claimed.offset + 1, ..claimed };
        assert_eq!(usage_where(vec![place(&elsewhere)]), [0], "it is there, and not where it is said to be");
        assert_eq!(usage_where(vec![place(&claimed)]), [0_u16; 0], "it is really there, too");
    }
}
