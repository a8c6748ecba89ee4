//! When each pack was last read and found sound, in a file of the state folder: sorted rows between a magic number and a
//! checksum. One that is torn, older or newer is none: then everything counts as never read.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::packs::{KEY_BYTES, ROW_BYTES as PACK_ROW, indexed_packs};
use crate::index::IndexSet;
use crate::pack::Checksummer;
use crate::side::Side;
use crate::sorter::Sorted;
use crate::{Error, Result, names};

const NAME: &str = "read-packs";
const MAGIC: &[u8; 8] = b"atseen\x01\0";
const SUM_BYTES: usize = 16;
/// Type, id, seconds since 1970.
pub(super) const ROW_BYTES: usize = KEY_BYTES + 4;

/// What earlier checks read, to be asked in order of type and id.
pub(super) struct Seen {
    rows: Option<Side<ROW_BYTES>>,
}

impl Seen {
    pub(super) fn open(state: &Path) -> Self {
        Self { rows: rows(&state.join(NAME)).and_then(|rows| Side::new(rows).ok()) }
    }

    /// When a pack was read, in seconds since 1970; 0 for never.
    pub(super) fn at(&mut self, key: &[u8]) -> Result<u32> {
        let Some(rows) = &mut self.rows else { return Ok(0) };
        Ok(rows.take(key)?.map_or(0, |row| secs(&row)))
    }
}

pub(super) fn row(key: &[u8; PACK_ROW], secs: i64) -> [u8; ROW_BYTES] {
    let mut out = [0; ROW_BYTES];
    out[..KEY_BYTES].copy_from_slice(&key[..KEY_BYTES]);
    // A clock that is before 1970 or after 2106 says nothing; read it was.
    out[KEY_BYTES..].copy_from_slice(&u32::try_from(secs).unwrap_or(1).max(1).to_be_bytes());
    out
}

fn secs(row: &[u8; ROW_BYTES]) -> u32 {
    u32::from_be_bytes([row[17], row[18], row[19], row[20]])
}

fn rows(path: &Path) -> Option<Sorted<ROW_BYTES>> {
    let file = File::open(path).ok()?;
    let len = file.metadata().ok()?.len();
    let end = len.checked_sub(SUM_BYTES as u64)?;
    let begin = MAGIC.len() as u64;
    if end < begin || !(end - begin).is_multiple_of(ROW_BYTES as u64) {
        return None;
    }
    let (mut head, mut sum, mut trailer) = ([0; 8], Checksummer::new(), [0; SUM_BYTES]);
    file.read_exact_at(&mut head, 0).ok()?;
    file.read_exact_at(&mut trailer, end).ok()?;
    let (mut rest, mut buffer) = ((&file).take(end), [0; 8 << 10]);
    loop {
        match rest.read(&mut buffer).ok()? {
            0 => break,
            read => sum.update(&buffer[..read]),
        }
    }
    if head != *MAGIC || sum.finish() != trailer {
        return None;
    }
    Sorted::of_file(file, begin, end).ok()
}

/// What is known of all packs after a check.
#[derive(Default)]
pub(super) struct Overview {
    /// Packs that no check has read.
    pub(super) never: u64,
    /// When that of the others was read which was read longest ago, in seconds since 1970.
    pub(super) oldest: Option<i64>,
}

/// Writes down what `now` was read beside what was read before, of packs that the index names.
pub(super) fn remember(state: &Path, index: &IndexSet, spool: &Path, now: Sorted<ROW_BYTES>) -> Result<Overview> {
    let (mut before, mut now, mut packs) = (Seen::open(state), Side::new(now)?, indexed_packs(index, spool)?);
    let path = state.join(NAME);
    let partial = names::partial(&path)?;
    let failed = |err: std::io::Error| Error::io("cannot write to the state folder", &err);
    let (mut out, mut sum) = (BufWriter::new(File::create(&partial).map_err(failed)?), Checksummer::new());
    let mut put = |bytes: &[u8]| {
        sum.update(bytes);
        out.write_all(bytes).map_err(failed)
    };
    put(MAGIC)?;
    let (mut overview, mut last) = (Overview::default(), None);
    while let Some(pack) = packs.next()? {
        // Somebody may claim one pack with several lengths.
        if last.replace(pack).is_some_and(|last| last[..KEY_BYTES] == pack[..KEY_BYTES]) {
            continue;
        }
        let key = &pack[..KEY_BYTES];
        let (old, new) = (before.at(key)?, now.take(key)?);
        let Some(at) = new.map(|row| secs(&row)).or(Some(old).filter(|old| *old > 0)) else {
            overview.never += 1;
            continue;
        };
        overview.oldest = Some(overview.oldest.map_or(at.into(), |oldest| oldest.min(at.into())));
        put(&row(&pack, at.into()))?;
    }
    out.write_all(&sum.finish()).map_err(failed)?;
    let file = out.into_inner().map_err(|err| failed(err.into_error()))?;
    file.sync_all().and_then(|()| std::fs::rename(&partial, &path)).map_err(failed)?;
    Ok(overview)
}
