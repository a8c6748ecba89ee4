//! Sorted rows beside others: merged by the bytes that they begin with.

use crate::Result;
use crate::sorter::Sorted;

/// Rows whose first bytes are asked for in ascending order.
pub(crate) struct Side<const N: usize> {
    rows: Sorted<N>,
    next: Option<[u8; N]>,
}

impl<const N: usize> Side<N> {
    pub(crate) fn new(mut rows: Sorted<N>) -> Result<Self> {
        let next = rows.next()?;
        Ok(Self { rows, next })
    }

    /// The first bytes of the next row.
    pub(crate) fn peek(&self, key: usize) -> Option<&[u8]> {
        self.next.as_ref().map(|row| &row[..key])
    }

    /// The row that begins with `key`. Where there are several (a listing that changed meanwhile) the last one.
    pub(crate) fn take(&mut self, key: &[u8]) -> Result<Option<[u8; N]>> {
        let mut found = None;
        while let Some(row) = self.next.filter(|row| row[..key.len()] <= *key) {
            if row[..key.len()] == *key {
                found = Some(row);
            }
            self.next = self.rows.next()?;
        }
        Ok(found)
    }
}
