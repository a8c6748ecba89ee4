//! What is committed together, and what may be done once it is.

use atalaya_wire::NodeId;
use rusqlite::{Connection, TransactionBehavior};

use super::Row;
use crate::error::Result;

/// One transaction.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is written, in this order.
    pub rows: Vec<Row>,
    /// Whether it must survive a power cut before its effects: anything but frames.
    pub durable: bool,
    /// About how much it is.
    pub bytes: usize,
    /// What follows from the commit.
    pub effects: Vec<Effect>,
}

/// What others may hear of once it is on the disk.
#[derive(Debug)]
pub enum Effect {
    /// An acknowledgement for a node, as it is published.
    Ack {
        /// For whom.
        node: NodeId,
        /// JSON.
        payload: Vec<u8>,
    },
    /// Something to publish; not retained unless said.
    Publish {
        /// Where.
        topic: String,
        /// What.
        payload: Vec<u8>,
        /// Whether the broker keeps it.
        retain: bool,
    },
    /// There are notifications to send.
    Notify,
    /// Somebody waits to know that it is done.
    Answer(tokio::sync::oneshot::Sender<Result<serde_json::Value>>, serde_json::Value),
    /// Pages show something else: which part of which.
    Live(String),
    /// So many bytes and rows of the tower's are written.
    Written,
}

impl Batch {
    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.durable |= row.is_durable();
        self.bytes += row.bytes();
        self.rows.push(row);
    }

    /// Writes all of it or nothing.
    ///
    /// # Errors
    ///
    /// What the database says; then nothing is written.
    pub fn commit(&self, connection: &mut Connection) -> Result<()> {
        // Frames that a power cut takes are asked for again, so that a fleet without news costs no sync of its own.
        let synchronous = if self.durable { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in &self.rows {
            row.put(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.effects.is_empty()
    }
}
