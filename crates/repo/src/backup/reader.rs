//! Compares the walk with the last tree, reads what is new, and tells the assembler, all in tree order.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};

use super::ahead::{Loaded, Prepared};
use super::buffer::Buffer;
use super::bundle::{Bundle, Waiting};
use super::item::{Item, Items, NewFile, PendingRun, weight};
use super::large::Lane;
use super::links::LinksRead;
use super::parent::Parent;
use super::rot::Rotten;
use super::shared::{Shared, gone};
use super::worker::Job;
use crate::Result;
use crate::chunker::Chunker;
use crate::model::{Content, Entry, Flags, Kind, LinkGroup, Meta, path_cmp};
use crate::source::{Extra, Found, Open, Problem};

/// Items in one message to the assembler.
const ITEMS_BATCH: usize = 256;
/// Bytes of entries in one message.
const ITEMS_BYTES: usize = 256 << 10;
/// Runs of one file kept here before they are handed on.
const RUNS_KEPT: usize = 1024;

/// The reader's end of every channel.
pub(super) struct Channels {
    pub(super) jobs: SyncSender<Job>,
    pub(super) items: SyncSender<Items>,
    pub(super) buffers: Receiver<Buffer>,
}

/// The reading thread's state.
pub(super) struct Reader<'a, O: Open> {
    pub(super) shared: &'a Shared<'a>,
    opener: O,
    pub(super) chunker: &'a Chunker,
    channels: Channels,
    out: Vec<Item>,
    out_bytes: usize,
    next_chunk: u64,
    pub(super) bundle: Option<Bundle>,
    waiting: Waiting,
    spare: Option<Buffer>,
    /// Runs of the large file being read.
    pub(super) runs: Vec<PendingRun>,
    pub(super) extra: Extra,
    pub(super) links: LinksRead,
    pub(super) rotten: &'a Rotten,
    pub(super) counts: Counts,
}

/// What the summary says of the reading.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) unchanged: u64,
    pub(super) files_unchanged: u64,
    pub(super) files_new: u64,
    pub(super) files_read: u64,
    pub(super) read_bytes: u64,
}

impl<'a, O: Open> Reader<'a, O> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        opener: O,
        chunker: &'a Chunker,
        rotten: &'a Rotten,
        channels: Channels,
    ) -> Self {
        Self {
            shared,
            opener,
            chunker,
            channels,
            out: Vec::new(),
            out_bytes: 0,
            next_chunk: 0,
            bundle: None,
            waiting: Waiting::default(),
            spare: None,
            runs: Vec::new(),
            extra: Extra::default(),
            links: LinksRead::default(),
            rotten,
            counts: Counts::default(),
        }
    }

    /// Deals with one batch of the walk.
    pub(super) fn batch(&mut self, prepared: &mut Prepared, parent: &mut Parent<'_>) -> Result<()> {
        self.shared.check_stop()?;
        prepared.batch.problems.iter().for_each(|problem| self.shared.problem(problem));
        for index in 0..prepared.batch.found.len() {
            let loaded = prepared.take(index);
            let found = &prepared.batch.found[index];
            let loaded = loaded.as_ref().map(|loaded| (loaded, prepared.content(loaded)));
            self.one(prepared.batch.path(found), found, loaded, parent)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        path: &[u8],
        found: &Found,
        loaded: Option<(&Loaded, &[u8])>,
        parent: &mut Parent<'_>,
    ) -> Result<()> {
        let (full, rotten) = (self.shared.options.full, self.rotten);
        let progress = self.shared.options.progress;
        progress.entries.fetch_add(1, Ordering::Relaxed);
        progress.bytes.fetch_add(found.meta.size, Ordering::Relaxed);
        let mut emit = |item: Item| self.emit(item);
        let mut known = None;
        while let Some(old) = parent.peek(&mut emit)? {
            match path_cmp(&old.path, path) {
                std::cmp::Ordering::Less => parent.passed(&mut emit)?,
                std::cmp::Ordering::Greater => {
                    parent.inserted(&mut emit)?;
                    break;
                }
                std::cmp::Ordering::Equal => {
                    let same = old.is_unchanged(&found.meta) && !rotten.has(old);
                    if same && !(full && found.meta.kind == Kind::File) {
                        self.counts.unchanged += 1;
                        self.counts.files_unchanged += u64::from(found.meta.kind == Kind::File);
                        return parent.matched(&mut |item| self.emit(item));
                    }
                    known = Some((old.clone(), same));
                    parent.passed(&mut emit)?;
                    break;
                }
            }
        }
        match loaded {
            Some((loaded, content)) => self.loaded(path, &found.meta, loaded, content, known),
            None => self.fresh(path, &found.meta, known),
        }
    }

    /// An entry that has to be described, and if it is a file, read. `known` is the old entry and whether its
    /// attributes are the same.
    fn fresh(&mut self, path: &[u8], meta: &Meta, known: Option<(Entry, bool)>) -> Result<()> {
        self.extra.clear();
        if meta.kind == Kind::File {
            return self.file(path, meta, known);
        }
        match self.opener.describe(path, meta, &mut self.extra) {
            Ok(()) => {
                let entry = self.entry(path, meta);
                self.emit(Item::Entry(Box::new(entry)))
            }
            Err(problem) => {
                self.shared.problem(&problem);
                Ok(())
            }
        }
    }

    fn file(&mut self, path: &[u8], meta: &Meta, known: Option<(Entry, bool)>) -> Result<()> {
        if meta.nlink > 1 && self.links.has(&LinkGroup { dev: meta.dev, ino: meta.ino }, meta)? {
            let entry = self.entry(path, meta);
            return self.emit(Item::Link(Box::new(entry)));
        }
        let opened = self.opener.open(path, meta, &mut self.extra);
        match opened {
            Ok(mut file) => {
                self.counts.files_read += 1;
                self.counts.files_new += u64::from(known.is_none());
                let entry = self.entry(path, meta);
                self.read_file(&mut file, entry, known)
            }
            Err(problem) => {
                self.shared.problem(&problem);
                Ok(())
            }
        }
    }

    /// An entry without content, from what was found and `self.extra`. Attributes that could not be read are
    /// told, and tried again next time.
    pub(super) fn entry(&mut self, path: &[u8], meta: &Meta) -> Entry {
        let incomplete = self.extra.incomplete.take();
        let again = incomplete.is_some();
        if let Some(why) = incomplete {
            self.problem(path, why, true);
        }
        let link = (meta.kind == Kind::File && meta.nlink > 1).then_some(LinkGroup { dev: meta.dev, ino: meta.ino });
        Entry {
            path: path.to_vec(),
            meta: *meta,
            target: std::mem::take(&mut self.extra.target),
            link,
            xattrs: std::mem::take(&mut self.extra.xattrs),
            content: Content::None,
            digest: [0; 8],
            flags: Flags { racy: again || self.shared.is_racy(meta), unstable: false },
        }
    }

    pub(super) fn problem(&self, path: &[u8], why: String, missing: bool) {
        self.shared.problem(&Problem { path: path.to_vec(), why, missing });
    }

    /// Hands an item on, or lets it wait for the open bundle.
    pub(super) fn emit(&mut self, item: Item) -> Result<()> {
        let bytes = match &item {
            Item::Carry(entry) | Item::Entry(entry) | Item::Link(entry) => weight(entry),
            Item::File(file) => weight(&file.entry) + file.runs.len() * 24,
            Item::Keep(kept) => kept.node.len(),
            Item::Runs(runs) => runs.len() * 24,
            Item::Discard => 0,
        };
        if self.bundle.as_ref().is_some_and(|bundle| !bundle.bytes.is_empty()) {
            self.waiting.items.push(item);
            self.waiting.bytes += bytes;
            return if self.waiting.is_full() { self.close_bundle() } else { Ok(()) };
        }
        self.out.push(item);
        self.out_bytes += bytes;
        if self.out.len() >= ITEMS_BATCH || self.out_bytes >= ITEMS_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let low = self.bundle.as_ref().map_or(self.next_chunk, |bundle| bundle.number);
        let items = std::mem::take(&mut self.out);
        self.out_bytes = 0;
        self.channels.items.send(Items { items, low }).map_err(gone)
    }

    /// Hands the bundle to the workers and everything that waited for it to the assembler.
    pub(super) fn close_bundle(&mut self) -> Result<()> {
        let Some(bundle) = self.bundle.take() else { return Ok(()) };
        if bundle.bytes.is_empty() {
            self.give_back(bundle.bytes);
            return Ok(());
        }
        self.submit(Job { number: bundle.number, bytes: bundle.bytes })?;
        // One message: until it is out, later items still name this chunk and those after it.
        self.waiting.bytes = 0;
        self.out.append(&mut self.waiting.items);
        self.flush()
    }

    /// The bundle with room for a file of `size` bytes.
    pub(super) fn bundle_for(&mut self, size: usize) -> Result<&mut Bundle> {
        if self.bundle.as_ref().is_some_and(|bundle| !bundle.has_room(size)) {
            self.close_bundle()?;
        }
        if self.bundle.is_none() {
            let bytes = self.buffer()?;
            let number = self.number();
            return Ok(self.bundle.insert(Bundle::new(number, bytes)));
        }
        self.bundle.as_mut().ok_or_else(|| gone(()))
    }

    pub(super) fn new_file(&mut self, entry: Entry, runs: Vec<PendingRun>, expected: Option<Content>) -> Result<()> {
        self.emit(Item::File(Box::new(NewFile { entry, runs, expected })))
    }

    /// The walk is over.
    pub(super) fn finish(mut self, parent: &mut Parent<'_>) -> Result<Counts> {
        parent.finish(&mut |item| self.emit(item))?;
        self.close_bundle()?;
        self.flush()?;
        Ok(self.counts)
    }
}

impl<O: Open> Lane for Reader<'_, O> {
    fn buffer(&mut self) -> Result<Buffer> {
        self.shared.check_stop()?;
        match self.spare.take() {
            Some(buffer) => Ok(buffer),
            None => self.channels.buffers.recv().map_err(gone),
        }
    }

    fn give_back(&mut self, mut buffer: Buffer) {
        buffer.clear();
        self.spare = Some(buffer);
    }

    fn number(&mut self) -> u64 {
        self.next_chunk += 1;
        self.next_chunk - 1
    }

    fn submit(&mut self, job: Job) -> Result<()> {
        self.channels.jobs.send(job).map_err(gone)
    }

    fn run(&mut self, run: PendingRun) -> Result<()> {
        self.runs.push(run);
        if self.runs.len() < RUNS_KEPT {
            return Ok(());
        }
        // So many runs cannot wait for a bundle.
        self.close_bundle()?;
        let runs = std::mem::take(&mut self.runs);
        self.emit(Item::Runs(runs))
    }

    fn count(&mut self, bytes: usize) {
        self.counts.read_bytes += bytes as u64;
        self.shared.options.progress.read_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
