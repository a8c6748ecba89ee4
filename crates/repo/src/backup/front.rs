//! The front of the pipeline: the walk in a thread of its own, where it pays one that reads ahead, and the reader here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::Scope;

use super::ahead::{self, Ahead, Prepared};
use super::parent::Parent;
use super::reader::{Counts, Reader};
use super::shared::{Shared, gone};
use crate::source::{Open, Walk};
use crate::thread::start;
use crate::{Result, limits};

/// Walks and reads to the end. `opener` reads ahead, if there is one; `hungry` is how the reader asks it to hurry.
pub(super) fn read<'scope, W: Walk + 'scope, O: Open + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    shared: &'scope Shared<'_>,
    walk: W,
    opener: Option<O>,
    hungry: &'scope AtomicBool,
    mut reader: Reader<'_, O>,
    mut parent: Parent<'_>,
) -> Result<Counts> {
    let (empty_sender, empty) = mpsc::sync_channel(limits::BATCHES);
    for _ in 0..limits::BATCHES {
        empty_sender.send(Prepared::default()).map_err(gone)?;
    }
    let (walked_sender, walked) = mpsc::sync_channel(1);
    start(scope, "walk", move || walk_ahead(shared, walk, &empty, &walked_sender).map_err(|err| shared.fail(err)))?;
    let ready = match opener {
        Some(opener) => {
            let (ready_sender, ready) = mpsc::sync_channel(1);
            let mut ahead = Ahead::new(shared, opener, hungry);
            start(scope, "read ahead", move || ahead.run(&walked, &ready_sender).map_err(|err| shared.fail(err)))?;
            ready
        }
        None => walked,
    };
    while let Some(mut prepared) = ahead::next(&ready, hungry) {
        reader.batch(&mut prepared, &mut parent)?;
        prepared.clear();
        // The walk may be over and gone.
        let _ = empty_sender.send(prepared);
    }
    if let Some(err) = shared.failure() {
        return Err(err);
    }
    if parent.damaged {
        (shared.options.notice)(
            "the copy of the last tree in the state folder is damaged; some unchanged files were read again",
        );
    }
    reader.finish(&mut parent)
}

fn walk_ahead<W: Walk>(
    shared: &Shared<'_>,
    mut walk: W,
    empty: &Receiver<Prepared>,
    walked: &SyncSender<Prepared>,
) -> Result<()> {
    let progress = shared.options.progress;
    loop {
        let mut prepared = empty.recv().map_err(gone)?;
        let more = walk.fill(&mut prepared.batch)?;
        progress.found.fetch_add(prepared.batch.found.len() as u64, Ordering::Relaxed);
        let bytes: u64 = prepared.batch.found.iter().map(|found| found.meta.size).sum();
        progress.found_bytes.fetch_add(bytes, Ordering::Relaxed);
        walked.send(prepared).map_err(gone)?;
        if !more {
            progress.walked.store(true, Ordering::Relaxed);
            return Ok(());
        }
    }
}
