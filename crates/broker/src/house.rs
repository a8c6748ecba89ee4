//! What all connections share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::{DynamicStorage, StorageBackend};
use mqtt5::broker::sys_topics::BrokerStats;
use tokio::sync::Semaphore;

use crate::counters::Tally;
use crate::guests::Guests;
use crate::kept::Keeper;
use crate::limits::LONG_SESSIONS_MAX;
use crate::pace::Pace;
use crate::permits::Permits;
use crate::rights::{Rights, Why};
use crate::who::{Guard, OwnPassword, Sender, Who};

/// See the module.
pub(crate) struct House {
    pub(crate) rights: Rights,
    pub(crate) guard: Arc<dyn Guard>,
    pub(crate) own: OwnPassword,
    pub(crate) tls: RwLock<Option<Arc<rustls::ServerConfig>>>,
    pub(crate) router: Arc<MessageRouter>,
    pub(crate) storage: Arc<DynamicStorage>,
    pub(crate) stats: Arc<BrokerStats>,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) guests: Guests,
    pub(crate) tally: Tally,
    pub(crate) pace: Mutex<Pace>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) unknown: Arc<Permits>,
    pub(crate) unknown_own: Arc<Permits>,
    /// From here on nobody's will is published any more.
    pub(crate) closing: AtomicBool,
    pub(crate) began: Instant,
}

impl House {
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Monotonic, since the start.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Until it is the turn of whoever asks now to be let in.
    pub(crate) async fn turn(&self) {
        let wait = self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(self.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether `who` may have the session that is kept under `client_id`, or a new one; `long` if it asks to have it kept
    /// for longer than a node's.
    pub(crate) async fn may_have_session(&self, who: &Who, client_id: &str, long: bool) -> Result<(), Why> {
        let kept = self.storage.get_session(client_id).await.ok().flatten();
        if let Some(session) = &kept {
            let owner = session.user_id.as_deref().map(str::parse::<Sender>).transpose().map_err(|_| Why::Taken)?;
            if owner != who.sender() {
                return Err(Why::Taken);
            }
        }
        if !long || kept.is_some() || matches!(who, Who::Own | Who::Node(_)) {
            return Ok(());
        }
        let ids = self.storage.session_client_ids().await.unwrap_or_default();
        let others = ids.iter().filter(|id| !id.starts_with("atalaya-")).count();
        if others < LONG_SESSIONS_MAX { Ok(()) } else { Err(Why::Sessions) }
    }

    /// Ends whatever a client left behind: a will that waits, subscriptions, session, queue.
    pub(crate) async fn forget(&self, client_id: &str) {
        self.router.cancel_pending_will(client_id);
        self.router.unregister_client(client_id).await;
        let _ = self.storage.remove_session(client_id).await;
        let _ = self.storage.remove_all_inflight_messages(client_id).await;
        self.storage.queue_handle(client_id).clear(None);
    }
}
