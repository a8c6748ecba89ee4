//! Another thread that puts packs, for stores that answer late: it has something to do while the first one waits.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::Scope;

use atalaya_store::Body;

use super::shared::{Shared, gone};
use crate::pack::Finished;
use crate::{Result, thread};

/// The near end of that thread, which ends when this is dropped.
pub(super) struct Helper {
    give: SyncSender<Finished>,
    done: Receiver<Result<Finished>>,
    busy: usize,
}

impl Helper {
    /// Starts it where the store does better with two puts at once.
    pub(super) fn start<'scope>(scope: &'scope Scope<'scope, '_>, shared: &'scope Shared<'_>) -> Result<Option<Self>> {
        if shared.repo.store.puts_at_once() < 2 {
            return Ok(None);
        }
        // Nothing waits in between: a pack is taken when there is nothing to do.
        let (give, packs) = mpsc::sync_channel(0);
        let (told, done) = mpsc::channel();
        thread::start(scope, "upload-helper", move || {
            // With nobody to hear of it, nothing more comes either.
            packs.into_iter().try_for_each(|pack| told.send(put(shared, pack)))
        })?;
        Ok(Some(Self { give, done, busy: 0 }))
    }

    /// Has `pack` put, or gives it back if there is enough to do.
    pub(super) fn take(&mut self, pack: Finished) -> std::result::Result<(), Finished> {
        match self.give.try_send(pack) {
            Ok(()) => {
                self.busy += 1;
                Ok(())
            }
            Err(mpsc::TrySendError::Full(pack) | mpsc::TrySendError::Disconnected(pack)) => Err(pack),
        }
    }

    /// The next pack that was put; if `all`, as long as there is one under way.
    pub(super) fn next(&mut self, all: bool) -> Option<Result<Finished>> {
        let next = match (self.busy, all) {
            (0, _) => None,
            (_, true) => Some(self.done.recv().unwrap_or_else(|err| Err(gone(err)))),
            (_, false) => self.done.try_recv().ok(),
        };
        self.busy -= usize::from(next.is_some());
        next
    }
}

/// Puts one pack.
pub(super) fn put(shared: &Shared<'_>, pack: Finished) -> Result<Finished> {
    shared.repo.store.put(&pack.info.name(), Body::File(&pack.spool))?;
    Ok(pack)
}
