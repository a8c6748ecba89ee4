//! Anything but folders: kept where it is right, made or put under way where it is not.

use super::attrs::{Attrs, Handle, Now};
use super::files::File;
use super::report::{Action, Refused};
use super::temp::ALONE;
use super::tree::{Spot, Tree};
use super::window::xattr_bytes;
use super::write::Writer;
use crate::fs::{meta_of, split};
use atalaya_repo::model::{Entry, Kind, Meta, Run, Time};
use atalaya_repo::view::Want;
use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, fstat, mknodat, openat, readlinkat, symlinkat};
use rustix::io::Errno;

/// What the runs of a file come to.
#[derive(Default)]
struct Sum {
    bytes: u64,
    pieces: u64,
    holes: bool,
}

impl Tree<'_> {
    /// Restores anything but a folder.
    pub(crate) fn leaf(&mut self, entry: Entry, spot: Spot<'_>, odd_folder: bool) -> Result<()> {
        if let Some(meta) = spot.existing.filter(|meta| self.is_right(&entry, spot, meta)) {
            return self.keep(&entry, spot, &meta);
        }
        if !self.make_way(spot) {
            return Ok(());
        }
        let spot = Spot { existing: spot.existing.filter(|meta| meta.kind != Kind::Dir), ..spot };
        if self.options.dry_run {
            self.site.tally.done(made(spot), spot.path);
            return self.name(&entry, spot.path);
        }
        let there = if entry.meta.kind == Kind::File {
            self.file(&entry, spot, odd_folder)?
        } else {
            self.special(&entry, spot, odd_folder)?
        };
        if there { self.name(&entry, spot.path) } else { self.site.tally.check() }
    }

    /// Whether what is there has the right content (for files: as far as size and time tell).
    fn is_right(&mut self, entry: &Entry, spot: Spot<'_>, meta: &Meta) -> bool {
        // A file that is also something else's must not be changed through this name.
        let alone = entry.link.is_some() || meta.nlink == 1;
        if meta.kind != entry.meta.kind || !alone {
            return false;
        }
        match meta.kind {
            Kind::File => meta.size == entry.meta.size && self.same_time(spot.path, meta, entry.meta.mtime),
            Kind::CharDevice | Kind::BlockDevice => meta.rdev == entry.meta.rdev,
            Kind::Symlink => {
                let (folder, name) = split(spot.path);
                let target = self.folders.folder(folder).and_then(|(dir, _)| readlinkat(dir, name, Vec::new()));
                target.is_ok_and(|target| target.as_bytes() == entry.target)
            }
            _ => true,
        }
    }

    /// Whether the time is the one that is wanted, as far as the file system can hold it.
    fn same_time(&mut self, path: &[u8], meta: &Meta, wanted: Time) -> bool {
        let (clock, temps) = (&self.site.clock, &self.site.temps);
        if meta.mtime == wanted {
            return true;
        }
        if self.options.dry_run {
            return clock.same_by_trial(temps, None, meta.dev, meta.mtime, wanted);
        }
        let opened = self.folders.folder(split(path).0);
        opened.is_ok_and(|(dir, _)| clock.same_by_trial(temps, Some(dir), meta.dev, meta.mtime, wanted))
    }

    /// Content that is right stays; attributes are set where they differ.
    fn keep(&mut self, entry: &Entry, spot: Spot<'_>, meta: &Meta) -> Result<()> {
        let attrs = Attrs::from(&entry.meta);
        let mut changed = !self.site.seem_right(&attrs, meta);
        if !self.options.dry_run {
            match self.open_path(spot.path, meta) {
                Ok(fd) => {
                    let handle = Handle { fd: fd.as_fd(), path_only: true };
                    changed = self.site.set(spot.path, handle, &attrs, &entry.xattrs, &Now::from(meta));
                }
                Err(err) => {
                    self.site.lost(spot.path, "look at what is there", err);
                    return Ok(());
                }
            }
            if self.options.verify && meta.kind == Kind::File {
                self.check_kept(entry, spot.path)?;
            }
        }
        self.site.tally.done(if changed { Action::Fixed } else { Action::Kept }, spot.path);
        self.name(entry, spot.path)
    }

    /// Opens anything without effect on it, if it still is what was listed.
    fn open_path(&mut self, path: &[u8], meta: &Meta) -> rustix::io::Result<OwnedFd> {
        let (folder, name) = split(path);
        let (dir, _) = self.folders.folder(folder)?;
        let fd = open_path(dir, name)?;
        if crate::fs::same_inode(&meta_of(&fstat(&fd)?), meta) { Ok(fd) } else { Err(Errno::STALE) }
    }

    /// Puts a file under way; says whether it will be there if all goes well.
    fn file(&mut self, entry: &Entry, spot: Spot<'_>, odd_folder: bool) -> Result<bool> {
        let mark = self.window.wants.mark();
        let sum = match self.collect(entry) {
            Ok(sum) if sum.bytes == entry.meta.size => sum,
            Ok(_) => {
                self.window.wants.reset(mark)?;
                self.site.tally.failed(spot.path, "its content is damaged: the pieces do not come to its size");
                return Ok(false);
            }
            Err(err) => {
                self.window.wants.reset(mark)?;
                self.site.tally.failed(spot.path, format!("its content cannot be found: {err}"));
                return Ok(false);
            }
        };
        let mut file = File::new(Attrs::from(&entry.meta), entry.meta.size, entry.xattrs.clone());
        (file.exists, file.odd_folder) = (spot.existing.is_some(), odd_folder);
        let whole = sum.pieces == 1 && !sum.holes;
        if !whole && let Err(err) = self.prepare(spot.path, &mut file, &sum) {
            self.window.wants.reset(mark)?;
            self.site.lost(spot.path, "make the file", err);
            return Ok(false);
        }
        if sum.pieces > 0 {
            self.window.count(xattr_bytes(entry));
            self.window.files.push(spot.path, file);
        }
        Ok(true)
    }

    /// Lists a file's pieces.
    fn collect(&mut self, entry: &Entry) -> Result<Sum> {
        let (wants, size, file) = (&mut self.window.wants, entry.meta.size, self.window.files.next());
        let mut sum = Sum::default();
        let too_long = || Error::damaged("its pieces come to more than its size");
        self.site.view.runs(entry, &mut |run| {
            let len = match run {
                Run::Hole { len } => len,
                Run::Data { len, .. } => u64::from(len),
            };
            let end = sum.bytes.checked_add(len).filter(|end| *end <= size).ok_or_else(too_long)?;
            match run {
                _ if len == 0 => {}
                Run::Data { chunk, offset, len } => {
                    wants.push(Want { chunk, offset, len, file, at: sum.bytes })?;
                    sum.pieces += 1;
                }
                Run::Hole { .. } => sum.holes = true,
            }
            sum.bytes = end;
            Ok(())
        })?;
        Ok(sum)
    }

    /// Makes a file that has no pieces, or several.
    fn prepare(&mut self, path: &[u8], file: &mut File, sum: &Sum) -> rustix::io::Result<()> {
        let (folder, name) = split(path);
        let (dir, _) = self.folders.folder(folder)?;
        let writer = Writer { site: self.site, files: &self.window.files };
        if sum.pieces == 0 {
            return writer.without_content(dir, name, path, file);
        }
        file.ino = writer.prepare(dir, name, self.window.files.next(), file)?;
        file.expect(sum.pieces.min(u64::from(u32::MAX)) as u32);
        Ok(())
    }

    /// Makes a link, pipe or device.
    fn special(&mut self, entry: &Entry, spot: Spot<'_>, odd_folder: bool) -> Result<bool> {
        let site = self.site;
        let (folder, name) = split(spot.path);
        let make = |dir: BorrowedFd<'_>, name: &[u8]| {
            make_special(dir, name, entry)?;
            let fd = open_path(dir, name)?;
            let now = Now { bare: !odd_folder, mtime: None, ..Now::from(&meta_of(&fstat(&fd)?)) };
            let handle = Handle { fd: fd.as_fd(), path_only: true };
            site.set(spot.path, handle, &Attrs::from(&entry.meta), &entry.xattrs, &now);
            Ok(())
        };
        let made_it = self.folders.folder(folder).and_then(|(dir, _)| match spot.existing {
            Some(_) => site.temps.replace(dir, name, ALONE, |temp| make(dir, temp)),
            None => make(dir, name),
        });
        match made_it {
            Ok(()) => site.tally.done(made(spot), spot.path),
            Err(Errno::PERM) if matches!(entry.meta.kind, Kind::CharDevice | Kind::BlockDevice) => {
                site.tally.refused(Refused::Device, spot.path, &Errno::PERM);
                site.tally.failed_too(1);
            }
            Err(err) => site.lost(spot.path, "make it", err),
        }
        Ok(made_it.is_ok())
    }
}

fn made(spot: Spot<'_>) -> Action {
    if spot.existing.is_some() { Action::Replaced } else { Action::Created }
}

fn open_path(dir: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    openat(dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

fn make_special(dir: BorrowedFd<'_>, name: &[u8], entry: &Entry) -> rustix::io::Result<()> {
    let kind = match entry.meta.kind {
        Kind::Symlink => return symlinkat(&entry.target[..], dir, name),
        Kind::CharDevice => FileType::CharacterDevice,
        Kind::BlockDevice => FileType::BlockDevice,
        _ => FileType::Fifo,
    };
    // Its real mode comes with its owner.
    mknodat(dir, name, kind, Mode::RUSR | Mode::WUSR, entry.meta.rdev)
}
