//! In which key epoch each pack is sealed. A pack never changes, so its header is read once: what it said stays in a file of
//! the state folder, sorted rows of type, id and epoch. One that is torn is none, and headers are read again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::check::packs::KEY_BYTES;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::{HEADER_FIXED_BYTES, Header};
use crate::side::Side;
use crate::sorter::Sorted;
use crate::{Error, Kind, Repository, Result};

const NAME: &str = "pack-epochs";
const ROW_BYTES: usize = KEY_BYTES + 2;

/// Asked in order of type and id.
pub(super) struct PackEpochs<'a> {
    repo: &'a Repository,
    known: Option<Side<ROW_BYTES>>,
    path: PathBuf,
    partial: PathBuf,
    out: BufWriter<File>,
}

fn failed(err: &std::io::Error) -> Error {
    Error::io("cannot write to the state folder", err)
}

fn known(path: &Path) -> Option<Side<ROW_BYTES>> {
    let file = File::open(path).ok()?;
    let len = file.metadata().ok()?.len();
    if !len.is_multiple_of(ROW_BYTES as u64) {
        return None;
    }
    Side::new(Sorted::of_file(file, 0, len).ok()?).ok()
}

impl<'a> PackEpochs<'a> {
    pub(super) fn open(repo: &'a Repository) -> Result<Self> {
        let path = repo.state().join(NAME);
        let partial = names::partial(&path)?;
        let out = BufWriter::new(File::create(&partial).map_err(|err| failed(&err))?);
        Ok(Self { repo, known: known(&path), path, partial, out })
    }

    /// The epoch of a pack that is in the store; none where its header cannot be read.
    pub(super) fn of(&mut self, kind: BlobType, id: PackId) -> Result<Option<u16>> {
        let mut row = [0; ROW_BYTES];
        row[0] = kind.number();
        row[1..KEY_BYTES].copy_from_slice(&id.0);
        let before = match &mut self.known {
            Some(rows) => rows.take(&row[..KEY_BYTES])?,
            None => None,
        };
        let epoch = match before {
            Some(row) => u16::from_be_bytes([row[KEY_BYTES], row[KEY_BYTES + 1]]),
            None => match self.read(kind, id) {
                Ok(epoch) => epoch,
                Err(err) if matches!(err.kind, Kind::Damaged | Kind::NotFound | Kind::TooNew) => return Ok(None),
                Err(err) => return Err(err),
            },
        };
        row[KEY_BYTES..].copy_from_slice(&epoch.to_be_bytes());
        self.out.write_all(&row).map_err(|err| failed(&err))?;
        Ok(Some(epoch))
    }

    fn read(&self, kind: BlobType, id: PackId) -> Result<u16> {
        let mut fixed = [0; HEADER_FIXED_BYTES];
        self.repo.store.get(&names::pack(kind, id), 0, &mut fixed)?;
        let header = Header::parse(&fixed)?;
        if header.id == id && header.kind == kind {
            Ok(header.epoch)
        } else {
            Err(Error::damaged("it is another pack"))
        }
    }

    /// For the next time.
    pub(super) fn keep(mut self) -> Result<()> {
        self.out.flush().and_then(|()| std::fs::rename(&self.partial, &self.path)).map_err(|err| failed(&err))
    }
}
