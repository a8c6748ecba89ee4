//! Blocks in the database as tables in memory, within one step's transaction.

use std::ops::Range;

use atalaya_history::{BlockId, Decoder, Encoder, Level, NodeNumber, Table, merge, parts, replace};
use rusqlite::Transaction;

use super::damage::Damage;
use crate::db::history as rows;
use crate::error::Result;

/// See the module. Holds what one row is at a time, and what comes into it.
pub(super) struct Rows<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) encoder: &'a mut Encoder,
    pub(super) decoder: &'a mut Decoder,
    pub(super) damage: &'a Damage,
}

impl Rows<'_> {
    /// What a row holds; nothing if it is not there; `None` if it is damaged, which is noted as a gap of the node.
    pub(super) fn read(&mut self, id: BlockId) -> Result<Option<Table>> {
        match rows::block(&self.transaction, id.row(), |row| self.decoder.block(id, row))? {
            None => Ok(Some(Table::new())),
            Some(Ok(table)) => Ok(Some(table)),
            Some(Err(why)) => {
                self.damage.tell(id.row(), &why);
                rows::put_gap(&self.transaction, id.node().0, id.start(), id.end(), super::damage::WHY)?;
                Ok(None)
            }
        }
    }

    /// The rows of a level that lie in the hour (six hours, day) that a time is in, each with what it answers for.
    fn parts(&self, node: NodeNumber, level: Level, at: i64) -> Result<Vec<(BlockId, Range<i64>)>> {
        let first = BlockId::of(node, level, at)?;
        let known = match BlockId::over(node, level, first.start()..first.end()) {
            Some(range) => rows::block_ids(&self.transaction, &range)?,
            None => Vec::new(),
        };
        Ok(parts(node, level, at, &known)?)
    }

    /// Puts readings of an hour beside what is there.
    pub(super) fn merge(&mut self, node: NodeNumber, hour: i64, late: &Table) -> Result<()> {
        for (id, times) in self.parts(node, Level::Raw, hour)? {
            if late.cut(times.clone()).is_empty() {
                continue;
            }
            let old = self.read(id)?.unwrap_or_default();
            let made = merge(id, times, &old, late)?;
            self.put(id, &made)?;
        }
        Ok(())
    }

    /// Puts what was rolled anew for `times`, which lie in one row's span, in the place of what is there of them.
    pub(super) fn replace(&mut self, node: NodeNumber, level: Level, times: &Range<i64>, fresh: &Table) -> Result<()> {
        for (id, part) in self.parts(node, level, times.start)? {
            if part.end <= times.start || times.end <= part.start {
                continue;
            }
            let old = self.read(id)?.unwrap_or_default();
            let made = replace(id, part, &old, times, fresh)?;
            self.put(id, &made)?;
        }
        Ok(())
    }

    fn put(&mut self, old: BlockId, made: &[(BlockId, Table)]) -> Result<()> {
        if !made.iter().any(|(id, _)| *id == old) {
            rows::remove_blocks(&self.transaction, &(old.row()..=old.row()), 1)?;
        }
        for (id, table) in made {
            let row = self.encoder.block(*id, table)?;
            rows::put_block(&self.transaction, *id, &row)?;
        }
        Ok(())
    }
}

/// Each row with the time it answers for: up to the next, or to its end.
pub(super) fn with_times(ids: &[BlockId]) -> impl Iterator<Item = (BlockId, Range<i64>)> + '_ {
    ids.iter().enumerate().map(|(at, id)| {
        let next = ids.get(at + 1).map_or(i64::MAX, |next| next.start());
        (*id, id.start()..id.end().min(next))
    })
}
