//! A folder of a snapshot as a POSIX tar archive with extended headers, in bounded memory.
//!
//! Small files are fetched before their headers are written, so one that is damaged is left out and reported.
//! A damaged large file ends the archive: its header is out, and wrong bytes are never written.

use std::io::Write;
use std::path::Path;

use atalaya_repo::model::{Entry, Kind};
use atalaya_repo::view::View;

use super::batch::{Batch, Filled, SMALL_FILE_BYTES_MAX};
use super::content::zeros;
use super::entry::Writer;
use super::links::Links;
use super::ustar;
use super::{Broken, UNSTABLE};

/// Hears of what cannot be archived.
pub(crate) type Problem<'a> = dyn FnMut(&[u8], &str) + 'a;

/// Writes `under` and everything below it; paths that hard links lead to are kept in `spool_dir`. Gives the
/// number of sockets, which no archive holds.
pub(crate) fn archive(
    view: &dyn View,
    under: &[u8],
    spool_dir: &Path,
    out: &mut dyn Write,
    problem: &mut Problem<'_>,
) -> Result<u64, Broken> {
    let writer = Writer { view, out, problem, links: Links::new(spool_dir) };
    let mut archive = Archive { writer, batch: Batch::new(), sockets: 0 };
    let mut entries = view.entries(under)?;
    loop {
        match entries.next() {
            Ok(Some(entry)) => archive.add(entry)?,
            Ok(None) => break,
            Err(err) => (archive.writer.problem)(under, &format!("a part of the snapshot cannot be read: {err}")),
        }
    }
    archive.flush()?;
    // Two blocks of zeros end an archive.
    zeros(2 * ustar::BLOCK as u64, archive.writer.out)?;
    Ok(archive.sockets)
}

struct Archive<'a, 'p> {
    writer: Writer<'a, 'p>,
    batch: Batch,
    sockets: u64,
}

impl Archive<'_, '_> {
    fn add(&mut self, entry: Entry) -> Result<(), Broken> {
        if entry.meta.kind == Kind::Socket {
            self.sockets += 1;
            return Ok(());
        }
        if entry.flags.unstable {
            (self.writer.problem)(&entry.path, UNSTABLE);
        }
        let file = entry.one_file_key();
        let further = file.map_or(Ok(None), |file| self.writer.links.get(&file))?.is_some();
        if !further && entry.meta.kind == Kind::File && entry.meta.size > SMALL_FILE_BYTES_MAX {
            self.flush()?;
            return self.writer.large(&entry);
        }
        if !self.batch.has_room(&entry, further) {
            self.flush()?;
        }
        if !further && let Some(file) = &file {
            self.writer.links.add(file, &entry.path)?;
        }
        let path = entry.path.clone();
        if let Err(err) = self.batch.push(self.writer.view, entry, further) {
            self.writer.leave_out(&path, file.filter(|_| !further), &err)?;
        }
        Ok(())
    }

    /// Writes what was collected.
    fn flush(&mut self) -> Result<(), Broken> {
        let Filled { items, bytes, failed } = self.batch.fill(self.writer.view)?;
        for (number, item) in items.iter().enumerate() {
            match failed.get(&(number as u32)) {
                Some(err) => self.writer.leave_out(&item.entry.path, item.entry.one_file_key(), err)?,
                None => self.writer.small(item, &bytes[item.content.clone()])?,
            }
        }
        self.batch.clear();
        Ok(())
    }
}
