//! Late readings into rows that are there already: by time, nothing doubled.
//!
//! Sealing is the same with rows that are not there yet: for each of [`parts`], the row (or nothing) and what belongs to
//! it from the head go through [`merge`], and what comes out replaces the row.

use std::ops::Range;

use crate::{BlockId, Error, Level, NodeNumber, Result, Table};

/// The rows that an hour (six hours, day) of a node has or gets, each with the time it answers for. `known` are the ids
/// that are in the database, ascending; others are skipped.
///
/// # Errors
///
/// [`Error::Refused`]: node 0, or a time that is not of this age.
pub fn parts(node: NodeNumber, level: Level, at: i64, known: &[BlockId]) -> Result<Vec<(BlockId, Range<i64>)>> {
    let first = BlockId::of(node, level, at)?;
    let mut starts: Vec<BlockId> = known.iter().copied().filter(|id| *id > first && id.start() < first.end()).collect();
    starts.retain(|id| id.node() == node && id.level() == level);
    starts.insert(0, first);
    let ends = starts.iter().skip(1).map(|id| id.start()).chain([first.end()]).collect::<Vec<_>>();
    Ok(starts.into_iter().zip(ends).map(|(id, end)| (id, id.start()..end)).collect())
}

/// A row's points and late ones of its `times` together; what is in `old` stays. Usually one block; where they have
/// become too many, several.
///
/// # Errors
///
/// [`Error::Full`]: not even five minutes (an hour) of them fit into a block.
pub fn merge(id: BlockId, times: Range<i64>, old: &Table, late: &Table) -> Result<Vec<(BlockId, Table)>> {
    match together(old.cut(times.clone()), late, &times) {
        Ok(table) if table.is_empty() => Ok(Vec::new()),
        Ok(table) => Ok(vec![(id, table)]),
        Err(full @ Error::Full(_)) => {
            let middle = times.start + (times.end - times.start) / 2;
            let middle = middle - middle % id.level().grain();
            if middle <= times.start {
                return Err(full);
            }
            let second = BlockId::starting(id.node(), id.level(), middle)?;
            let mut out = merge(id, times.start..middle, old, late)?;
            out.extend(merge(second, middle..times.end, old, late)?);
            Ok(out)
        }
        Err(other) => Err(other),
    }
}

/// What was rolled anew for `fresh_times` in the place of what a row had there. Everything else stays.
///
/// # Errors
///
/// As [`merge`].
pub fn replace(
    id: BlockId,
    times: Range<i64>,
    old: &Table,
    fresh_times: &Range<i64>,
    fresh: &Table,
) -> Result<Vec<(BlockId, Table)>> {
    let mut kept = old.cut(times.start..fresh_times.start.min(times.end));
    for (series, points) in old.cut(fresh_times.end.max(times.start)..times.end).iter() {
        kept.insert_all(series, points)?;
    }
    merge(id, times, &kept, &fresh.cut(fresh_times.clone()))
}

fn together(mut old: Table, late: &Table, times: &Range<i64>) -> Result<Table> {
    for (series, points) in late.cut(times.clone()).iter() {
        old.insert_all(series, points)?;
    }
    Ok(old)
}
