//! What is no history and grows old.

use rusqlite::Connection;

use super::{Chores, Step};
use crate::db::history::begin;
use crate::db::tidy::{ALL, Old, remove};
use crate::error::Result;

/// Kinds that one step looks at, where there is nothing to remove.
const LOOK_MAX: usize = 16;

/// Everything that is looked at once a day.
pub(super) fn all(nodes: &[u16]) -> Vec<Old> {
    let of_nodes = nodes.iter().flat_map(|node| [Old::Events(*node), Old::Runs(*node)]);
    ALL.into_iter().chain(of_nodes).collect()
}

impl Chores {
    /// Removes some of it.
    pub(super) fn tidy(&mut self, connection: &mut Connection, now: i64) -> Result<Option<Step>> {
        if self.tidying.is_empty() || now < self.settles_at {
            return Ok(None);
        }
        let ages = self.ages();
        let transaction = begin(connection)?;
        for _ in 0..LOOK_MAX {
            let Some(what) = self.tidying.pop() else { break };
            if remove(&transaction, what, &ages, now)? {
                self.tidying.push(what);
                break;
            }
        }
        transaction.commit()?;
        Ok(Some(Step::Tidied))
    }
}
