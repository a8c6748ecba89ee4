//! Reads one file: small ones into the bundle, others into chunks of their own; tries again when it
//! changed meanwhile, and says so when it will not stand still.

use super::ahead::Loaded;
use super::item::{Item, PendingRun};
use super::large::{self, Lane, Trouble};
use super::reader::Reader;
use crate::model::{Content, Entry, Meta, Run};
use crate::source::{Content as Source, Open, Segment};
use crate::{Result, limits};

/// How one try at a file went.
enum Outcome {
    /// Handed on.
    Done,
    /// It changed; what it is now.
    Changed(Meta),
}

/// Whether two looks at a file saw the same content.
pub(super) fn same_content(a: &Meta, b: &Meta) -> bool {
    (a.size, a.mtime, a.ctime, a.ino) == (b.size, b.mtime, b.ctime, b.ino)
}

impl<O: Open> Reader<'_, O> {
    /// A small file that was read ahead.
    pub(super) fn loaded(
        &mut self,
        path: &[u8],
        meta: &Meta,
        loaded: &Loaded,
        content: &[u8],
        known: Option<(Entry, bool)>,
    ) -> Result<()> {
        self.counts.files_read += 1;
        self.counts.files_new += u64::from(known.is_none());
        self.extra.clear();
        let mut entry = self.entry(path, meta);
        entry.xattrs.clone_from(&loaded.xattrs);
        entry.flags.racy |= loaded.racy;
        self.bundle_for(content.len())?.bytes.room()[..content.len()].copy_from_slice(content);
        self.take_small(&mut entry, content.len(), &loaded.digest, known.as_ref(), true)
    }

    /// Reads `file` and hands its entry on.
    pub(super) fn read_file(
        &mut self,
        file: &mut O::File,
        mut entry: Entry,
        known: Option<(Entry, bool)>,
    ) -> Result<()> {
        if entry.meta.size == 0 {
            self.remember_link(&entry)?;
            return self.new_file(entry, Vec::new(), None);
        }
        for attempt in 1..=limits::READ_TRIES {
            let last = attempt == limits::READ_TRIES;
            match self.attempt(file, &mut entry, known.as_ref(), last) {
                Ok(Outcome::Done) => return self.remember_link(&entry),
                Ok(Outcome::Changed(now)) => {
                    let again = file.rewind();
                    // What it is at the new beginning counts; without that, what it was at the old end.
                    let now = again.unwrap_or(now);
                    entry.meta = Meta { nlink: entry.meta.nlink, ..now };
                    entry.flags.racy |= self.shared.is_racy(&now);
                }
                Err(Trouble::Fatal(err)) => return Err(err),
                Err(Trouble::File(err)) => {
                    self.void()?;
                    self.problem(&entry.path, format!("cannot be read: {err}"), true);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Further names of the file need not read it again.
    fn remember_link(&mut self, entry: &Entry) -> Result<()> {
        match &entry.link {
            Some(group) if !entry.flags.unstable => self.links.add(group, &entry.meta, self.shared.options.spool),
            _ => Ok(()),
        }
    }

    /// One try. The last one keeps what it got, marked as unstable.
    fn attempt(
        &mut self,
        file: &mut O::File,
        entry: &mut Entry,
        known: Option<&(Entry, bool)>,
        last: bool,
    ) -> std::result::Result<Outcome, Trouble> {
        let size = entry.meta.size;
        if size < limits::CHUNK_BYTES_MIN as u64 {
            // A small file with holes goes the long way, which knows of holes.
            match file.segment().map_err(Trouble::File)? {
                Segment::Data(len) if len == size => return self.small(file, entry, known, last),
                _ => {
                    file.rewind().map_err(Trouble::File)?;
                }
            }
        }
        let chunker = self.chunker;
        let total = large::read(file, chunker, self)?;
        let now = file.finish().map_err(Trouble::File)?;
        let stable = total == size && same_content(&now, &entry.meta);
        if !stable && !last {
            self.void()?;
            return Ok(Outcome::Changed(now));
        }
        if !stable {
            self.keep_unstable(entry, total);
        }
        let expected = known.filter(|(_, same)| *same && stable).map(|(old, _)| old.content.clone());
        let runs = std::mem::take(&mut self.runs);
        self.new_file(entry.clone(), runs, expected)?;
        Ok(Outcome::Done)
    }

    fn small(
        &mut self,
        file: &mut O::File,
        entry: &mut Entry,
        known: Option<&(Entry, bool)>,
        last: bool,
    ) -> std::result::Result<Outcome, Trouble> {
        let size = entry.meta.size as usize;
        let shared = self.shared;
        let bundle = self.bundle_for(size)?;
        let got = file.read(&mut bundle.bytes.room()[..size]).map_err(Trouble::File)?;
        let now = file.finish().map_err(Trouble::File)?;
        let stable = got == size && same_content(&now, &entry.meta);
        if !stable && !last {
            return Ok(Outcome::Changed(now));
        }
        let digest = shared.repo.keyring.file_digest(&bundle.bytes.room()[..got])?;
        self.take_small(entry, got, &digest, known, stable)?;
        Ok(Outcome::Done)
    }

    /// Hands on a small file whose `got` bytes lie at the end of the open bundle, not part of it yet.
    pub(super) fn take_small(
        &mut self,
        entry: &mut Entry,
        got: usize,
        digest: &[u8; 16],
        known: Option<&(Entry, bool)>,
        stable: bool,
    ) -> Result<()> {
        self.count(got);
        if !stable {
            self.keep_unstable(entry, got as u64);
        }
        entry.digest.copy_from_slice(&digest[..8]);
        if stable && let Some((old, same)) = known {
            if self.is_same(old, entry) && !self.rotten.has(old) {
                entry.content = old.content.clone();
                return self.emit(Item::Entry(Box::new(entry.clone())));
            }
            if *same {
                self.shared.decayed(&entry.path);
            }
        }
        let Some(bundle) = &mut self.bundle else { return Ok(()) };
        let (number, offset) = (bundle.number, bundle.bytes.len());
        bundle.bytes.grow(got);
        let ends = bundle.appended(got, digest);
        let run = PendingRun::Data { chunk: number, offset: offset as u32, len: got as u32 };
        self.new_file(entry.clone(), vec![run], None)?;
        if ends { self.close_bundle() } else { Ok(()) }
    }

    /// Whether the old entry's stored content is what was just read, by the keyed digest.
    fn is_same(&self, old: &Entry, new: &Entry) -> bool {
        let whole = matches!(old.content, Content::Runs(ref runs) if matches!(runs[..], [Run::Data { len, .. }] if u64::from(len) == new.meta.size));
        whole && old.digest != [0; 8] && old.digest == new.digest && old.meta.size == new.meta.size
    }

    fn keep_unstable(&self, entry: &mut Entry, got: u64) {
        entry.meta.size = got;
        entry.flags.unstable = true;
        self.problem(
            &entry.path,
            "changed while it was read, each time; what was stored may be of several moments".into(),
            false,
        );
    }

    /// Forgets the runs of a large file that has to be read again.
    fn void(&mut self) -> Result<()> {
        self.runs.clear();
        self.emit(Item::Discard)
    }
}
