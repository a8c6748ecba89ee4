//! One number from the user, divided among named owners.

use crate::{Error, Kind, Result, limits};

const MIB: usize = 1 << 20;
/// Program text, stacks, allocator, key schedules: measured with an empty backup.
const BASE: usize = 7 * MIB;
/// zstd's level 3 context for one chunk, both directions.
const ZSTD: usize = MIB + MIB / 4;
/// The walk's listings, its sorter, batches on their way.
const WALK: usize = 2 * MIB;
/// Tree nodes being written and read, entries waiting for their chunk.
const TREE: usize = 2 * MIB + MIB / 2;
/// Index: records of this run, page tables.
const INDEX: usize = 2 * MIB;
/// Index filter at its largest.
const FILTER: usize = 5 * MIB;

/// How memory is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What the user allows, in bytes.
    pub total: usize,
    /// Threads that hash, compress and seal.
    pub workers: usize,
    /// Buffers of `CHUNK_BYTES_MAX`: one in each worker, one being filled from large files, one bundle, the
    /// rest waiting.
    pub chunk_buffers: usize,
    /// Bytes of an index filter.
    pub filter: usize,
}

impl Budget {
    /// Divides `total` bytes; refuses what cannot work, naming the smallest that can.
    pub fn divide(total: usize) -> Result<Self> {
        let worker = ZSTD + limits::CHUNK_BYTES_MAX;
        let sum = |workers: usize, buffers: usize, filter: usize| {
            BASE + WALK + TREE + INDEX + filter + workers * worker + buffers * limits::CHUNK_BYTES_MAX
        };
        for (workers, chunk_buffers, filter) in
            [(2, 5, FILTER), (2, 4, FILTER), (2, 4, FILTER / 2), (1, 3, FILTER / 2), (1, 3, FILTER / 8)]
        {
            if sum(workers, chunk_buffers, filter) <= total {
                return Ok(Self { total, workers, chunk_buffers, filter });
            }
        }
        let least = sum(1, 3, FILTER / 8).div_ceil(MIB);
        Err(Error::new(Kind::Budget, format!("--memory-max is too small to work with; the least is {least}M")))
    }

    /// Who owns how many bytes, for `--explain-memory`.
    #[must_use]
    pub fn table(&self) -> Vec<(&'static str, usize)> {
        let buffers = self.chunk_buffers * limits::CHUNK_BYTES_MAX;
        let mut rows = vec![
            ("program, stacks, allocator", BASE),
            ("walk: listings, sorting, batches", WALK),
            ("chunk buffers", buffers),
            ("workers: output and zstd", self.workers * (ZSTD + limits::CHUNK_BYTES_MAX)),
            ("tree: open nodes, waiting entries", TREE),
            ("index: new records, page tables", INDEX),
            ("index filter", self.filter),
        ];
        let sum: usize = rows.iter().map(|(_, bytes)| bytes).sum();
        rows.push(("reserve", self.total.saturating_sub(sum)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up() {
        for mib in [16, 24, 32, 64] {
            let Ok(budget) = Budget::divide(mib * MIB) else { continue };
            assert_eq!(budget.table().iter().map(|(_, bytes)| bytes).sum::<usize>(), mib * MIB);
        }
        assert_eq!(Budget::divide(32 * MIB).unwrap().workers, 2);
        assert_eq!(Budget::divide(MIB).unwrap_err().kind, Kind::Budget);
    }
}
