//! Names, compresses and seals chunks.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::buffer::Buffer;
use super::shared::{Shared, gone};
use crate::Result;
use crate::model::ChunkId;
use crate::names::BlobType;
use crate::pack::{Encoder, Finished, PackWriter, Verifier};

/// A chunk's number in this run and its bytes.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) bytes: Buffer,
}

/// What there is to do. Workers own it together: when the last one ends, no more can be handed in.
pub(super) type Jobs = Arc<Mutex<Receiver<Job>>>;

/// Where a worker's results go.
pub(super) struct Outlets {
    pub(super) ids: Sender<(u64, ChunkId)>,
    pub(super) packs: SyncSender<Finished>,
    /// Empty buffers for the reader.
    pub(super) buffers: Sender<Buffer>,
}

/// Works until there are no more jobs. Each worker fills a pack of its own, so that neighbouring chunks
/// lie in different packs and pack sizes tell less of the content.
pub(super) fn work(shared: &Shared<'_>, jobs: &Jobs, verifier: Verifier, out: &Outlets) -> Result<()> {
    let repo = shared.repo;
    let mut encoder = Encoder::new(verifier)?;
    let mut writer = PackWriter::new(&repo.keyring, &*repo.store, shared.options.spool, BlobType::Data);
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { number, mut bytes }) = next else { break };
        let id = repo.keyring.blob_id(BlobType::Data, &bytes);
        // The assembler may be done: nothing names the chunks of a file that was given up.
        let _ = out.ids.send((number, id));
        if shared.claim(&id)? {
            let raw = bytes.len();
            let encoded = match encoder.compress(&bytes)? {
                Some(encoded) => encoded,
                None => Encoder::plain(bytes.framed()),
            };
            shared.new_chunks.fetch_add(1, Ordering::Relaxed);
            shared.new_bytes.fetch_add(raw as u64, Ordering::Relaxed);
            if let Some(pack) = writer.add(id, raw, encoded)? {
                out.packs.send(pack).map_err(gone)?;
            }
        }
        bytes.clear();
        // The reader may have finished and gone.
        let _ = out.buffers.send(bytes);
    }
    if let Some(pack) = writer.finish()? {
        out.packs.send(pack).map_err(gone)?;
    }
    Ok(())
}
