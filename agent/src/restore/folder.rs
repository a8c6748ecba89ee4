//! Folders: made before what is in them, given their attributes after it.

use super::attrs::{Attrs, Handle, Now};
use super::note::Note;
use super::report::Action;
use super::tree::{Spot, Tree};
use super::window::Closing;
use crate::fs::{NoAtime, meta_of, split};
use crate::source::keep::{Keep, Verdict};
use crate::source::listing::Listing;
use crate::source::stack::Frame;
use atalaya_repo::Result;
use atalaya_repo::model::{Entry, Kind, Meta};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, mkdirat, unlinkat};
use rustix::io::Errno;

/// Everything in a folder of the target is of interest.
struct All;

impl Keep for All {
    fn name(&mut self, _name: &[u8], _folder: Option<bool>) -> Verdict {
        Verdict::Keep
    }

    fn meta(&mut self, _name: &[u8], _meta: &Meta) -> bool {
        true
    }
}

impl Tree<'_> {
    /// Goes down into a folder, made if need be; `entry` is `None` where the snapshot has lost it. Says
    /// whether it is there.
    pub(crate) fn folder(&mut self, entry: Option<&Entry>, spot: Spot<'_>) -> Result<bool> {
        let there = spot.existing.is_some_and(|meta| meta.kind == Kind::Dir);
        let attrs = entry.map(|entry| (Attrs::from(&entry.meta), entry.xattrs.clone()));
        let delete = self.may_delete(spot.path) && entry.is_some();
        let mut note = Note { odd: false, delete, made: !there, attrs };
        if there {
            return self.push_listed(spot.path, note);
        }
        note.odd = self.note.odd;
        if !self.options.dry_run
            && let Err(err) = self.make_folder(spot)
        {
            self.site.lost(spot.path, "make the folder", err);
            self.site.tally.check()?;
            return Ok(false);
        }
        let action = if spot.existing.is_some() { Action::Replaced } else { Action::Created };
        self.site.tally.done(action, spot.path);
        self.push_empty(spot.path, note).map(|()| true)
    }

    fn make_folder(&mut self, spot: Spot<'_>) -> rustix::io::Result<()> {
        let (folder, name) = split(spot.path);
        let (dir, _) = self.folders.folder(folder)?;
        if spot.existing.is_some() {
            unlinkat(dir, name, AtFlags::empty())?;
        }
        mkdirat(dir, name, Mode::RWXU)
    }

    /// Goes down into a folder that has nothing in it.
    pub(crate) fn push_empty(&mut self, path: &[u8], note: Note) -> Result<()> {
        let runs_start = self.stack.runs.end();
        self.push(
            path,
            note,
            Frame {
                path_len: path.len(),
                id: (0, 0),
                listing: Listing::memory(Vec::new()),
                runs_start,
                note: Vec::new(),
            },
        )
    }

    /// Goes down into a folder that was there.
    pub(crate) fn push_listed(&mut self, path: &[u8], mut note: Note) -> Result<bool> {
        let fd = match self.open_folder(path) {
            Ok(fd) => fd,
            Err(err) => {
                self.site.lost(path, "open the folder", err);
                self.site.tally.check()?;
                return Ok(false);
            }
        };
        let runs_start = self.stack.runs.end();
        let scan = self.scanner.scan(fd.as_fd(), &mut All, &mut self.stack.runs)?;
        if let Some(trouble) = scan.trouble {
            self.site.tally.failed(path, trouble);
            note.delete = false;
        }
        let handle = Handle { fd: fd.as_fd(), path_only: false };
        let meta = fstat(&fd).map(|stat| meta_of(&stat)).ok();
        note.odd = meta.is_none_or(|meta| meta.mode & 0o2000 != 0) || handle.hands_down_acl();
        if self.options.dry_run && !path.is_empty() {
            let right =
                note.attrs.as_ref().zip(meta).is_none_or(|((attrs, _), meta)| self.site.seem_right(attrs, &meta));
            self.site.tally.done(if right { Action::Kept } else { Action::Fixed }, path);
        }
        let id = meta.map_or((0, 0), |meta| (meta.dev, meta.ino));
        let frame = Frame { path_len: path.len(), id, listing: scan.listing, runs_start, note: Vec::new() };
        self.push(path, note, frame).map(|()| true)
    }

    fn push(&mut self, path: &[u8], note: Note, mut frame: Frame) -> Result<()> {
        frame.note = note.encode();
        self.path.clear();
        self.path.extend_from_slice(path);
        self.note = note;
        self.stack.push(frame)
    }

    /// Opens a folder for listing, and lets ourselves in where its mode does not.
    fn open_folder(&mut self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let dry_run = self.options.dry_run;
        let (dir, _) = self.folders.folder(path)?;
        if !dry_run && self.site.me.uid != 0 {
            let meta = meta_of(&fstat(dir)?);
            if meta.uid == self.site.me.uid && meta.mode & 0o700 != 0o700 {
                Handle { fd: dir, path_only: true }.chmod(meta.mode | 0o700)?;
            }
        }
        NoAtime::default().open(dir, b".", OFlags::RDONLY | OFlags::DIRECTORY, self.site.me.uid)
    }

    /// Gives a folder its attributes, all below it being there.
    pub(crate) fn close_folder(&mut self, closing: &Closing) {
        let note = Note::decode(&closing.note);
        let Some((attrs, xattrs)) = note.attrs else { return };
        let site = self.site;
        let opened = self.folders.folder(&closing.path).and_then(|(fd, _)| Ok((fd, meta_of(&fstat(fd)?))));
        match opened {
            Ok((fd, meta)) => {
                let handle = Handle { fd, path_only: true };
                let now = Now { bare: note.made && !note.odd, ..Now::from(&meta) };
                let changed = site.set(&closing.path, handle, &attrs, &xattrs, &now);
                if !note.made {
                    site.tally.done(if changed { Action::Fixed } else { Action::Kept }, &closing.path);
                }
            }
            Err(Errno::NOENT) => site.tally.failed(&closing.path, "the folder vanished while it was restored"),
            Err(err) => site.tally.failed(&closing.path, format!("cannot set the folder's attributes: {err}")),
        }
    }
}
