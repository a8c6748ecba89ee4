//! Takes out of a repository what is damaged, and puts in its place what is left of it.
//!
//! ```text
//! look   a check ▸ packs that no run names ▸ what can be read of bad packs ▸ which files that leaves
//! mend   packs with what is left ▸ snapshots without what is lost ▸ forget list ▸ one run in the place of all
//! ```
//!
//! Every step adds, and makes durable, what stands for something else before that goes. So each moment is a good one to be
//! cut off at, and the next repair goes on. Small objects that go are kept under `damaged/`; packs stay where they are,
//! without a name, until a prune. `docs/format.md`, section 15.

mod aside;
mod gone;
mod mend;
mod options;
mod packs;
mod renew;
mod saver;
mod unnamed;
mod working;

pub use options::{RepairOptions, RepairSummary};

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use crate::check::Check;
use crate::check::claims::CLAIM_BYTES;
use crate::config::read_small;
use crate::maintain::alone;
use crate::model::{ChunkId, PackId};
use crate::names::{self, BlobType, hex};
use crate::read::Blobs;
use crate::snapshot::{Announced, Info};
use crate::sorter::Sorted;
use crate::{Error, Kind, Repository, Result};
use gone::Gone;
use working::Working;

/// More packs than this are no accident of single files.
const BAD_MAX: usize = 64 << 10;

/// One repair.
struct Repair<'a> {
    repo: &'a Repository,
    options: &'a RepairOptions<'a>,
    check: Check<'a>,
    /// Packs that no run is to name any more.
    bad: HashSet<PackId>,
    summary: RepairSummary,
}

/// What is to be done.
struct Plan {
    /// Blobs of bad packs that can be read.
    saved: Sorted<CLAIM_BYTES>,
    /// Snapshots that name what is lost.
    affected: Vec<Info>,
    gone: Gone,
}

impl Repository {
    /// Rebuilds what is damaged, and drops what cannot be. Without `apply` it only says what it would do. It may run beside
    /// backups; a prune waits for it.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for any key but an owner's. [`Kind::Refused`] where it cannot tell what is lost: more is damaged
    /// than it can keep in mind, or the store does not list or does not give what it has. In each case nothing was taken
    /// away.
    pub fn repair(&self, options: &RepairOptions<'_>) -> Result<RepairSummary> {
        self.keyring.secret_of(BlobType::Data).map_err(|_| {
            let text = format!(
                "a {}'s key cannot repair: only the owner's can tell what is left of a damaged pack; use the owner's passphrase",
                self.role()
            );
            Error::new(Kind::NotAllowed, text)
        })?;
        self.keyring.opens_all(BlobType::Data)?;
        self.writable("repair")?;
        self.refuse_without_epochs()?;
        if options.apply {
            self.erasable("repair")?;
        }
        let _alone = alone(self.state())?;
        let working = Working::new(self)?;
        let now = options.check.now;
        let session = match options.apply {
            true => Some(Announced::begin(self.state(), &*self.store, &self.keyring, now())?),
            false => None,
        };
        let result = self.repair_within(options, &working, session.as_ref().map(|session| session.id));
        match (session, &result) {
            (Some(session), Ok(summary)) if !summary.renewed_snapshots.is_empty() => session.done(),
            (Some(session), _) => session.end(&*self.store, &self.keyring, now()),
            (None, _) => {}
        }
        result
    }

    fn refuse_without_epochs(&self) -> Result<()> {
        let (mut there, known) = (0, self.keyring.epochs().all.len());
        self.store.list(names::EPOCHS, &mut |entry| {
            there += usize::from(names::number_of(names::EPOCHS, &entry.name).is_some());
            Ok(())
        })?;
        if there > known { Err(without_epochs()) } else { Ok(()) }
    }

    fn repair_within(
        &self,
        options: &RepairOptions<'_>,
        working: &Working,
        session: Option<[u8; 16]>,
    ) -> Result<RepairSummary> {
        let check = Check::new(self, &options.check, Blobs::over(self, working.index(self)?)?);
        let summary = RepairSummary::default();
        let mut repair = Repair { repo: self, options, check, bad: HashSet::new(), summary };
        let plan = repair.look()?;
        match session {
            Some(session) => repair.mend(plan, session)?,
            None => repair.save(plan.saved, false)?,
        }
        Ok(repair.summary)
    }
}

impl Repair<'_> {
    fn look(&mut self) -> Result<Plan> {
        let snapshots = self.check.objects()?;
        self.steady_runs()?;
        self.suspect(self.check.suspects())?;
        self.check.damaged.clear();
        self.tree_packs()?;
        if self.repo.keyring.lacks_epoch.load(Ordering::Relaxed) {
            return Err(without_epochs());
        }
        self.unnamed()?;
        let saved = self.readable()?;
        self.check.trees(&snapshots)?;
        self.steady_nodes()?;
        let mut affected = self.check.affected(&snapshots)?;
        if self.check.is_full() {
            return Err(too_much());
        }
        let gone = self.gone(&snapshots, &mut affected)?;
        let damaged_runs = self.bad_runs().len() as u64;
        let summary = &mut self.summary;
        (summary.findings, summary.lost_files) = (self.check.summary.findings, self.check.summary.files_affected);
        summary.dropped_packs = self.bad.len() as u64;
        summary.damaged_runs = damaged_runs;
        summary.damaged_keys = self.check.bad_keys.len() as u64;
        summary.renewed_snapshots = affected.iter().map(|info| hex(&info.id)).collect();
        summary.lost_snapshots.clone_from(&gone.lost);
        Ok(Plan { saved, affected, gone })
    }

    /// Index runs in the store that are not what they should be, by id.
    fn bad_runs(&self) -> HashSet<[u8; 16]> {
        let mut out: HashSet<[u8; 16]> = self.check.bad_runs.iter().filter_map(|name| names::unhex(name)).collect();
        out.extend(&self.check.blobs.index().refused_ids);
        out
    }

    /// Only packs that the index names: of others nothing is expected.
    fn suspect(&mut self, mut suspects: HashSet<PackId>) -> Result<()> {
        let mut named = HashSet::new();
        self.check.blobs.index().each_pack(&mut |pack| {
            if suspects.contains(&pack.id) {
                named.insert(pack.id);
            }
            Ok(())
        })?;
        suspects.retain(|id| named.contains(id));
        suspects.into_iter().try_for_each(|id| self.give_up(id))
    }

    /// From here on nothing of this pack counts as there.
    fn give_up(&mut self, id: PackId) -> Result<()> {
        if self.bad.len() >= BAD_MAX {
            return Err(too_much());
        }
        self.bad.insert(id);
        self.check.blobs.index().distrust.packs.insert(id);
        Ok(())
    }

    /// Whether a pack that will stay has the blob.
    fn holds(&self, id: &ChunkId) -> Result<bool> {
        self.check.blobs.index().contains(id)
    }

    /// Does `work`, and once more what failed for a reason that may pass. What fails again while the store answers otherwise
    /// is damage of that place alone; a store that does not answer ends the repair, which must not take silence for loss.
    fn twice<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<std::result::Result<T, Error>> {
        let mut result = work();
        if result.as_ref().is_err_and(|err| err.kind == Kind::Io) {
            read_small(&*self.repo.store, names::CONFIG)?;
            result = work();
        }
        match result {
            Err(err) if !matches!(err.kind, Kind::Io | Kind::Damaged | Kind::NotFound | Kind::TooNew) => Err(err),
            judged => Ok(judged),
        }
    }

    /// A node that counts as lost and lies in a pack of which nothing bad is known: the store says now this, now that.
    fn steady_nodes(&self) -> Result<()> {
        for (kind, id) in self.check.lost.iter().filter(|(kind, _)| *kind == BlobType::Tree) {
            let places = self.check.blobs.index().find(id)?;
            let mut of_kind = places.iter().filter(|found| found.pack.kind == *kind);
            let unknown = of_kind.any(|found| !self.check.damaged.contains(&(found.pack.id, *id)));
            // One that is malformed is there all the same.
            if unknown && crate::tree::Nodes::load(&self.check.blobs, id).is_err() {
                return Err(unsteady(self.repo, &format!("tree node {id}")));
            }
        }
        Ok(())
    }
}

/// What is sealed under an epoch that is gone looks like damage and is none: it opens when that is put back.
fn without_epochs() -> Error {
    let text = "cannot repair: an object below epochs/ is gone or damaged, and what was stored since then opens by it alone; put \
                it back from a copy, or remove what stands there if no owner ever put it";
    Error::new(Kind::Refused, text)
}

fn too_much() -> Error {
    Error::new(
        Kind::Refused,
        "more is damaged than a repair can keep in mind; nothing was taken away; heal it from a copy (\"copy --heal\"), or restore \
         what you need and begin a new repository",
    )
}

fn unsteady(repo: &Repository, what: &str) -> Error {
    Error::new(
        Kind::Refused,
        format!(
            "cannot repair {}: {what} is now there and now not; nothing was taken away; run it again when store and connection are \
             steady",
            repo.place()
        ),
    )
}
