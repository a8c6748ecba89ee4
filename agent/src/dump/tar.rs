//! A folder of a snapshot as a POSIX tar archive with extended headers, in bounded memory.
//!
//! Small files are fetched before their headers are written, so one that is damaged is left out and reported.
//! A damaged large file ends the archive: its header is out, and wrong bytes are never written.

use std::io::Write;

use atalaya_repo::Error;
use atalaya_repo::model::{Entry, Kind, LinkGroup, Xattr, XattrValue};
use atalaya_repo::view::View;
use rustix::fs::{major, minor};

use super::Broken;
use super::batch::{Batch, Filled, Item, SMALL_FILE_BYTES_MAX};
use super::content::{copy, zeros};
use super::links::Links;
use super::pax::Records;
use super::ustar::{self, Header, LARGE_MAX, NAME_BYTES_MAX, SMALL_MAX, padding};
use crate::fs::shown;

/// Hears of what cannot be archived.
pub(crate) type Problem<'a> = dyn FnMut(&[u8], &str) + 'a;

/// Writes `under` and everything below it. Gives the number of files with several names whose names became
/// files of their own, because there were too many to remember.
pub(crate) fn archive(
    view: &dyn View,
    under: &[u8],
    out: &mut dyn Write,
    problem: &mut Problem<'_>,
) -> std::result::Result<u64, Broken> {
    let mut archive = Archive { view, out, problem, links: Links::default(), batch: Batch::new() };
    let mut entries = view.entries(under)?;
    loop {
        match entries.next() {
            Ok(Some(entry)) => archive.add(entry)?,
            Ok(None) => break,
            Err(err) => (archive.problem)(under, &err.text),
        }
    }
    archive.flush()?;
    // Two blocks of zeros end an archive.
    zeros(2 * ustar::BLOCK as u64, archive.out)?;
    Ok(archive.links.dropped)
}

struct Archive<'a, 'p> {
    view: &'a dyn View,
    out: &'a mut dyn Write,
    problem: &'a mut Problem<'p>,
    links: Links,
    batch: Batch,
}

impl Archive<'_, '_> {
    fn add(&mut self, entry: Entry) -> std::result::Result<(), Broken> {
        if entry.meta.kind == Kind::Socket {
            return Ok(());
        }
        let linked = entry.link.is_some_and(|group| self.links.get(&group).is_some());
        let content = entry.meta.kind == Kind::File && !linked;
        if content && entry.meta.size > SMALL_FILE_BYTES_MAX {
            self.flush()?;
            return self.large(&entry);
        }
        if !self.batch.has_room(&entry, content) {
            self.flush()?;
        }
        if content && let Some(group) = entry.link {
            self.links.add(group, &entry.path);
        }
        let (path, group) = (entry.path.clone(), entry.link);
        if let Err(err) = self.batch.push(self.view, entry, content) {
            self.drop_entry(&path, group.filter(|_| content), &err);
        }
        Ok(())
    }

    fn drop_entry(&mut self, path: &[u8], group: Option<LinkGroup>, err: &Error) {
        if let Some(group) = group {
            self.links.remove(&group);
        }
        (self.problem)(path, &format!("left out of the archive: {err}"));
    }

    /// Writes what was collected.
    fn flush(&mut self) -> std::result::Result<(), Broken> {
        let mut batch = std::mem::replace(&mut self.batch, Batch::new());
        let Filled { items, bytes, failed } = batch.fill(self.view)?;
        for (number, item) in items.iter().enumerate() {
            match failed.get(&(number as u32)) {
                Some(err) => self.drop_entry(&item.entry.path, item.entry.link, err),
                None => self.small(item, &bytes[item.content.clone()])?,
            }
        }
        batch.clear();
        self.batch = batch;
        Ok(())
    }

    fn small(&mut self, item: &Item, content: &[u8]) -> std::result::Result<(), Broken> {
        let entry = &item.entry;
        if entry.meta.kind == Kind::File && !item.has_content {
            let first = entry.link.and_then(|group| self.links.get(&group)).map(<[u8]>::to_vec);
            let Some(first) = first else {
                self.drop_entry(&entry.path, None, &Error::damaged("the file that it is another name of is damaged"));
                return Ok(());
            };
            return self.header(entry, Some(&first));
        }
        self.header(entry, None)?;
        self.out.write_all(content)?;
        zeros(padding(content.len() as u64) as u64, self.out)?;
        Ok(())
    }

    /// Streams a file too large to be fetched before its header is written.
    fn large(&mut self, entry: &Entry) -> std::result::Result<(), Broken> {
        if let Some(group) = entry.link {
            self.links.add(group, &entry.path);
        }
        self.header(entry, None)?;
        let written = copy(self.view, entry, self.out).map_err(|err| match err {
            Broken::Read(err) => {
                Broken::Read(err.context(&format!("the archive ends early, at {}", shown(&entry.path))))
            }
            other @ Broken::Write(_) => other,
        })?;
        zeros(padding(written) as u64, self.out)?;
        Ok(())
    }

    /// Writes the headers of an entry; `first` is the path that a further name of a file leads to.
    fn header(&mut self, entry: &Entry, first: Option<&[u8]>) -> std::result::Result<(), Broken> {
        let xattrs = self.readable_xattrs(entry);
        let header = header_of(entry, first);
        let mut name = header.name.to_vec();
        if header.kind == ustar::FOLDER {
            name.push(b'/');
        }
        let header = Header { name: &name, ..header };
        records_of(&header, entry).write(self.view, &xattrs, self.out)?;
        self.out.write_all(&header.encode())?;
        Ok(())
    }

    /// Attributes whose values can be had. Those in blobs of their own are read once more when they are
    /// written, so that never more than one is in memory.
    fn readable_xattrs(&mut self, entry: &Entry) -> Vec<Xattr> {
        let mut kept = Vec::new();
        for xattr in &entry.xattrs {
            let value = match &xattr.value {
                XattrValue::Inline(_) => Ok(()),
                blob @ XattrValue::Blob(..) => self.view.xattr_value(blob).map(drop),
            };
            match value {
                Ok(()) => kept.push(xattr.clone()),
                Err(err) => {
                    let name = String::from_utf8_lossy(&xattr.name);
                    (self.problem)(&entry.path, &format!("archived without its attribute {name}: {err}"));
                }
            }
        }
        kept
    }
}

fn header_of<'a>(entry: &'a Entry, first: Option<&'a [u8]>) -> Header<'a> {
    let meta = &entry.meta;
    let (kind, link) = match (meta.kind, first) {
        (Kind::File, Some(first)) => (ustar::HARD_LINK, first),
        (Kind::File | Kind::Socket, _) => (ustar::FILE, &b""[..]),
        (Kind::Dir, _) => (ustar::FOLDER, &b""[..]),
        (Kind::Symlink, _) => (ustar::SYMLINK, &entry.target[..]),
        (Kind::Fifo, _) => (ustar::FIFO, &b""[..]),
        (Kind::CharDevice, _) => (ustar::CHAR_DEVICE, &b""[..]),
        (Kind::BlockDevice, _) => (ustar::BLOCK_DEVICE, &b""[..]),
    };
    Header {
        name: &entry.path,
        kind,
        mode: meta.mode,
        uid: meta.uid,
        gid: meta.gid,
        size: if kind == ustar::FILE { meta.size } else { 0 },
        mtime: meta.mtime.secs,
        link,
        device: (major(meta.rdev).into(), minor(meta.rdev).into()),
    }
}

/// What the plain header cannot say.
fn records_of(header: &Header<'_>, entry: &Entry) -> Records {
    let mut records = Records::default();
    if header.name.len() > NAME_BYTES_MAX {
        records.add("path", header.name);
    }
    if header.link.len() > NAME_BYTES_MAX {
        records.add("linkpath", header.link);
    }
    if header.size > LARGE_MAX {
        records.add_number("size", header.size);
    }
    for (key, id) in [("uid", header.uid), ("gid", header.gid)] {
        if u64::from(id) > SMALL_MAX {
            records.add_number(key, id.into());
        }
    }
    let mtime = entry.meta.mtime;
    if mtime.nanos != 0 || u64::try_from(mtime.secs).is_ok_and(|secs| secs > LARGE_MAX) || mtime.secs < 0 {
        records.add_time("mtime", mtime);
    }
    records
}
