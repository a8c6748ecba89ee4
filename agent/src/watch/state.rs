//! The state folder, made again where somebody removed it, or mounted something over it, while the agent runs.

use super::daemon::Daemon;
use super::{control, jobs, node};
use crate::durable;

impl Daemon {
    /// Looks whether the state folder is still the one that this agent holds. What was in another one is not here, but
    /// what the agent knows goes on: who it is, how far its streams are, when jobs ran.
    pub(super) fn keep_state(&mut self) {
        let state = self.config.state.clone();
        if node::holds(&state, &self.lock) {
            self.no_trouble("state");
            return;
        }
        match self.make_state() {
            Ok(waited) => tracing::error!(
                state = %state.display(),
                waited,
                "the state folder was removed or replaced, and is made again; records that waited in it are lost"
            ),
            Err(why) => self.trouble("state", &format!("the state folder {} is gone: {why}", state.display())),
        }
    }

    /// The records that waited in the folder that is gone.
    fn make_state(&mut self) -> Result<u64, String> {
        let plain = |err: std::io::Error| err.to_string();
        let state = self.config.state.clone();
        node::make_state(&state).map_err(plain)?;
        let lock = node::lock(&state)?;
        node::id(&state, Some(&self.node)).map_err(plain)?;
        let waited = self.records.last() - self.records.acked();
        self.records.reopen().map_err(plain)?;
        if self.last_command > 0 {
            durable::replace(&state.join("commanded"), format!("{}\n", self.last_command).as_bytes()).map_err(plain)?;
        }
        jobs::save(&self.runs.memory, &self.runs.plan).map_err(plain)?;
        self.known.write_again();
        // The old one goes first: it would take the new one's file with it.
        self.control = None;
        self.control = Some(control::Socket::listen(&self.config.socket, self.asker.clone())?);
        self.lock = lock;
        self.meta();
        Ok(waited)
    }
}
