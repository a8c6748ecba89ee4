//! The first phase: entries in tree order against what is in the target, folder by folder.

use super::disk::Disk;
use super::files::join;
use super::note::Note;
use super::order::{Gate, Verdict};
use super::remove::remove;
use super::report::Action;
use super::site::Site;
use super::window::{Closing, Link, Window};
use super::{Options, attrs::Attrs};
use crate::fs::{Folders, split};
use crate::source::Shares;
use crate::source::record;
use crate::source::scan::Scanner;
use crate::source::stack::Stack;
use atalaya_repo::Result;
use atalaya_repo::model::{Entry, Kind, Meta, is_within};
use atalaya_repo::spool::table::DiskTable;
use rustix::fs::{AtFlags, unlinkat};
use std::path::Path;
use std::sync::mpsc::SyncSender;

/// Listing what is in the target takes less than walking a source: most targets are empty.
const SHARES: Shares = Shares { sort_bytes: 256 << 10, stack_bytes: 256 << 10, fan_in: 16 };

/// The restore as it goes through the tree.
pub(crate) struct Tree<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) options: &'a Options,
    under: &'a [u8],
    gate: Gate,
    pub(crate) folders: Folders,
    pub(crate) scanner: Scanner,
    pub(crate) stack: Stack,
    /// The present folder, below the target, and what is noted of it.
    pub(crate) path: Vec<u8>,
    pub(crate) note: Note,
    pub(crate) window: Window,
    /// A part of the snapshot is missing: what it does not name may have been in it, and is not deleted.
    pub(crate) incomplete: bool,
    /// First name of each file that has several.
    pub(crate) names: DiskTable,
    /// Folders of first names.
    pub(crate) first_folders: Folders,
    /// Asks for what is there to be written to the disk.
    pub(crate) settle: SyncSender<()>,
    pub(crate) disk: &'a Disk,
}

/// Where an entry goes.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'p> {
    /// Below the target.
    pub(crate) path: &'p [u8],
    /// What has its name now.
    pub(crate) existing: Option<Meta>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(
        site: &'a Site<'a>,
        options: &'a Options,
        under: &'a [u8],
        spool_dir: &Path,
        (disk, settle): (&'a Disk, SyncSender<()>),
    ) -> Result<Self> {
        Ok(Self {
            site,
            options,
            under,
            gate: Gate::new(under),
            folders: site.folders()?,
            scanner: Scanner::new(SHARES),
            stack: Stack::new(SHARES, spool_dir)?,
            path: Vec::new(),
            note: Note::default(),
            incomplete: false,
            window: Window::new(options.window_entries, options.memory_bytes, spool_dir)?,
            names: DiskTable::create(spool_dir)?,
            first_folders: site.folders()?,
            settle,
            disk,
        })
    }

    /// Begins with the target itself.
    pub(crate) fn start(&mut self, made: bool) -> Result<()> {
        let note = Note { made, delete: self.may_delete(b""), ..Note::default() };
        if made { self.push_empty(b"", note) } else { self.push_listed(b"", note).map(|_| ()) }
    }

    /// Takes the next entry.
    pub(crate) fn entry(&mut self, entry: Entry) -> Result<()> {
        let from = match self.gate.judge(&entry) {
            Verdict::Take(from) => from,
            Verdict::Refuse(why) => {
                let why = format!("the snapshot is damaged here, the entry is left out: {why}");
                self.site.tally.failed(&entry.path, why);
                self.incomplete = true;
                return Ok(());
            }
            Verdict::Follow => {
                self.site.tally.failed_too(1);
                return Ok(());
            }
        };
        let path = entry.path[from..].to_vec();
        if path.is_empty() {
            self.target_itself(&entry);
            return Ok(());
        }
        let (folder, name) = split(&path);
        if !self.go_to(folder)? {
            self.gate.block(&entry.path);
            self.site.tally.failed_too(1);
            return Ok(());
        }
        let existing = self.existing(name)?;
        self.place(entry, Spot { path: &path, existing })?;
        if self.window.is_full() { self.flush() } else { Ok(()) }
    }

    fn place(&mut self, entry: Entry, spot: Spot<'_>) -> Result<()> {
        if entry.flags.unstable {
            self.site.tally.unstable(spot.path);
        }
        match entry.meta.kind {
            Kind::Dir => {
                if !self.folder(Some(&entry), spot)? {
                    self.gate.block(&entry.path);
                }
                Ok(())
            }
            Kind::Socket => {
                self.site.tally.done(Action::Skipped, spot.path);
                Ok(())
            }
            _ => match self.first_name(&entry)? {
                Some(_) if self.options.dry_run => {
                    self.site.tally.done(Action::Linked, spot.path);
                    Ok(())
                }
                Some(_) => {
                    if self.make_way(spot) {
                        let existing = spot.existing.filter(|meta| meta.kind != Kind::Dir);
                        let (path, odd_folder) = (spot.path.to_vec(), self.note.odd);
                        self.window.link(Link { path, existing, odd_folder, entry });
                    }
                    Ok(())
                }
                None => self.leaf(entry, spot, self.note.odd),
            },
        }
    }

    /// A folder that this restore made gets the attributes of the folder that was asked for; one that was
    /// there is somebody's own.
    fn target_itself(&mut self, entry: &Entry) {
        if entry.meta.kind == Kind::Dir && self.note.made && !self.options.dry_run {
            self.note.attrs = Some((Attrs::from(&entry.meta), entry.xattrs.clone()));
            self.stack.set_note(self.note.encode());
        }
    }

    /// Whether `--delete` reaches into this folder (below the target): only where the snapshot holds it whole.
    pub(crate) fn may_delete(&self, path: &[u8]) -> bool {
        let full = if self.under.is_empty() { path.to_vec() } else { join_under(self.under, path) };
        self.options.delete && self.options.whole_folders.iter().any(|whole| is_within(&full, whole))
    }

    /// Makes `folder` the present one: leaves others, makes those the snapshot has lost.
    fn go_to(&mut self, folder: &[u8]) -> Result<bool> {
        while !is_within(folder, &self.path) {
            self.leave()?;
        }
        while self.path.len() < folder.len() {
            let from = if self.path.is_empty() { 0 } else { self.path.len() + 1 };
            let to = folder[from..].iter().position(|b| *b == b'/').map_or(folder.len(), |n| from + n);
            let existing = self.existing(&folder[from..to])?;
            if !self.folder(None, Spot { path: &folder[..to], existing })? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What has this name in the present folder. What comes before it is not in the snapshot.
    fn existing(&mut self, name: &[u8]) -> Result<Option<Meta>> {
        while let Some(record) = self.stack.peek()? {
            let (found, meta) = record::decode(record);
            match found.cmp(name) {
                std::cmp::Ordering::Less => self.pass_extra()?,
                std::cmp::Ordering::Greater => return Ok(None),
                std::cmp::Ordering::Equal => {
                    self.stack.next()?;
                    return Ok(Some(meta));
                }
            }
        }
        Ok(None)
    }

    /// Deals with the next of what is in the present folder but not in the snapshot.
    fn pass_extra(&mut self) -> Result<()> {
        let Some((_, record)) = self.stack.next()? else { return Ok(()) };
        let (name, meta) = record::decode(record);
        if self.site.temps.is_stale(name, &meta) && !self.options.dry_run {
            // What cannot be removed is in nobody's way.
            let _ = self.folders.folder(&self.path).and_then(|(dir, _)| unlinkat(dir, name, AtFlags::empty()));
            return Ok(());
        }
        if !self.note.delete || self.incomplete {
            return Ok(());
        }
        if self.site.own.contains(&(meta.dev, meta.ino)) {
            return Ok(());
        }
        let path = join(&self.path, name);
        self.site.tally.check()?;
        if self.options.dry_run || self.remove(&path, &meta) {
            self.site.tally.done(Action::Deleted, &path);
        }
        Ok(())
    }

    /// Removes what is at `path`, in the present folder; says whether that went well.
    fn remove(&mut self, path: &[u8], meta: &Meta) -> bool {
        let (folder, name) = split(path);
        let result = match self.folders.folder(folder) {
            Ok((dir, _)) => remove(self.site, dir, name, meta),
            Err(err) => Err(err.to_string()),
        };
        if let Err(why) = &result {
            self.site.tally.failed(path, format!("cannot delete what is not in the snapshot: {why}"));
        }
        result.is_ok()
    }

    /// Removes a folder that is where something else should be, if it is empty or may be deleted.
    pub(crate) fn make_way(&mut self, spot: Spot<'_>) -> bool {
        let Some(meta) = spot.existing.filter(|meta| meta.kind == Kind::Dir) else { return true };
        if self.options.dry_run {
            return true;
        }
        if self.note.delete && !self.incomplete {
            return self.remove(spot.path, &meta);
        }
        let (folder, name) = split(spot.path);
        let flags = AtFlags::REMOVEDIR;
        let removed = self.folders.folder(folder).and_then(|(dir, _)| unlinkat(dir, name, flags));
        if removed.is_err() {
            let why = "a folder that is not empty is in its place; move it away, or restore with --delete";
            self.site.tally.failed(spot.path, why);
        }
        removed.is_ok()
    }

    /// Leaves the present folder: its attributes are set when all below it is there.
    pub(crate) fn leave(&mut self) -> Result<()> {
        while self.stack.peek()?.is_some() {
            self.pass_extra()?;
        }
        self.stack.pop()?;
        let note = std::mem::take(&mut self.note);
        if !self.options.dry_run && note.attrs.is_some() {
            self.window.close(Closing { path: self.path.clone(), note: note.encode() });
        }
        let above = split(&self.path).0.len();
        self.path.truncate(above);
        if let Some(frame) = self.stack.last() {
            self.note = Note::decode(&frame.note);
        }
        if self.window.is_full() { self.flush() } else { Ok(()) }
    }

    /// Ends it all.
    pub(crate) fn finish(&mut self) -> Result<()> {
        while self.stack.last().is_some() {
            self.leave()?;
        }
        self.flush()
    }
}

fn join_under(under: &[u8], path: &[u8]) -> Vec<u8> {
    if path.is_empty() { under.to_vec() } else { join(under, path) }
}
