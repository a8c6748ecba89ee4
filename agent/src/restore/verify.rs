//! Reads what was restored again and compares it with the snapshot.

use super::attrs::Attrs;
use super::files::{File, Files};
use super::site::Site;
use super::tree::Tree;
use super::write::piece;
use crate::fs::{Folders, NoAtime, has_bytes, has_zeros, split};
use atalaya_repo::model::{Entry, Run};
use atalaya_repo::view::Want;
use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Advice, OFlags, fadvise, fstat};
use rustix::io::Errno;
use std::num::NonZeroU64;

impl Tree<'_> {
    /// Notes the content of a file that was taken for right, to compare it with the window's.
    pub(crate) fn check_kept(&mut self, entry: &Entry, path: &[u8]) -> Result<()> {
        let mark = self.window.checks.mark();
        let fd = self.open_kept(path, entry);
        let (checks, file) = (&mut self.window.checks, self.window.files.next());
        let mut at = 0;
        let noted = self.site.view.runs(entry, &mut |run| {
            match run {
                Run::Hole { len } => {
                    let fd = fd.as_ref().map_err(|err| Error::damaged(err.to_string()))?;
                    if !has_zeros(fd.as_fd(), at, len).map_err(|err| Error::damaged(err.to_string()))? {
                        return Err(Error::damaged("there is data where the snapshot has a hole"));
                    }
                    at = at.saturating_add(len);
                }
                Run::Data { chunk, offset, len } => {
                    checks.push(Want { chunk, offset, len, file, at })?;
                    at = at.saturating_add(u64::from(len));
                }
            }
            Ok(())
        });
        if let Err(err) = noted {
            self.window.checks.reset(mark)?;
            self.site.tally.failed(path, format!("what was there was kept, but cannot be compared: {err}"));
        } else {
            self.window.files.push(path, File::new(Attrs::from(&entry.meta), entry.meta.size, Vec::new()));
        }
        Ok(())
    }

    fn open_kept(&mut self, path: &[u8], entry: &Entry) -> rustix::io::Result<OwnedFd> {
        let (folder, name) = split(path);
        let (dir, _) = self.folders.folder(folder)?;
        NoAtime::default().open(dir, name, OFlags::RDONLY, entry.meta.uid)
    }

    /// Compares all of the window.
    pub(crate) fn verify(&mut self) -> Result<()> {
        // What is compared should come from the disk.
        self.disk.sync()?;
        let (site, files) = (self.site, &self.window.files);
        let checker = Checker { site, files };
        let deliver = |wants: &[Want], chunk: Result<&[u8]>| checker.deliver(wants, chunk);
        self.window.wants.fetch_again(site.view, &deliver)?;
        self.window.checks.fetch_again(site.view, &deliver)?;
        files.iter().filter(|file| !file.has_failed()).for_each(|_| site.tally.verified());
        site.tally.check()
    }
}

/// Compares pieces. Runs in the threads of `View::fetch`.
struct Checker<'a> {
    site: &'a Site<'a>,
    files: &'a Files,
}

impl Checker<'_> {
    fn deliver(&self, wants: &[Want], chunk: Result<&[u8]>) {
        let mut folders = match self.site.folders() {
            Ok(folders) => folders,
            Err(err) => return self.site.tally.give_up(err),
        };
        for want in wants {
            let Some(file) = self.files.get(want.file).filter(|file| !file.has_failed()) else { continue };
            let result = piece(want, &chunk).and_then(|bytes| self.compare(&mut folders, file, want, bytes));
            if let Err(why) = result
                && file.fail()
            {
                self.site.tally.failed(&self.files.path(file), why);
            }
        }
        self.site.give_back(folders);
    }

    fn compare(
        &self,
        folders: &mut Folders,
        file: &File,
        want: &Want,
        bytes: &[u8],
    ) -> std::result::Result<(), String> {
        let unread = |err: Errno| format!("cannot be read again: {err}");
        let (dir, _) = folders.folder(self.files.folder(file)).map_err(unread)?;
        let opened = NoAtime::default().open(dir, self.files.name(file), OFlags::RDONLY, file.attrs.uid);
        let fd = opened.map_err(unread)?;
        let _ = fadvise(&fd, want.at, NonZeroU64::new(bytes.len() as u64), Advice::DontNeed);
        let size = fstat(&fd).map_err(unread)?.st_size;
        if size as u64 == file.size && has_bytes(fd.as_fd(), want.at, bytes).map_err(unread)? {
            return Ok(());
        }
        Err("its content is not what the snapshot holds; remove it and restore it again".into())
    }
}
