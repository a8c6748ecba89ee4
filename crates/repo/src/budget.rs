//! One number from the user, divided among named owners.

use crate::{Error, Kind, Result, limits};

const MIB: usize = 1 << 20;
/// Program text, stacks, allocator, key schedules: an empty backup with a key file peaks at 6.4 MiB.
const BASE: usize = 6 * MIB + MIB / 2;
/// zstd's contexts for one chunk, both directions: 0.85 MiB with the tables of `pack/codec.rs`.
const ZSTD: usize = MIB;
/// What a worker's compressor writes to.
const OUTPUT: usize = limits::CHUNK_BYTES_MAX;
/// What all workers' output is decompressed to, one after another, to see that it can be.
const VERIFY: usize = limits::CHUNK_BYTES_MAX;
/// The walk's listings, its sorter, batches on their way.
const WALK: usize = 2 * MIB;
/// Content of small files that were read ahead, a share in each batch.
const AHEAD: usize = limits::BATCHES * limits::AHEAD_BYTES;
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
    /// Whether a thread reads small files ahead.
    pub read_ahead: bool,
    /// Bytes of an index filter.
    pub filter: usize,
}

impl Budget {
    /// Divides `total` bytes; refuses what cannot work, naming the smallest that can.
    pub fn divide(total: usize) -> Result<Self> {
        let mut least = 0;
        for (workers, chunk_buffers, read_ahead, filter) in [
            (2, 5, true, FILTER),
            (2, 4, true, FILTER),
            (2, 4, true, FILTER / 5 * 2),
            (1, 3, true, FILTER / 2),
            (1, 3, false, FILTER / 8),
        ] {
            let budget = Self { total, workers, chunk_buffers, read_ahead, filter };
            least = budget.rows().iter().map(|(_, bytes)| bytes).sum::<usize>();
            if least <= total {
                return Ok(budget);
            }
        }
        let least = least.div_ceil(MIB);
        Err(Error::new(Kind::Budget, format!("--memory-max is too small to work with; the least is {least}M")))
    }

    /// Who owns how many bytes, for `--explain-memory`.
    #[must_use]
    pub fn table(&self) -> Vec<(&'static str, usize)> {
        let mut rows = self.rows();
        let sum: usize = rows.iter().map(|(_, bytes)| bytes).sum();
        rows.push(("reserve", self.total.saturating_sub(sum)));
        rows
    }

    fn rows(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("program, stacks, allocator", BASE),
            ("walk: listings, sorting, batches", WALK),
            ("small files read ahead", if self.read_ahead { AHEAD } else { 0 }),
            ("chunk buffers", self.chunk_buffers * limits::CHUNK_BYTES_MAX),
            ("workers: output and zstd", self.workers * (ZSTD + OUTPUT)),
            ("verifying what was compressed", VERIFY),
            ("tree: open nodes, waiting entries", TREE),
            ("index: new records, page tables", INDEX),
            ("index filter", self.filter),
        ]
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
