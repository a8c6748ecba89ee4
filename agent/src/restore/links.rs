//! Hard links: the first name makes the file, the others are linked to it.

use super::report::{Action, Refused};
use super::temp::ALONE;
use super::tree::{Spot, Tree};
use super::window::Link;
use crate::fs::{meta_of, split};
use atalaya_repo::Result;
use atalaya_repo::model::Entry;
use rustix::fs::{AtFlags, linkat, statat};
use rustix::io::Errno;

impl Tree<'_> {
    /// Where the first name of an entry with several is noted, if there was one.
    pub(crate) fn first_name(&mut self, entry: &Entry) -> Result<Option<u64>> {
        entry.one_file_key().map_or(Ok(None), |file| self.names.get(&file))
    }

    /// Notes `path` as the name that others of the same file are linked to.
    pub(crate) fn name(&mut self, entry: &Entry, path: &[u8]) -> Result<()> {
        if let Some(file) = entry.one_file_key() {
            let at = self.names.keep(path)?;
            self.names.insert(&file, at)?;
        }
        Ok(())
    }

    /// Makes a further name; where that is refused, a file of its own.
    pub(crate) fn link(&mut self, link: Link) -> Result<()> {
        let Some(at) = self.first_name(&link.entry)? else { return Ok(()) };
        let first = self.names.kept(at)?;
        match self.try_link(&first, &link) {
            Ok(action) => {
                self.site.tally.done(action, &link.path);
                return Ok(());
            }
            Err(Errno::EXIST) => {
                self.site.lost(&link.path, "make the link", Errno::EXIST);
                return Ok(());
            }
            // The first one did not come about, which was told.
            Err(Errno::NOENT | Errno::STALE) => {}
            Err(err) => self.site.tally.refused(Refused::HardLink, &link.path, &err),
        }
        self.leaf(link.entry, Spot { path: &link.path, existing: link.existing }, link.odd_folder)?;
        self.fetch()
    }

    fn try_link(&mut self, first: &[u8], link: &Link) -> rustix::io::Result<Action> {
        let (first_folder, first_name) = split(first);
        let (folder, name) = split(&link.path);
        let (first_dir, _) = self.first_folders.folder(first_folder)?;
        let (dir, _) = self.folders.folder(folder)?;
        let there = meta_of(&statat(first_dir, first_name, AtFlags::SYMLINK_NOFOLLOW)?);
        let wanted = &link.entry.meta;
        // Whole seconds, because some file systems keep no others.
        if (there.kind, there.size, there.mtime.secs) != (wanted.kind, wanted.size, wanted.mtime.secs) {
            return Err(Errno::STALE);
        }
        if let Some(meta) = link.existing {
            if crate::fs::same_inode(&meta, &there) {
                return Ok(Action::Kept);
            }
            let make = |temp: &[u8]| linkat(first_dir, first_name, dir, temp, AtFlags::empty());
            return self.site.temps.replace(dir, name, ALONE, make).map(|()| Action::Linked);
        }
        linkat(first_dir, first_name, dir, name, AtFlags::empty())?;
        Ok(Action::Linked)
    }
}
