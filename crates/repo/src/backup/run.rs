//! Starts the threads of one backup, and commits what they made.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use super::assembler::Assembler;
use super::buffer::Buffer;
use super::checkpoint::Uploader;
use super::cover;
use super::front::read;
use super::heal::{self, Loss};
use super::last_tree;
use super::parent::Parent;
use super::reader::{Channels, Counts, Reader};
use super::rot::{self, Rotten};
use super::shared::{Shared, gone};
use super::state_tree::StateTree;
use super::worker::{Jobs, Outlets, work};
use super::{Options, Summary};
use crate::chunker::Chunker;
use crate::index::Distrust;
use crate::maintain::{Authority, Doomed};
use crate::pack::{Decoder, Verifier};
use crate::snapshot::{self, Announced, Catalogue, Known, Private};
use crate::source::{Open, Walk};
use crate::thread::start;
use crate::tree::Root;
use crate::{Error, Kind, Repository, Result, names};

/// Messages to the assembler on their way.
const ITEMS_AHEAD: usize = 2;
/// Finished packs waiting for the uploader; they lie in the spool.
const PACKS_AHEAD: usize = 2;

const REMADE: &str = "the copy of the index in the state folder was damaged and made anew while this backup ran; \
                      in case that lacks what it relied on, the next backup reads everything";

/// What the threads made.
struct Outcome {
    root: Root,
    state: StateTree,
    counts: Counts,
    added: u64,
    had_parent: bool,
}

impl Repository {
    /// Backs up what `walk` finds, reading with `open`, and puts a snapshot.
    pub fn backup<W: Walk, O: Open>(&self, walk: W, open: O, options: &Options<'_>) -> Result<Summary> {
        self.writable("back up to")?;
        self.publish()?;
        let started = (options.now)();
        // The session is seen before the index is read, so that a prune which begins later waits for it.
        let session = Announced::begin(self.state(), &*self.store, &self.keyring, started)?;
        let mut known = Known::open(self.state());
        let result = self.backup_in_session(walk, open, options, session.id, started, &mut known);
        match &result {
            Ok(_) => session.done(),
            Err(_) => session.end(&*self.store, &self.keyring, (options.now)()),
        }
        result
    }

    fn backup_in_session<W: Walk, O: Open>(
        &self,
        walk: W,
        open: O,
        options: &Options<'_>,
        session: [u8; 16],
        started: crate::model::Time,
        known: &mut Known,
    ) -> Result<Summary> {
        // After the session and before the index: docs/format.md, section 11.
        let doomed = Doomed::read(&*self.store, Authority::of(&self.keyring, &self.roster))?;
        let mut warnings = known.refresh(&*self.store, &self.keyring, &self.roster)?;
        warnings.extend_from_slice(&doomed.remarks);
        let mut set = self.index()?;
        set.doomed.clone_from(&doomed.packs);
        set.filter_bytes = options.budget.filter;
        warnings.extend(set.remarks());
        let comparing = options.full || heal::comparable(&set);
        let loss = heal::look(self, &mut set, &options.job, comparing, options.spool)?;
        warnings.extend(remarks(&set.distrust, loss != Loss::Nothing));
        let cover = cover::look(self.state(), &set, &options.job, options.spool)?;
        warnings.extend(cover.remark());
        let rebuilt = set.rebuilt();
        let shared = Shared::new(self, options, set, loss, cover, &doomed);
        let outcome = self.run_threads(&shared, walk, open)?;
        let problems = shared.problems.load(Ordering::Relaxed);
        self.store.sync()?;
        let finished = (options.now)();
        let catalogue = Catalogue {
            started: (started.secs, started.nanos),
            finished: (finished.secs, finished.nanos),
            job: options.job.clone(),
            session,
            predecessors: known.heads(),
            entries: outcome.root.entries,
            bytes: outcome.root.bytes,
            added_bytes: outcome.added,
            problems,
            full: options.full,
        };
        let private = Private {
            root: outcome.root.id.0,
            level: outcome.root.level,
            sources: options.sources.clone(),
            host: options.host.clone(),
        };
        let id = crate::crypto::random()?;
        let info = snapshot::store(&*self.store, &self.keyring, id, &catalogue, &private)?;
        self.store.sync()?;
        // Somebody who took this machine's program for dead may have said so: then no prune waited for it.
        if snapshot::fenced(&*self.store, &self.keyring, &session)? || snapshot::ended(&*self.store, &session)? {
            return Err(Error::new(
                Kind::Fenced,
                "a prune fenced this backup's session because it took too long; run it again",
            ));
        }
        known.learn(&info);
        // The snapshot is there, whatever becomes of this machine's notes on it.
        let settle = || {
            let set = &mut shared.index().set;
            heal::remember(self.state(), &options.job, set, &id)?;
            // One that was made anew meanwhile may lack runs in which blobs of this tree were found.
            if set.rebuilt() != rebuilt {
                return Ok([set.remarks(), vec![REMADE.to_owned()]].concat());
            }
            doomed.remember(self.state(), &options.job, &id)?;
            cover::remember(self.state(), set, &options.job, options.spool, &id).map(|()| Vec::new())
        };
        match known.save().and_then(|()| outcome.state.commit(&id)).and_then(|()| settle()) {
            Ok(told) => warnings.extend(told),
            Err(err) => warnings.push(format!("the next backup will read more than it needs to: {err}")),
        }
        Ok(Summary {
            snapshot: crate::names::hex(&id),
            entries: outcome.root.entries,
            bytes: outcome.root.bytes,
            files_read: outcome.counts.files_read,
            files_new: outcome.counts.files_new,
            files_unchanged: outcome.counts.files_unchanged,
            unchanged: outcome.counts.unchanged,
            read_bytes: outcome.counts.read_bytes,
            added_bytes: outcome.added,
            new_chunks: shared.new_chunks.load(Ordering::Relaxed),
            new_bytes: shared.new_bytes.load(Ordering::Relaxed),
            problems,
            files_decayed: shared.decayed.load(Ordering::Relaxed),
            had_parent: outcome.had_parent,
            warnings,
        })
    }

    fn run_threads<W: Walk, O: Open>(&self, shared: &Shared<'_>, walk: W, open: O) -> Result<Outcome> {
        let budget = &shared.options.budget;
        let chunker = Chunker::new(&self.keyring.chunker_seed())?;
        let last = last_tree::path(self.state(), &shared.options.job);
        let (job_sender, jobs) = mpsc::sync_channel(1);
        let jobs = Jobs::new(Mutex::new(jobs));
        let (pack_sender, packs) = mpsc::sync_channel(PACKS_AHEAD);
        let (item_sender, items) = mpsc::sync_channel(ITEMS_AHEAD);
        let (id_sender, ids) = mpsc::channel();
        let (buffer_sender, buffers) = mpsc::channel();
        for _ in 0..budget.chunk_buffers {
            buffer_sender.send(Buffer::new()).map_err(gone)?;
        }
        let verifier = Decoder::verifier()?;
        let hungry = AtomicBool::new(false);
        let outcome = thread::scope(|scope| -> Result<_> {
            for _ in 0..budget.workers {
                let out =
                    Outlets { ids: id_sender.clone(), packs: pack_sender.clone(), buffers: buffer_sender.clone() };
                let (jobs, verifier) = (Jobs::clone(&jobs), Verifier::clone(&verifier));
                start(scope, "worker", move || work(shared, &jobs, verifier, &out).map_err(|err| shared.fail(err)))?;
            }
            // With the last worker gone nobody holds these, and whoever waits for a worker hears of it.
            drop((id_sender, buffer_sender, jobs));
            let last_copy = last.clone();
            let assembler = start(scope, "assembler", move || {
                Assembler::new(shared, pack_sender, ids, StateTree::new(&last_copy))
                    .and_then(|assembler| assembler.run(&items))
                    .map_err(|err| shared.fail(err))
            })?;
            let uploader = start(scope, "uploader", move || {
                let mut uploader = Uploader::new(shared);
                uploader.run(&packs).map_err(|err| shared.fail(err)).map(|()| uploader.added)
            })?;
            // Old entries may name what is lost, and then their files have to be read.
            let there = |id: &[u8; 16]| {
                shared.loss.spares(id)
                    && shared.cover.spares(id)
                    && shared.doomed.spares(self.state(), &shared.options.job, id)
                    && self.store.stat(&names::object(names::SNAPSHOTS, id)).is_ok()
            };
            let parent = Parent::open(&last, &self.keyring, there);
            let had_parent = parent.present;
            let rotten = Rotten::load(&rot::path(self.state(), &shared.options.job));
            let channels = Channels { jobs: job_sender, items: item_sender, buffers };
            // Where most files are unchanged, what would be read ahead is mostly not wanted.
            let wanted = budget.read_ahead && (!had_parent || shared.options.full);
            let ahead = if wanted { Some(open.another()?) } else { None };
            let reader = Reader::new(shared, open, &chunker, &rotten, channels);
            let counts = read(scope, shared, walk, ahead, &hungry, reader, parent).map_err(|err| shared.fail(err));
            let tree = assembler.join();
            let added = uploader.join();
            Ok(match (tree, added, counts) {
                (Ok(Ok((root, state))), Ok(Ok(added)), Ok(counts)) => {
                    Some(Outcome { root, state, counts, added, had_parent })
                }
                _ => None,
            })
        })?;
        match (shared.failure(), outcome) {
            (None, Some(outcome)) => Ok(outcome),
            (Some(err), _) => Err(err),
            (None, None) => Err(Error::new(Kind::Io, "a thread of the backup ended unexpectedly")),
        }
    }
}

fn remarks(distrust: &Distrust, lost: bool) -> Vec<String> {
    let what = match lost {
        true => "what the sources still have of them was read and stored again",
        false => "what they held is stored elsewhere, too",
    };
    let found = [
        ("packs of the repository are missing or damaged", distrust.packs.len()),
        ("blobs are not where the index says", distrust.places.len()),
    ];
    let found = found.iter().filter(|(_, count)| *count > 0);
    found
        .map(|(text, count)| format!("{text} ({count}): {what}; \"atalaya-agent check\" says what that affects"))
        .collect()
}
