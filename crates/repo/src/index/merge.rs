//! Merges local runs, so that their number stays small whatever the number of backups.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::build::RunBuilder;
use super::record::Record;
use super::run::{BORDER, Run, no_such_row};
use crate::keys::Keyring;
use crate::pack::{BlobRecord, PackInfo};
use crate::{Error, Result};

/// Open local runs: each costs a descriptor, a page and its table.
const RUNS_MAX: usize = 8;

/// Where a run stands while it is merged.
pub(super) struct Cursor<'a> {
    pub(super) run: &'a mut Run,
    /// How many pack rows it has.
    packs: u32,
    /// What they are moved by.
    pack_base: u32,
    page: u32,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a run whose rows are moved by `pack_base`.
    pub(super) fn new(run: &'a mut Run, pack_base: u32) -> Self {
        Self { packs: run.packs, run, pack_base, page: 0, at: 0 }
    }

    fn peek(&mut self) -> Result<Option<Record>> {
        while self.page < self.run.pages() {
            if let Some(bytes) = self.run.page(self.page)?.get(self.at) {
                let mut record = Record::decode(bytes);
                // Moved by the base, it would silently name a pack of the next run.
                if record.pack >= self.packs {
                    return Err(no_such_row());
                }
                record.pack =
                    record.pack.checked_add(self.pack_base).ok_or_else(|| Error::damaged("too many packs"))?;
                return Ok(Some(record));
            }
            self.page += 1;
            self.at = 0;
        }
        Ok(None)
    }
}

/// Which runs to merge, smallest first: none while there are few; else all that together are at least half
/// as large as the next one, so that every record is rewritten only a logarithmic number of times.
fn choose(runs: &mut Vec<Run>) -> Vec<Run> {
    if runs.len() <= RUNS_MAX {
        return Vec::new();
    }
    runs.sort_by_key(|run| run.records);
    let mut total = runs[0].records + runs[1].records;
    let mut count = 2;
    while count < runs.len() && runs[count].records <= total.saturating_mul(2) {
        total += runs[count].records;
        count += 1;
    }
    runs.drain(..count).collect()
}

/// Keeps the number of `runs` small. Two processes may do so at once: each works on what it has open.
pub(super) fn compact(runs: &mut Vec<Run>, folder: &Path, keyring: &Keyring) -> Result<()> {
    let chosen = choose(runs);
    if chosen.is_empty() {
        return Ok(());
    }
    let old: Vec<PathBuf> = chosen.iter().map(|run| run.path.clone()).collect();
    let merged = merge(chosen, folder, keyring)?;
    for path in old {
        let _ = std::fs::remove_file(path.with_extension("filter"));
        let _ = std::fs::remove_file(path);
    }
    runs.push(merged);
    Ok(())
}

fn merge(mut chosen: Vec<Run>, folder: &Path, keyring: &Keyring) -> Result<Run> {
    let (mut made_from, mut replaced) = (Vec::new(), Vec::new());
    let mut pack_base = 0_u32;
    let mut cursors = Vec::new();
    for run in &mut chosen {
        // What a maintainer's run replaced may be deleted at any time, so it is not part of what must be there.
        run.origins(&mut |id, made| {
            if made {
                made_from.push(id)
            } else {
                replaced.push(id)
            }
            Ok(())
        })?;
        let base = pack_base;
        pack_base = pack_base.checked_add(run.packs).ok_or_else(|| Error::damaged("too many packs"))?;
        cursors.push(Cursor::new(run, base));
    }
    let partial = folder.join(format!("{}.part", crate::names::hex(&crate::crypto::random::<16>()?)));
    let file = File::create(&partial).map_err(|err| Error::io("cannot write to the state folder", &err))?;
    let mut builder = RunBuilder::new(keyring, BufWriter::new(file))?;
    while let Some(record) = next(&mut cursors)? {
        builder.record(&record)?;
    }
    for cursor in &cursors {
        for row in 0..cursor.run.packs {
            builder.pack(&cursor.run.pack(row)?)?;
        }
    }
    let path = folder.join(format!("{}.run", crate::names::hex(&builder.id)));
    if !replaced.is_empty() {
        made_from.push(BORDER);
        made_from.append(&mut replaced);
    }
    builder.finish(&made_from, false)?;
    std::fs::rename(&partial, &path).map_err(|err| Error::io("cannot write to the state folder", &err))?;
    Run::open(path, keyring)
}

fn next(cursors: &mut [Cursor<'_>]) -> Result<Option<Record>> {
    Ok(next_with_place(cursors)?.map(|(_, record)| record))
}

/// The smallest record of all cursors, and which had it; equal ids come one after another.
pub(super) fn next_with_place(cursors: &mut [Cursor<'_>]) -> Result<Option<(usize, Record)>> {
    let mut best: Option<(usize, Record)> = None;
    for (i, cursor) in cursors.iter_mut().enumerate() {
        if let Some(record) = cursor.peek()?
            && best.as_ref().is_none_or(|(_, b)| record.blob.id < b.blob.id)
        {
            best = Some((i, record));
        }
    }
    if let Some((i, _)) = best {
        cursors[i].at += 1;
    }
    Ok(best)
}

/// Calls `each` for every record of `runs` in order of ids, with the pack it names.
pub(super) fn each(runs: &mut [Run], each: &mut dyn FnMut(&PackInfo, &BlobRecord) -> Result<()>) -> Result<()> {
    let mut cursors: Vec<Cursor<'_>> = runs.iter_mut().map(|run| Cursor::new(run, 0)).collect();
    let mut packs = PackCache::new();
    while let Some((at, record)) = next_with_place(&mut cursors)? {
        each(&packs.get(cursors[at].run, at, record.pack)?, &record.blob)?;
    }
    Ok(())
}

/// Rows of pack tables kept while all records are read: ids are random, so rows come in any order.
const CACHED_ROWS: usize = 4096;

/// Direct-mapped by run and row.
pub(super) struct PackCache {
    rows: Vec<Option<(usize, u32, PackInfo)>>,
}

impl PackCache {
    pub(super) fn new() -> Self {
        Self { rows: vec![None; CACHED_ROWS] }
    }

    pub(super) fn get(&mut self, run: &Run, number: usize, row: u32) -> Result<PackInfo> {
        let slot = &mut self.rows[(row as usize ^ number << 8) % CACHED_ROWS];
        match slot {
            Some((n, r, info)) if (*n, *r) == (number, row) => Ok(*info),
            _ => {
                let info = run.pack(row)?;
                *slot = Some((number, row, info));
                Ok(info)
            }
        }
    }
}
