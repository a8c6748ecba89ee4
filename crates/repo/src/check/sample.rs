//! Which packs a check reads: those that were never read first, then those whose reading is longest ago.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Check;
use super::packs::{KEY_BYTES, ROW_BYTES as PACK_ROW, indexed_packs, parse};
use super::seen::Seen;
use crate::Result;
use crate::model::PackId;
use crate::names::BlobType;
use crate::pack::Checksummer;
use crate::sorter::{Sorted, Sorter};

/// How much of what is stored a check reads.
#[derive(Clone, Copy)]
pub enum Sample<'a> {
    /// Nothing: what there is, and what is said of it.
    Nothing,
    /// A share of all bytes, 0 to 100.
    Percent(f64),
    /// So many bytes.
    Bytes(u64),
    /// As much as there is time for: asked before each pack, which is then read whole.
    While(&'a (dyn Fn() -> bool + Sync)),
}

impl std::fmt::Debug for Sample<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => write!(out, "Nothing"),
            Self::Percent(share) => write!(out, "Percent({share})"),
            Self::Bytes(bytes) => write!(out, "Bytes({bytes})"),
            Self::While(_) => write!(out, "While"),
        }
    }
}

impl Sample<'_> {
    /// Whether anything is to be read.
    #[must_use]
    pub fn is_some(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Percent(share) => *share > 0.0,
            Self::Bytes(bytes) => *bytes > 0,
            Self::While(_) => true,
        }
    }

    /// Of `all` bytes.
    pub(super) fn bytes(&self, all: u64) -> u64 {
        match self {
            Self::Nothing => 0,
            // More than all of it where packs are claimed twice.
            Self::Percent(share) if *share >= 100.0 => u64::MAX,
            Self::Percent(share) => (all as f64 * share.max(0.0) / 100.0).ceil() as u64,
            Self::Bytes(bytes) => *bytes,
            Self::While(_) => u64::MAX,
        }
    }
}

/// When it was read, chance, type, id, length.
const ROW_BYTES: usize = 4 + 4 + PACK_ROW;

/// Packs in the order in which they are read, until it is enough.
pub(super) struct Queue<'a> {
    sample: Sample<'a>,
    next: Mutex<(Sorted<ROW_BYTES>, u64)>,
    ended: AtomicBool,
}

impl Queue<'_> {
    /// The next pack, or none when it is enough.
    pub(super) fn next(&self) -> Result<Option<(BlobType, PackId, u32)>> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, left) = &mut *next;
        let enough = *left == 0 || matches!(self.sample, Sample::While(go) if !go());
        if enough {
            return Ok(None);
        }
        let Some(row) = rows.next()? else {
            self.ended.store(true, Ordering::Relaxed);
            return Ok(None);
        };
        let mut pack = [0; PACK_ROW];
        pack.copy_from_slice(&row[8..]);
        let pack = parse(&pack)?;
        *left = left.saturating_sub(pack.2.into());
        Ok(Some(pack))
    }

    /// Whether every pack was given.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

impl<'a> Check<'a> {
    /// Those that no index run names are left out: an interrupted backup left them, maybe torn, and nothing uses them.
    pub(super) fn queue(&self, seen: &mut Seen) -> Result<Queue<'a>> {
        let draw: [u8; 8] = crate::crypto::random()?;
        let (mut rows, mut all) = (Sorter::<ROW_BYTES>::new(self.options.spool), 0);
        let mut packs = indexed_packs(&self.blobs.index(), self.options.spool)?;
        while let Some(pack) = packs.next()? {
            let mut row = [0; ROW_BYTES];
            row[..4].copy_from_slice(&seen.at(&pack[..KEY_BYTES])?.to_be_bytes());
            row[4..8].copy_from_slice(&mix(&draw, &pack[..KEY_BYTES]));
            row[8..].copy_from_slice(&pack);
            rows.push(row)?;
            all += u64::from(parse(&pack)?.2);
        }
        let sample = self.options.sample;
        let bytes = sample.bytes(all);
        if !matches!(sample, Sample::While(_)) {
            self.options.progress.bytes_total.store(bytes.min(all), Ordering::Relaxed);
        }
        Ok(Queue { sample, next: Mutex::new((rows.sorted()?, bytes)), ended: AtomicBool::new(false) })
    }
}

/// A number that is different in each check, even for the same pack: of packs that were read at the same time, or never,
/// not always the same ones come first.
pub(super) fn mix(draw: &[u8; 8], pack: &[u8]) -> [u8; 4] {
    let mut sum = Checksummer::new();
    sum.update(draw);
    sum.update(pack);
    let [a, b, c, d, ..] = sum.finish();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_nothing_and_all_is_all() {
        assert_eq!(Sample::Percent(0.000_001).bytes(1000), 1);
        assert_eq!(Sample::Percent(50.0).bytes(1001), 501);
        assert_eq!(Sample::Percent(100.0).bytes(1000), u64::MAX);
        assert!(!Sample::Percent(0.0).is_some() && !Sample::Bytes(0).is_some());
    }
}
