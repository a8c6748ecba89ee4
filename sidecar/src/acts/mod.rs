//! What people change besides alerts, done in one place, whoever asks: a page, the API, a command on the machine.
//!
//! Each act looks at the rights of who asks, has it done by the room that knows how, which writes the line of the audit in
//! the same transaction, and then does what must follow: connections end that no longer count, what the broker kept goes.

mod accounts;
mod broker;
mod commands;
mod database;
mod joining;
mod nodes;
mod refused;
mod renewals;
mod tokens;

pub use accounts::AccountChange;
pub use broker::Doorman;
pub use commands::Command;
pub use nodes::{Invited, NodeChange, NodeSecret};
pub use refused::Refused;
pub use renewals::Named;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::Mutex;

use crate::clock::{Clock, Now};
use crate::db::{Desk, Vacuum};
use crate::error::Kind;
use crate::link::Out;
use crate::people::{Need, People, Person, Rights, guard};
use crate::pki::Gate;
use crate::renewals::Renewals;
use crate::tower::{Board, Who, Word};

/// Who asks.
#[derive(Clone, Debug)]
pub struct By {
    /// Who, with what it may.
    pub person: Person,
    /// From which address; empty on the machine itself.
    pub peer: String,
}

impl By {
    fn may(&self, need: Need, customer: Option<&str>) -> Result<(), Refused> {
        guard(&self.person, need, customer).map_err(Refused::May)
    }

    /// What only who has the machine may.
    fn has_machine(&self, remedy: &str) -> Result<(), Refused> {
        if self.person.rights == Rights::Machine {
            return Ok(());
        }
        Err(Refused::new(Kind::Denied, format!("this is done on the machine itself, with \"{remedy}\"")))
    }

    fn who(&self) -> Who {
        self.person.who(&self.peer)
    }
}

/// See the module.
#[derive(Clone)]
pub struct Acts {
    people: Arc<People>,
    gate: Arc<Gate>,
    tower: SyncSender<Word>,
    board: Board,
    out: Out,
    clock: Arc<dyn Clock>,
    doorman: Doorman,
    desk: Desk,
    vacuum: Vacuum,
    renewals: Renewals,
    folder: PathBuf,
    /// One copy at a time.
    copying: Arc<Mutex<()>>,
    /// Of the last signed command.
    numbers: Arc<Mutex<u64>>,
}

/// What acts are done through.
pub struct Parts {
    /// Accounts and tokens.
    pub people: Arc<People>,
    /// Nodes.
    pub gate: Arc<Gate>,
    /// Where wishes go.
    pub tower: SyncSender<Word>,
    /// What is known now.
    pub board: Board,
    /// What is to be published.
    pub out: Out,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who ends connections at the broker.
    pub doorman: Doorman,
    /// Where the audit is written.
    pub desk: Desk,
    /// Who makes the database smaller.
    pub vacuum: Vacuum,
    /// What expires.
    pub renewals: Renewals,
    /// The state folder.
    pub folder: PathBuf,
    /// Of the last signed command.
    pub last_command: u64,
}

impl Acts {
    /// Done through these.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { people, gate, tower, board, out, clock, doorman, desk, vacuum, renewals, folder, last_command } =
            parts;
        let (copying, numbers) = (Arc::default(), Arc::new(Mutex::new(last_command)));
        Self { people, gate, tower, board, out, clock, doorman, desk, vacuum, renewals, folder, copying, numbers }
    }

    fn now(&self) -> Now {
        self.clock.now()
    }
}

#[cfg(test)]
mod tests;
