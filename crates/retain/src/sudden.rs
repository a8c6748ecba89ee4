//! A sudden change of most of what a job backs up: files that were encrypted by somebody else, or are gone. Older snapshots
//! are then what saves the day, so nothing is forgotten until a person has looked.

use std::fmt;

/// What a snapshot's catalogue says, which every role may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Paths in it.
    pub entries: u64,
    /// Bytes of content in it.
    pub bytes: u64,
    /// Bytes that it added to the store.
    pub added_bytes: u64,
    /// Every byte was read, so it may have added more than usual for other reasons.
    pub full: bool,
}

/// What is sudden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sudden {
    /// So many percent of the content are new.
    Changed(u64),
    /// So many percent of the entries are gone.
    Gone(u64),
}

impl fmt::Display for Sudden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(percent) => write!(f, "{percent} % of its content was new at once"),
            Self::Gone(percent) => write!(f, "{percent} % of its entries were gone at once"),
        }
    }
}

/// Snapshots of a job before which nothing can be called usual.
const BEFORE_MIN: usize = 3;
/// Content that may change without anybody being asked, in percent.
const CHANGED_PERCENT_MAX: u64 = 50;
/// Entries that may be gone, in percent.
const GONE_PERCENT_MAX: u64 = 50;
/// How many times what is usual makes much.
const TIMES_USUAL: u64 = 5;
/// Less than this is no matter, in bytes.
const BYTES_MIN: u64 = 1 << 20;

/// Whether `last` is another one than `before`, oldest first, let expect.
#[must_use]
pub fn sudden(before: &[Facts], last: &Facts) -> Option<Sudden> {
    // The first one adds everything.
    let usual = before.get(1..)?;
    if before.len() < BEFORE_MIN {
        return None;
    }
    let previous = usual.last()?;
    let gone = previous.entries.saturating_sub(last.entries).saturating_mul(100) / previous.entries.max(1);
    if gone > GONE_PERCENT_MAX && previous.entries > 10 {
        return Some(Sudden::Gone(gone));
    }
    // What compresses well adds less than it has: of what was encrypted by somebody nothing does.
    let changed = last.added_bytes.saturating_mul(100) / last.bytes.max(1);
    // Files that were added are no others that changed.
    let grown = last.bytes.saturating_sub(previous.bytes);
    let of_old = last.added_bytes.saturating_sub(grown).saturating_mul(100) / previous.bytes.max(1);
    if last.added_bytes <= BYTES_MIN || changed <= CHANGED_PERCENT_MAX || of_old <= CHANGED_PERCENT_MAX {
        return None;
    }
    let mut added: Vec<u64> = usual.iter().map(|facts| facts.added_bytes).collect();
    let middle = added.len() / 2;
    let (_, median, _) = added.select_nth_unstable(middle);
    (last.added_bytes > median.saturating_mul(TIMES_USUAL)).then_some(Sudden::Changed(changed.min(100)))
}
