//! Writes single entries of an archive: headers and content.

use std::io::Write;

use atalaya_repo::Error;
use atalaya_repo::model::{Entry, Kind, Xattr, XattrValue};
use atalaya_repo::view::View;
use rustix::fs::{major, minor};

use super::Broken;
use super::batch::Item;
use super::content::{copy, zeros};
use super::links::Links;
use super::pax::Records;
use super::sparse::Stream;
use super::tar::Problem;
use super::ustar::{self, Header, LARGE_MAX, NAME_BYTES_MAX, SMALL_MAX, padding};
use crate::fs::shown;

/// Writes entries, and remembers where names of one file lead to.
pub(super) struct Writer<'a, 'p> {
    pub(super) view: &'a dyn View,
    pub(super) out: &'a mut dyn Write,
    pub(super) problem: &'a mut Problem<'p>,
    pub(super) links: Links<'a>,
}

impl Writer<'_, '_> {
    /// Tells that an entry is not in the archive; `file` if others may be names of the same one.
    pub(super) fn leave_out(&mut self, path: &[u8], file: Option<[u8; 16]>, err: &Error) -> Result<(), Broken> {
        if let Some(file) = file {
            self.links.remove(&file)?;
        }
        (self.problem)(path, &format!("left out of the archive: {err}"));
        Ok(())
    }

    /// Writes an entry whose content is there.
    pub(super) fn small(&mut self, item: &Item, content: &[u8]) -> Result<(), Broken> {
        let entry = &item.entry;
        if item.further {
            let first = entry.one_file_key().map_or(Ok(None), |file| self.links.get(&file))?;
            let Some(first) = first else {
                let err = Error::damaged("the file that it is another name of is damaged");
                return self.leave_out(&entry.path, None, &err);
            };
            return self.headers(entry, Some(&first));
        }
        self.headers(entry, None)?;
        self.out.write_all(content)?;
        zeros(padding(content.len() as u64) as u64, self.out)?;
        Ok(())
    }

    /// Streams a file too large to be fetched before its header is written.
    pub(super) fn large(&mut self, entry: &Entry) -> Result<(), Broken> {
        if let Some(file) = entry.one_file_key() {
            self.links.add(&file, &entry.path)?;
        }
        self.headers(entry, None)?;
        let written = copy(self.view, entry, &mut Stream(self.out)).map_err(|err| match err {
            Broken::Read(err) => {
                Broken::Read(err.context(&format!("the archive ends early, at {}", shown(&entry.path))))
            }
            other @ Broken::Write(_) => other,
        })?;
        zeros(padding(written) as u64, self.out)?;
        Ok(())
    }

    /// Writes the headers of an entry; `first` is the path that a further name of a file leads to.
    fn headers(&mut self, entry: &Entry, first: Option<&[u8]>) -> Result<(), Broken> {
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
        (_, Some(first)) => (ustar::HARD_LINK, first),
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
