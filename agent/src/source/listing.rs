//! The sorted entries of one folder, in memory or in the spool.

use super::merge::Merge;
use super::record;
use super::shares::Shares;
use crate::fs::SpoolFile;
use atalaya_repo::Result;
use std::ops::Range;

/// Gives the records of a folder, by name.
#[derive(Debug)]
pub(crate) enum Listing {
    /// Small enough: sorted records, and where the next one begins.
    Memory { bytes: Vec<u8>, at: usize },
    /// Sorted runs in the spool.
    Merging { merge: Merge, shared: usize },
}

/// What is left of a listing, in a form that can be put away.
pub(crate) enum Rest {
    /// The records themselves.
    Records(Vec<u8>),
    /// Where they are in the spool, and the length of the prefix that all names share.
    Runs(Vec<Range<u64>>, usize),
}

impl Listing {
    /// Of sorted records.
    pub(crate) fn memory(bytes: Vec<u8>) -> Self {
        Self::Memory { bytes, at: 0 }
    }

    /// The next record; `None` at the end.
    pub(crate) fn next(&mut self, spool: &SpoolFile) -> Result<Option<&[u8]>> {
        match self {
            Self::Memory { bytes, at } => {
                let rest = &bytes[*at..];
                let Some(len) = record::length(rest) else { return Ok(None) };
                *at += len;
                Ok(Some(&rest[..len]))
            }
            Self::Merging { merge, .. } => merge.next(spool),
        }
    }

    /// What `next` will give.
    pub(crate) fn peek(&mut self, spool: &SpoolFile) -> Result<Option<&[u8]>> {
        match self {
            Self::Memory { bytes, at } => Ok(record::length(&bytes[*at..]).map(|len| &bytes[*at..*at + len])),
            Self::Merging { merge, .. } => merge.peek(spool),
        }
    }

    /// Bytes of memory in use.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Memory { bytes, .. } => bytes.capacity(),
            Self::Merging { merge, .. } => merge.bytes(),
        }
    }

    /// Ends it for now.
    pub(crate) fn rest(self, spool: &SpoolFile) -> Result<Rest> {
        Ok(match self {
            Self::Memory { mut bytes, at } => {
                bytes.drain(..at);
                Rest::Records(bytes)
            }
            Self::Merging { merge, shared } => Rest::Runs(merge.rest(spool)?, shared),
        })
    }

    /// Goes on with what was left.
    pub(crate) fn resume(rest: Rest, shares: &Shares, spool: &SpoolFile) -> Result<Self> {
        Ok(match rest {
            Rest::Records(bytes) => Self::memory(bytes),
            Rest::Runs(runs, shared) => {
                let merge = Merge::new(&runs, shared, shares.run_buffer(runs.len()), spool)?;
                Self::Merging { merge, shared }
            }
        })
    }
}
