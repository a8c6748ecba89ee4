//! Restoring a snapshot into a folder.
//!
//! Entries come in tree order and are taken in windows. First everything but content is made, folder by folder,
//! against a sorted listing of what is there; then the chunks of the window's files are fetched, each once, in
//! the order of the packs, and written from the fetching threads; then links are made, content is
//! compared if asked for, and folders below which all is done get their attributes. Every path is opened one component
//! at a time and never through a symbolic link, so nothing in a snapshot or in the target leads elsewhere.

mod attrs;
mod clock;
mod disk;
mod files;
mod folder;
mod leaf;
mod links;
mod make;
mod note;
mod order;
mod remove;
mod report;
mod site;
mod tally;
mod temp;
mod tree;
mod verify;
mod wants;
mod window;
mod write;
mod xattrs;

pub use report::{Action, Problem, Progress, Quiet, Refusal, Refused, Report};

use atalaya_repo::view::View;
use atalaya_repo::view::Want;
use atalaya_repo::{Error, Kind, Result, model};
use disk::Disk;
use site::{Site, Target};
use std::path::{Path, PathBuf};
use tally::Tally;
use tree::Tree;
use write::Writer;

/// After so many entries in a row that cannot be read, the snapshot is given up.
const UNREADABLE_MAX: u32 = 1000;

/// How to restore.
#[derive(Clone, Debug)]
pub struct Options {
    /// Delete what is in restored folders but not in the snapshot (what was excluded from it too). Only within
    /// `whole_folders`; never on other file systems, nothing of `own_folders`, and nothing more once a part of
    /// the snapshot turned out to be unreadable.
    pub delete: bool,
    /// Paths of the snapshot that it holds whole: its sources. The folders above them hold more than was backed up.
    pub whole_folders: Vec<Vec<u8>>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Read all content again, what was kept too, and compare it.
    pub verify: bool,
    /// Repository, state and spool: nothing is restored into them, and they are not deleted.
    pub own_folders: Vec<PathBuf>,
    /// Entries that are under way at once.
    pub window_entries: usize,
    /// Memory for what is under way, in bytes. (Listing what is in the target takes up to 512 KiB more.)
    pub memory_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            delete: false,
            whole_folders: Vec::new(),
            dry_run: false,
            verify: false,
            own_folders: Vec::new(),
            window_entries: 65_536,
            memory_bytes: 3 << 19,
        }
    }
}

/// Restores what lies at `under` in the snapshot into the folder `target`, which is made if need be: what is
/// in `under` when that is a folder, the file itself when it is a file, everything by its full path
/// when `under` is empty. A folder's own attributes are given to `target` only if this call makes it.
///
/// What has the same kind, size and time already is kept, so that an interrupted restore goes on where it
/// was; what is replaced stays until its successor is complete. Single paths that fail are told to `progress` and
/// counted; they do not end the restore.
///
/// # Errors
/// `Usage` if the target lies in an own folder or is not a folder, or if all beside a single file would be deleted; `NotFound` if there is nothing at `under`; `Full` if
/// the disk is; `Interrupted`; and what the store or the spool folder refuses as a whole.
pub fn restore(
    view: &dyn View,
    under: &[u8],
    target: &Path,
    options: &Options,
    spool_dir: &Path,
    progress: &dyn Progress,
) -> Result<Report> {
    // Before the target is made.
    refuse_nothing_and_all(view, under, options.delete)?;
    let own = site::ids(options.own_folders.iter());
    let target = Target::open(target, &own, options.dry_run)?;
    let kept = site::ids(options.own_folders.iter().chain([&spool_dir.to_path_buf()]));
    let site = Site::new(view, Tally::new(progress), target.fd, kept);
    let disk = Disk::of(site.root());
    let found = disk.meanwhile(|settle| -> Result<bool> {
        let mut tree = Tree::new(&site, options, under, spool_dir, (&disk, settle))?;
        tree.start(target.created)?;
        let found = take_all(view, under, &site, &mut tree).and_then(|found| tree.finish().map(|()| found));
        if found.is_err() {
            tree.abandon();
        }
        found
    })?;
    if !found {
        return Err(not_there(under));
    }
    if !options.dry_run {
        disk.sync()?;
    }
    Ok(site.tally.report())
}

/// A path that is not there, and `--delete` beside one file: the folder that it goes into holds other things.
fn refuse_nothing_and_all(view: &dyn View, under: &[u8], delete: bool) -> Result<()> {
    if under.is_empty() {
        return Ok(());
    }
    match view.entries(under)?.next() {
        Ok(None) => Err(not_there(under)),
        Ok(Some(entry)) if delete && entry.path == under && entry.meta.kind != model::Kind::Dir => Err(Error::new(
            Kind::Usage,
            "cannot restore one file with --delete: everything beside it would be deleted; leave --delete out",
        )),
        // What cannot be read is told when its turn comes.
        _ => Ok(()),
    }
}

fn not_there(under: &[u8]) -> Error {
    Error::new(Kind::NotFound, format!("cannot restore {}: the snapshot has no such path", crate::fs::shown(under)))
}

/// Passes all entries on; `false` if there was none.
fn take_all(view: &dyn View, under: &[u8], site: &Site<'_>, tree: &mut Tree<'_>) -> Result<bool> {
    let mut entries = view.entries(under)?;
    let (mut any, mut unreadable) = (under.is_empty(), 0);
    loop {
        match entries.next() {
            Ok(None) => return Ok(any),
            Ok(Some(entry)) => {
                (any, unreadable) = (true, 0);
                tree.entry(entry)?;
            }
            Err(err) if unreadable == UNREADABLE_MAX => return Err(err),
            Err(err) => {
                (any, unreadable) = (true, unreadable + 1);
                tree.incomplete = true;
                site.tally.failed(&tree.path, format!("a part of the snapshot cannot be read: {err}"));
            }
        }
        if site.tally.is_over() {
            site.tally.check()?;
        }
    }
}

impl Tree<'_> {
    /// Finishes what is under way.
    fn flush(&mut self) -> Result<()> {
        self.fetch()?;
        for link in std::mem::take(&mut self.window.links) {
            self.link(link)?;
        }
        if self.options.verify && !self.options.dry_run {
            self.verify()?;
        }
        for closing in std::mem::take(&mut self.window.closing) {
            self.close_folder(&closing);
        }
        // Many files cost the disk's journal time, which passes meanwhile; few large ones are written sooner by the kernel
        // alone. If the thread is at work still, it will be told again.
        if !self.options.dry_run && self.window.files.are_small() {
            let _ = self.settle.try_send(());
        }
        self.window.clear()
    }

    /// The restore ends early: no file stays that has only a part of its content.
    fn abandon(&mut self) {
        let writer = Writer { site: self.site, files: &self.window.files };
        for number in 0..self.window.files.next() {
            writer.abandon(&mut self.folders, number);
        }
    }

    /// Fetches and writes what was not yet.
    fn fetch(&mut self) -> Result<()> {
        let writer = Writer { site: self.site, files: &self.window.files };
        let deliver = |wants: &[Want], chunk: Result<&[u8]>| writer.deliver(wants, chunk);
        self.window.wants.fetch(self.site.view, &deliver)?;
        self.site.tally.check()
    }
}
