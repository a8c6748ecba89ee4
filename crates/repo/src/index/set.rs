//! The local copy of the whole index: a few runs, kept in step with the store.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atalaya_store::{Entry, Store};

use super::distrust::Distrust;
use super::filter::{FILTER_BYTES_MAX, Filter};
use super::import::{import, make_filter};
use super::merge::compact;
use super::record::Record;
use super::run::{LOCAL, Run};
use crate::keys::{Keyring, Roster};
use crate::model::{ChunkId, PackId};
use crate::pack::{BlobRecord, PackInfo};
use crate::{Error, Kind, Result, names};

/// One place where a blob is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) pack: PackInfo,
    pub(crate) blob: BlobRecord,
}

/// Local runs that together hold every record of the store's index.
pub(crate) struct IndexSet {
    /// What it is a copy of, and how that is believed.
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
    roster: Roster,
    folder: PathBuf,
    /// It decayed and was made anew: not done twice, because then something else is wrong.
    rebuilt: bool,
    /// It was read whole.
    doubted: bool,
    /// How often it was to be brought up to date since something was new.
    in_vain: u32,
    /// Hears of that.
    tell: fn(&str),
    pub(crate) runs: Vec<Run>,
    found: Vec<Record>,
    filters_ready: bool,
    /// What all filters in memory may take together.
    pub(crate) filter_bytes: usize,
    /// What of it counts as not there.
    pub(crate) distrust: Distrust,
    /// Packs that a prune deletes: what only they have counts as not there, too, but nothing relies on it.
    pub(crate) doomed: HashSet<PackId>,
    /// Runs in the store that are not to be trusted or cannot be read, with the reason.
    pub(crate) refused: Vec<Error>,
    /// Their ids.
    pub(crate) refused_ids: Vec<[u8; 16]>,
    /// It has what the store does not, and is no more compared with it.
    pub(crate) frozen: bool,
}

/// Refused runs that are told one by one.
const REMARKS_MAX: usize = 5;

/// Where packs are really lost nothing is new, and the store is asked again only for every so many blobs.
const VAIN: u32 = 256;

const REBUILT: &str = "the copy of the index in the state folder was damaged; it was made anew from the repository";

impl IndexSet {
    /// Opens what the state folder has and brings it up to date with the store; `tell` hears of decay.
    pub(crate) fn open(
        store: &Arc<dyn Store>,
        keyring: &Arc<Keyring>,
        roster: &Roster,
        folder: &Path,
        tell: fn(&str),
    ) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|err| Error::io("cannot make a folder in the state folder", &err))?;
        let (runs, decayed) = local_runs(folder, keyring)?;
        if decayed {
            tell(REBUILT);
        }
        let mut set = Self {
            store: Arc::clone(store),
            keyring: Arc::clone(keyring),
            roster: roster.clone(),
            folder: folder.to_owned(),
            rebuilt: false,
            doubted: false,
            in_vain: 0,
            tell,
            runs,
            found: Vec::new(),
            filters_ready: false,
            filter_bytes: FILTER_BYTES_MAX,
            distrust: Distrust::default(),
            doomed: HashSet::new(),
            refused: Vec::new(),
            refused_ids: Vec::new(),
            frozen: false,
        };
        set.healed(Self::refresh)?;
        Ok(set)
    }

    /// Does `work`, and if the copy turns out to be damaged, makes it anew and does `work` once more.
    fn healed<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        match work(self) {
            // What is damaged in the store is only refused; so this is the copy.
            Err(err) if err.kind == Kind::Damaged && !self.rebuilt && !self.frozen => {
                self.rebuild()?;
                work(self)
            }
            result => result,
        }
    }

    fn rebuild(&mut self) -> Result<()> {
        self.rebuilt = true;
        (self.tell)(REBUILT);
        // Not only those that are open: a merge may have been under way.
        self.runs.clear();
        for path in files(&self.folder, "run")? {
            remove(&path)?;
        }
        self.filters_ready = false;
        self.refresh()
    }

    /// Something is not where the index says. Before that is believed the copy is compared with what was signed, and
    /// made anew if it decayed; then `true`, once.
    pub(crate) fn doubt(&mut self) -> Result<bool> {
        if self.rebuilt || self.frozen || std::mem::replace(&mut self.doubted, true) {
            return Ok(false);
        }
        let sound = self.runs.iter().all(|run| run.verify(&self.roster).is_ok());
        if !sound {
            self.rebuild()?;
        }
        Ok(!sound)
    }

    /// Brings it up to date, where packs that it names are gone: a prune may have taken them, and put what was used of them
    /// elsewhere. Whether there is anything new.
    pub(crate) fn renew(&mut self) -> Result<bool> {
        self.in_vain = self.in_vain.wrapping_add(1);
        if self.frozen || self.in_vain % VAIN != 1 {
            return Ok(false);
        }
        let ids = |set: &Self| {
            let mut ids = HashSet::<[u8; 16]>::new();
            set.origins(&mut |id, _| {
                ids.insert(id);
                Ok(())
            })?;
            Ok::<_, Error>(ids)
        };
        let before = ids(self)?;
        self.filters_ready = false;
        self.healed(Self::refresh)?;
        let news = ids(self)? != before;
        if news {
            self.in_vain = 0;
        }
        Ok(news)
    }

    fn refresh(&mut self) -> Result<()> {
        // Each is tried again.
        self.refused.clear();
        self.refused_ids.clear();
        let mut stored: Vec<Entry> = Vec::new();
        self.store.list(names::INDEX, &mut |entry| {
            stored.push(entry.clone());
            Ok(())
        })?;
        let ids: HashSet<[u8; 16]> = stored.iter().filter_map(|e| names::unhex(&e.name)).collect();
        let (mut covered, mut lacking) = (HashSet::new(), false);
        self.origins(&mut |id, made_from| {
            covered.insert(id);
            lacking |= made_from && !ids.contains(&id);
            Ok(())
        })?;
        if lacking {
            // A maintainer replaced runs, and what we merged from them may name packs that are gone; or they were lost, and
            // nobody else finds what they name.
            self.forget()?;
            covered.clear();
        }
        for entry in &stored {
            let Some(id) = names::unhex::<16>(&entry.name) else { continue };
            if covered.contains(&id) {
                continue;
            }
            let path = self.folder.join(format!("{}.run", names::hex(&id)));
            // One that is refused hides no other. It is tried again by every command, so an unreadable one does no
            // lasting harm: meanwhile what only it names is stored again, or reported as missing.
            match import(&*self.store, &self.keyring, &self.roster, &entry.name, entry.len, &path)? {
                Ok(run) => self.runs.push(run),
                Err(err) => {
                    self.refused.push(err);
                    self.refused_ids.push(id);
                }
            }
            compact(&mut self.runs, &self.folder, &self.keyring)?;
        }
        Ok(())
    }

    /// What a person should hear of the runs that were refused. One that was deleted since it was listed was replaced.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let there: Vec<&Error> = self.refused.iter().filter(|err| err.kind != Kind::NotFound).collect();
        let more = there.len().saturating_sub(REMARKS_MAX);
        let mut out: Vec<String> = there
            .iter()
            .take(REMARKS_MAX)
            .map(|err| format!("{err}; what only it names counts as not there"))
            .collect();
        if more > 0 {
            out.push(format!("{more} more index runs are refused; \"atalaya-agent check\" names them"));
        }
        out
    }

    /// Where the state folder has the run `name` as it was signed, if it was not merged with others yet.
    pub(crate) fn copy_of(&self, name: &str) -> Option<&Path> {
        let id = names::unhex::<16>(name)?;
        self.runs.iter().find(|run| run.id == id && run.signer != LOCAL).map(|run| run.path.as_path())
    }

    /// Calls `each` for every run of the store whose records are here, and says whether this copy was made from it: the
    /// others were replaced by a maintainer's run and may be gone. One may come several times.
    pub(crate) fn origins(&self, each: &mut dyn FnMut([u8; 16], bool) -> Result<()>) -> Result<()> {
        self.runs.iter().try_for_each(|run| run.origins(each))
    }

    /// Whether it was made anew since it was opened, and so may lack what it had.
    pub(crate) fn rebuilt(&self) -> bool {
        self.rebuilt
    }

    fn forget(&mut self) -> Result<()> {
        for run in self.runs.drain(..) {
            remove(&run.path)?;
        }
        Ok(())
    }

    /// Takes in a run that this process has just put into the store; `bytes` is the whole object.
    pub(crate) fn add(&mut self, id: &[u8; 16], bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(format!("{}.run", names::hex(id)));
        let partial = names::partial(&path)?;
        let write = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, &path));
        write.map_err(|err| Error::io("cannot write to the state folder", &err))?;
        self.runs.push(Run::open(path, &self.keyring)?);
        let ready = self.filters_ready;
        self.healed(|set| compact(&mut set.runs, &set.folder, &set.keyring))?;
        if ready { self.healed(Self::load_filters) } else { Ok(()) }
    }

    /// Whether any pack has the blob. Filters are loaded by the first call, so that a backup that finds
    /// nothing new never reads them.
    pub(crate) fn contains(&mut self, id: &ChunkId) -> Result<bool> {
        self.healed(|set| set.look_up(id))
    }

    fn look_up(&mut self, id: &ChunkId) -> Result<bool> {
        if !self.filters_ready {
            self.load_filters()?;
        }
        for run in &mut self.runs {
            self.found.clear();
            run.find(id, &mut self.found)?;
            for record in &self.found {
                if self.distrust.is_empty() && self.doomed.is_empty() {
                    return Ok(true);
                }
                let pack = run.pack(record.pack)?.id;
                if !self.distrust.covers(pack, id) && !self.doomed.contains(&pack) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Loads as many filters as their share of memory allows, small runs first. A run without one costs a look-up
    /// one read.
    fn load_filters(&mut self) -> Result<()> {
        self.runs.sort_by_key(|run| run.records);
        let mut total = 0;
        for run in &mut self.runs {
            // Not even made when it would not fit: the memory it takes meanwhile counts too.
            let bytes = Filter::bytes_for(run.records);
            if total + bytes > self.filter_bytes {
                run.filter = None;
                continue;
            }
            make_filter(run)?;
            total += bytes;
        }
        self.filters_ready = true;
        Ok(())
    }

    /// Calls `each` for every pack of every run; one may come several times.
    pub(crate) fn each_pack(&self, each: &mut dyn FnMut(&PackInfo) -> Result<()>) -> Result<()> {
        self.runs.iter().try_for_each(|run| (0..run.packs).try_for_each(|row| each(&run.pack(row)?)))
    }

    /// Calls `each` for every record, in order of ids, with the pack it names. A record that is in several runs
    /// comes several times.
    pub(crate) fn each(&mut self, each: &mut dyn FnMut(&PackInfo, &BlobRecord) -> Result<()>) -> Result<()> {
        // Read through before, because what was given to `each` cannot be taken back.
        self.doubt()?;
        super::merge::each(&mut self.runs, each)
    }

    /// Every place where the blob is, the oldest run first.
    pub(crate) fn find(&mut self, id: &ChunkId) -> Result<Vec<Found>> {
        self.healed(|set| set.look_for(id))
    }

    fn look_for(&mut self, id: &ChunkId) -> Result<Vec<Found>> {
        let mut out = Vec::new();
        for run in &mut self.runs {
            self.found.clear();
            run.find(id, &mut self.found)?;
            for record in &self.found {
                out.push(Found { pack: run.pack(record.pack)?, blob: record.blob });
            }
        }
        Ok(out)
    }
}

/// Runs in the folder; what does not open is removed, for it can be had again from the store. Says whether that was so.
fn local_runs(folder: &Path, keyring: &Keyring) -> Result<(Vec<Run>, bool)> {
    let (mut runs, mut decayed) = (Vec::new(), false);
    for path in files(folder, "run")? {
        match Run::open(path.clone(), keyring) {
            Ok(run) => runs.push(run),
            Err(_) => {
                decayed = true;
                let _ = remove(&path);
            }
        }
    }
    Ok((runs, decayed))
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let listing = std::fs::read_dir(folder).map_err(|err| Error::io("cannot list the state folder", &err))?;
    for entry in listing {
        let path = entry.map_err(|err| Error::io("cannot list the state folder", &err))?.path();
        if path.extension().is_some_and(|e| e == extension) {
            out.push(path);
        }
    }
    Ok(out)
}

/// Removes a run and its filter.
fn remove(run: &Path) -> Result<()> {
    let _ = std::fs::remove_file(run.with_extension("filter"));
    match std::fs::remove_file(run) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("cannot remove an old index run", &err))
        }
        _ => Ok(()),
    }
}
