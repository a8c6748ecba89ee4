//! Many chunks at once: each read once, in the order in which they lie in the packs, by a few threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::blobs::{Blobs, Scratch, is_of_one_place};
use crate::Result;
use crate::index::Found;
use crate::names::BlobType;
use crate::thread::start;
use crate::view::{Deliver, Want};

/// One chunk and the wants for it.
struct Part {
    found: Option<Found>,
    first: usize,
    count: usize,
}

/// Reads what `wants` name and delivers it.
pub(super) fn fetch(blobs: &Blobs<'_>, wants: &mut [Want], threads: usize, deliver: &Deliver<'_>) -> Result<()> {
    wants.sort_unstable_by_key(|want| (want.chunk, want.file, want.at));
    let mut parts = locate(blobs, wants)?;
    parts.sort_unstable_by_key(|part| part.found.map(|found| (found.pack.id, found.blob.offset)));
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let work = || {
        let result = Scratch::new().and_then(|mut scratch| {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                one(blobs, &wants[part.first..part.first + part.count], part, &mut scratch, deliver)?;
            }
            Ok(())
        });
        if let Err(err) = result {
            next.store(parts.len(), Ordering::Relaxed);
            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(err);
        }
    };
    if threads < 2 || parts.len() < 2 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 1..threads {
                // Without another thread this one does it all.
                let _ = start(scope, "fetch", work);
            }
            work();
        });
    }
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Looks every chunk up once; look-ups in order of ids touch each index page once.
fn locate(blobs: &Blobs<'_>, wants: &[Want]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut first = 0;
    let mut index = blobs.index();
    for group in wants.chunk_by(|a, b| a.chunk == b.chunk) {
        let found = index.find(&group[0].chunk)?.into_iter().find(|found| found.pack.kind == BlobType::Data);
        parts.push(Part { found, first, count: group.len() });
        first += group.len();
    }
    Ok(parts)
}

fn one(blobs: &Blobs<'_>, wants: &[Want], part: &Part, scratch: &mut Scratch, deliver: &Deliver<'_>) -> Result<()> {
    let id = wants[0].chunk;
    if let Some(found) = part.found {
        match blobs.read_at(&found, scratch) {
            Ok(plain) => {
                deliver(wants, Ok(plain));
                return Ok(());
            }
            Err(err) if is_of_one_place(&err) || blobs.was_left_out(&err) => {}
            Err(err) => return Err(err),
        }
    }
    // Another pack may have it whole.
    let mut plain = Vec::new();
    match blobs.read(BlobType::Data, &id, scratch, |bytes| plain.extend_from_slice(bytes)) {
        Ok(()) => deliver(wants, Ok(&plain)),
        Err(err) => deliver(wants, Err(err)),
    }
    Ok(())
}
