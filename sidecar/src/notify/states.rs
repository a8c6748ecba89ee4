//! How channels are, for pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_notify::turn::{State, Trouble};

/// Channels that people should look at; what works is not in it.
#[derive(Clone, Debug, Default)]
pub struct States(Arc<Mutex<BTreeMap<String, State>>>);

impl States {
    /// Channels with what is wrong with them, by name.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<String, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets channels that are no more.
    pub(super) fn keep(&self, is_there: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|channel, _| is_there(channel));
    }

    /// Takes down how a channel is, and says it in the log.
    pub(super) fn tell(&self, trouble: Trouble) {
        let Trouble { channel, state } = trouble;
        match &state {
            State::WrongSetUp(why) => {
                tracing::error!(channel, why, "a channel is set up wrongly; nobody is told by it")
            }
            State::Failing(why) => tracing::error!(channel, why, "a channel has failed for a while; it is tried again"),
            State::Works => tracing::info!(channel, "the channel works again"),
        }
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state {
            State::Works => states.remove(&channel),
            state => states.insert(channel, state),
        };
    }
}
