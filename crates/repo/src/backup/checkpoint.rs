//! Puts packs into the store and, now and then, an index run that names them: what an interrupted backup
//! stored until then, the next one reuses.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use atalaya_store::Body;

use super::helper::{Helper, put};
use super::shared::Shared;
use crate::index::{Record, run_of};
use crate::pack::{Finished, PackInfo};
use crate::{Result, limits, names};

/// How long what was stored may go without an index run, in seconds.
const CHECKPOINT_SECONDS: i64 = 600;

/// Packs that are in the store and in no index run yet.
pub(super) struct Uploader<'a> {
    shared: &'a Shared<'a>,
    packs: Vec<PackInfo>,
    records: Vec<Record>,
    last: i64,
    /// Bytes put into the store.
    pub(super) added: u64,
}

impl<'a> Uploader<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        Self { shared, packs: Vec::new(), records: Vec::new(), last: (shared.options.now)().secs, added: 0 }
    }

    /// Uploads until no more packs come; then all are durable and named by an index run.
    pub(super) fn run(&mut self, packs: &Receiver<Finished>) -> Result<()> {
        let shared = self.shared;
        std::thread::scope(|scope| {
            let mut helper = Helper::start(scope, shared)?;
            self.run_with(packs, helper.as_mut())
        })
    }

    fn run_with(&mut self, packs: &Receiver<Finished>, mut helper: Option<&mut Helper>) -> Result<()> {
        while let Ok(pack) = packs.recv() {
            let left = match helper.as_mut() {
                Some(helper) => helper.take(pack).err(),
                None => Some(pack),
            };
            if let Some(pack) = left {
                let pack = put(self.shared, pack)?;
                self.count(pack);
            }
            self.gather(helper.as_deref_mut(), false)?;
            let due = self.packs.len() >= limits::CHECKPOINT_PACKS
                || self.records.len() >= limits::CHECKPOINT_RECORDS
                || (self.shared.options.now)().secs - self.last >= CHECKPOINT_SECONDS;
            if due {
                self.gather(helper.as_deref_mut(), true)?;
                self.checkpoint()?;
            }
        }
        self.gather(helper, true)?;
        self.checkpoint()
    }

    /// Counts what the helper has put; if `all`, everything that it took.
    fn gather(&mut self, helper: Option<&mut Helper>, all: bool) -> Result<()> {
        let Some(helper) = helper else { return Ok(()) };
        while let Some(pack) = helper.next(all) {
            self.count(pack?);
        }
        Ok(())
    }

    fn count(&mut self, pack: Finished) {
        let row = self.packs.len() as u32;
        self.packs.push(pack.info);
        self.records.extend(pack.records.iter().map(|blob| Record { pack: row, blob: *blob }));
        self.added += u64::from(pack.info.len);
        self.shared.options.progress.stored_bytes.fetch_add(u64::from(pack.info.len), Ordering::Relaxed);
    }

    /// Packs durable, then the run that names them: nobody ever finds a record of a pack that is not there.
    fn checkpoint(&mut self) -> Result<()> {
        self.last = (self.shared.options.now)().secs;
        if self.packs.is_empty() {
            return Ok(());
        }
        let repo = self.shared.repo;
        repo.store.sync()?;
        let (id, bytes) = run_of(&repo.keyring, &self.packs, &mut self.records)?;
        repo.store.put(&names::object(names::INDEX, &id), Body::Bytes(&bytes))?;
        // Only what is durable gets into the state folder: after a power cut its copy would hide from all later backups
        // that nobody else can find what the run names. The sync at the end of the backup then has nothing left to do.
        repo.store.sync()?;
        self.added += bytes.len() as u64;
        let mut index = self.shared.index();
        index.set.add(&id, &bytes)?;
        for record in self.records.drain(..) {
            index.fresh.remove(&record.blob.id);
        }
        self.packs.clear();
        Ok(())
    }
}
