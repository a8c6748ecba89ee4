//! One signed run in the place of all: what a prune leaves behind.

use std::io::{BufWriter, Write};

use super::build::RunBuilder;
use super::merge::{Cursor, PackCache, next_with_place};
use super::run::Run;
use super::set::IndexSet;
use crate::keys::Keyring;
use crate::model::PackId;
use crate::{Error, Result};

/// Records of one id that are compared with each other: more there are only where a member's program is broken or lies.
const SAME_MAX: usize = 64;

/// Rows of all pack tables, one behind another, of which some stay.
struct Rows {
    /// The number of each in the new table, from 1; 0 where it does not stay.
    numbers: Vec<u32>,
    /// Where each run's begin.
    bases: Vec<u32>,
}

impl IndexSet {
    /// Writes a run with every record whose pack `keeps`, each once, and the rows of these packs. It replaces all runs that
    /// this copy was made from, those that they replaced, and `also`. Gives its id, and the runs that it replaces.
    pub(crate) fn rewrite(
        &mut self,
        keyring: &Keyring,
        out: impl Write,
        keeps: &dyn Fn(PackId) -> bool,
        also: &[[u8; 16]],
    ) -> Result<([u8; 16], Vec<[u8; 16]>)> {
        // Read through before, because what was signed cannot be taken back.
        self.doubt()?;
        let mut replaced = also.to_vec();
        self.origins(&mut |id, _| {
            replaced.push(id);
            Ok(())
        })?;
        replaced.sort_unstable();
        replaced.dedup();
        let rows = Rows::of(&mut self.runs, keeps)?;
        let mut builder = RunBuilder::new(keyring, BufWriter::new(out))?;
        let id = builder.id;
        each(&mut self.runs, &rows.bases, &mut |mut record| {
            record.pack = match rows.numbers[record.pack as usize].checked_sub(1) {
                Some(number) => number,
                None => return Ok(()),
            };
            builder.record(&record)
        })?;
        for (run, base) in self.runs.iter().zip(&rows.bases) {
            for row in (0..run.packs).filter(|row| rows.numbers[(base + row) as usize] > 0) {
                builder.pack(&run.pack(row)?)?;
            }
        }
        builder.finish(&replaced, true)?;
        Ok((id, replaced))
    }
}

impl Rows {
    fn of(runs: &mut [Run], keeps: &dyn Fn(PackId) -> bool) -> Result<Self> {
        let (mut bases, mut total) = (Vec::new(), 0_u32);
        for run in runs.iter() {
            bases.push(total);
            total = total.checked_add(run.packs).ok_or_else(|| Error::damaged("too many packs"))?;
        }
        let mut numbers = vec![0; total as usize];
        each(runs, &bases, &mut |record| {
            numbers[record.pack as usize] = 1;
            Ok(())
        })?;
        let mut next = 1;
        for (run, base) in runs.iter().zip(&bases) {
            for row in 0..run.packs {
                let number = &mut numbers[(base + row) as usize];
                if *number > 0 && keeps(run.pack(row)?.id) {
                    *number = next;
                    next += 1;
                } else {
                    *number = 0;
                }
            }
        }
        Ok(Self { numbers, bases })
    }
}

/// Calls `each` for every record in order of ids, once where several runs have it; its pack counts through all tables.
fn each(runs: &mut [Run], bases: &[u32], each: &mut dyn FnMut(super::Record) -> Result<()>) -> Result<()> {
    let mut cursors: Vec<Cursor<'_>> = runs.iter_mut().zip(bases).map(|(run, base)| Cursor::new(run, *base)).collect();
    let mut cache = PackCache::new();
    let mut same: Vec<(PackId, super::Record)> = Vec::new();
    while let Some((at, record)) = next_with_place(&mut cursors)? {
        if same.first().is_some_and(|(_, first)| first.blob.id != record.blob.id) {
            same.clear();
        }
        let pack = cache.get(cursors[at].run, at, record.pack - bases[at])?.id;
        if same.iter().any(|(other, before)| *other == pack && before.blob == record.blob) {
            continue;
        }
        if same.len() < SAME_MAX {
            same.push((pack, record));
        }
        each(record)?;
    }
    Ok(())
}
