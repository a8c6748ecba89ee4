//! Checking a repository: what is damaged or missing, and which files of which snapshots that affects.
//!
//! Everything that grows with the repository is sorted on disk and merged.

pub(crate) mod affected;
pub(crate) mod claims;
mod hosted;
mod options;
pub(crate) mod packs;
mod read_data;
mod sample;
mod seen;
mod small;
mod trees;

pub(crate) use read_data::read_whole;

pub use hosted::check_hosted;
pub use options::{CheckOptions, CheckProgress, CheckSummary, Finding};
pub use sample::Sample;

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use crate::backup::heal;
use crate::index::Place;
use crate::maintain::{Authority, Forgotten};
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::read::Blobs;
use crate::snapshot::{Info, Known};
use crate::{Error, Kind, Repository, Result};

/// Damaged blobs that are remembered one by one to name the files they affect.
const DAMAGED_KEPT_MAX: usize = 20_000;

/// What one check knows so far.
pub(crate) struct Check<'a> {
    repo: &'a Repository,
    options: &'a CheckOptions<'a>,
    pub(crate) blobs: Blobs<'a>,
    pub(crate) summary: CheckSummary,
    /// Places whose blob cannot be had.
    pub(crate) damaged: HashSet<(PackId, ChunkId)>,
    /// Blobs that are referred to and that no place has.
    pub(crate) lost: HashSet<(BlobType, ChunkId)>,
    /// Index runs that the copy in the state folder could not be made from.
    pub(crate) refused: Vec<Error>,
    /// Packs that are missing or have another length.
    gone: HashSet<(BlobType, PackId)>,
    /// Packs whose directory cannot be read, which was told.
    no_directory: HashSet<PackId>,
    /// Where blobs are not though the index says so.
    untrue: HashSet<Place>,
    /// Packs of which the index says too much that is not so.
    belied: HashSet<PackId>,
    /// Names of index runs in the store that are not what they were, though a copy of them is.
    pub(crate) bad_runs: Vec<String>,
    /// Names of key files that are none, and of what goes with them.
    pub(crate) bad_keys: Vec<String>,
}

impl Repository {
    /// Checks everything that `options` ask for. Damage is told to `options.finding` as it is found; an error
    /// means that the check itself could not go on.
    pub fn check(&self, options: &CheckOptions<'_>) -> Result<CheckSummary> {
        let mut check = Check::new(self, options, Blobs::new(self)?);
        let snapshots = check.objects()?;
        if self.keyring.secret_of(BlobType::Tree).is_ok() {
            match self.keyring.opens_all(BlobType::Tree) {
                Ok(()) => check.names(&snapshots)?,
                // What another key opens is not damaged.
                Err(err) => check.warn(format!("of what was stored since then only checksums were compared: {err}")),
            }
        }
        if check.is_full() {
            let text = format!("there is more damage than {DAMAGED_KEPT_MAX} blobs: not every affected file is named");
            check.find(Finding::Object(text));
        }
        Ok(check.summary)
    }
}

impl<'a> Check<'a> {
    pub(crate) fn new(repo: &'a Repository, options: &'a CheckOptions<'a>, blobs: Blobs<'a>) -> Self {
        Self {
            repo,
            options,
            blobs,
            summary: CheckSummary::default(),
            damaged: HashSet::new(),
            lost: HashSet::new(),
            refused: Vec::new(),
            gone: HashSet::new(),
            no_directory: HashSet::new(),
            untrue: HashSet::new(),
            belied: HashSet::new(),
            bad_runs: Vec::new(),
            bad_keys: Vec::new(),
        }
    }

    /// Looks at everything but names: objects, packs, what is said of them and, as far as is asked for, what is in them.
    /// Gives the snapshots that verify.
    pub(crate) fn objects(&mut self) -> Result<Vec<Info>> {
        self.blobs.index().doubt()?;
        self.refused_runs();
        self.small_objects()?;
        let snapshots = self.snapshots()?;
        self.packs()?;
        self.claims()?;
        if self.options.sample.is_some() {
            self.read_data()?;
        } else if !self.belied.is_empty() {
            // What lies where nobody finds it is as good as damaged: the next backup relies on none of it.
            heal::remember_damaged(self.repo.state(), self.belied.clone(), &HashSet::new(), false)?;
        }
        Ok(snapshots)
    }

    fn names(&mut self, snapshots: &[Info]) -> Result<()> {
        self.trees(snapshots)?;
        self.affected(snapshots)?;
        self.summary.trees_checked = true;
        Ok(())
    }

    /// Whether there is more damage than is kept.
    pub(crate) fn is_full(&self) -> bool {
        self.damaged.len() >= DAMAGED_KEPT_MAX || self.lost.len() >= DAMAGED_KEPT_MAX
    }

    /// Whether a pack was missing, or of another length than it should be, when the lists were compared.
    pub(crate) fn is_gone(&self, kind: BlobType, id: PackId) -> bool {
        self.gone.contains(&(kind, id))
    }

    /// Packs of which anything was found, now or by a check before.
    pub(crate) fn suspects(&self) -> HashSet<PackId> {
        let mut out = heal::damaged(self.repo.state());
        out.extend(self.gone.iter().map(|(_, id)| *id));
        out.extend(self.damaged.iter().map(|(id, _)| *id));
        out.extend(self.no_directory.iter().chain(&self.belied));
        out
    }
}

impl Check<'_> {
    pub(crate) fn find(&mut self, finding: Finding) {
        match finding {
            Finding::Harmless(_) => self.summary.warnings += 1,
            Finding::Object(_) => self.summary.objects += 1,
            _ => {}
        }
        self.summary.findings += u64::from(!matches!(finding, Finding::Harmless(_)));
        (self.options.finding)(&finding);
    }

    /// Index runs that do not count. One that was deleted since it was listed was replaced by another.
    fn refused_runs(&mut self) {
        let mut refused = std::mem::take(&mut self.blobs.index().refused);
        refused.retain(|err| err.kind != Kind::NotFound);
        refused.iter().for_each(|err| self.find(Finding::Object(err.text.clone())));
        self.refused = refused;
    }

    fn warn(&mut self, text: String) {
        self.find(Finding::Harmless(text));
    }

    pub(crate) fn damage(&mut self, pack: PackId, blob: ChunkId) {
        if self.damaged.len() < DAMAGED_KEPT_MAX {
            self.damaged.insert((pack, blob));
        }
    }

    fn lose(&mut self, kind: BlobType, blob: ChunkId) {
        if self.lost.len() < DAMAGED_KEPT_MAX {
            self.lost.insert((kind, blob));
        }
    }

    pub(crate) fn stopped(&self) -> Result<()> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "check was stopped"));
        }
        Ok(())
    }

    fn snapshots(&mut self) -> Result<Vec<Info>> {
        let (good, bad) = self.repo.snapshots()?;
        let told: HashSet<String> = bad.into_iter().map(|err| err.text).collect();
        told.iter().for_each(|text| self.find(Finding::Snapshot(text.clone())));
        let mut known = Known::open(self.repo.state());
        let warnings = known.refresh(&*self.repo.store, &self.repo.keyring, &self.repo.roster)?;
        let new = warnings.into_iter().filter(|text| !told.contains(text));
        new.for_each(|text| self.find(Finding::Snapshot(text)));
        known.save()?;
        let hashes: HashSet<[u8; 32]> = good.iter().map(|info| info.hash).collect();
        let mut forgotten: Option<Forgotten> = None;
        for info in &good {
            for hash in info.catalogue.predecessors.iter().filter(|hash| !hashes.contains(*hash)) {
                if forgotten.is_none() {
                    let authority = Authority::of(&self.repo.keyring, &self.repo.roster);
                    forgotten = Some(Forgotten::read(&*self.repo.store, authority)?);
                }
                if forgotten.as_ref().is_some_and(|lists| lists.names(hash)) {
                    continue;
                }
                let id = crate::names::hex(&info.id[..4]);
                let missing = crate::names::hex(&hash[..4]);
                self.find(Finding::Snapshot(format!(
                    "snapshot {id} follows one ({missing}…) that is missing or altered"
                )));
            }
        }
        self.summary.snapshots = good.len() as u64;
        Ok(good)
    }
}
