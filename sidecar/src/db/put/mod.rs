//! Each row's SQL. Statements are kept by the connection, which has room for all of them.

mod alerts;
mod nodes;
mod people;
mod streams;

pub(super) use alerts::alerts;
pub(super) use nodes::nodes;
pub(super) use people::people;
pub(super) use streams::streams;

use rusqlite::{Params, Transaction};

/// How many statements a connection keeps.
pub(super) const STATEMENTS: usize = 64;

fn run(to: &Transaction<'_>, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    to.prepare_cached(sql)?.execute(params).map(drop)
}

#[expect(clippy::cast_possible_wrap, reason = "numbers that count up from one reach no such size")]
const fn signed(number: u64) -> i64 {
    number as i64
}
