//! The thread that writes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::clock::System;
use crate::db::{self, Batch, Effect, Row, Writer};

const NOW: i64 = 1_800_000_000;

pub(super) fn meta(key: &'static str, value: impl ToString) -> Row {
    Row::Meta { key, value: value.to_string() }
}

pub(super) fn batch(rows: Vec<Row>, effect: &str) -> Batch {
    let mut batch = Batch::default();
    rows.into_iter().for_each(|row| batch.push(row));
    batch.effects.push(Effect::Live(effect.into()));
    batch
}

/// Hears effects.
pub(super) type Heard = Arc<Mutex<Vec<String>>>;

pub(super) fn start(folder: &std::path::Path) -> (Writer, Heard) {
    let heard = Heard::default();
    let ear = Arc::clone(&heard);
    let database = db::open(folder, NOW).unwrap();
    let after = move |effect| {
        if let Effect::Live(what) = effect {
            ear.lock().unwrap().push(what);
        }
    };
    (Writer::start(database, Arc::new(System::default()), Vec::new(), after).unwrap(), heard)
}

pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn batches_are_written_in_order_and_a_stop_writes_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, heard) = start(folder.path());
    for number in 0..50 {
        writer.desk().keep(batch(vec![meta("n", number)], &number.to_string())).unwrap();
    }
    writer.stop();
    let expected: Vec<String> = (0..50).map(|n: u32| n.to_string()).collect();
    assert_eq!(*heard.lock().unwrap(), expected);
    let database = db::open(folder.path(), NOW).unwrap();
    assert_eq!(database.opened, db::Opened::Clean);
    let n: String =
        database.connection.query_row("SELECT value FROM meta WHERE key = 'n'", [], |row| row.get(0)).unwrap();
    assert_eq!(n, "49");
}

#[test]
fn a_row_that_is_wrong_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, heard) = start(folder.path());
    // No such node.
    let wrong = Row::Stream { node: 99, kind: 1, stream: Default::default(), seq: 1, missing: Vec::new(), heard: 0 };
    writer.desk().keep(batch(vec![meta("a", 1), wrong, meta("b", 2)], "done")).unwrap();
    writer.desk().keep(batch(vec![meta("c", 3)], "next")).unwrap();
    writer.stop();
    assert_eq!(*heard.lock().unwrap(), ["done", "next"]);
    let database = db::open(folder.path(), NOW).unwrap();
    let count: i64 = database
        .connection
        .query_row("SELECT count(*) FROM meta WHERE key IN ('a', 'b', 'c')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 3);
}

#[test]
fn what_people_want_is_answered_after_the_commit_or_refused_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = start(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let desk = writer.desk();
    runtime.block_on(desk.write(vec![meta("a", 1)])).unwrap();
    let wrong = Row::Stream { node: 99, kind: 1, stream: Default::default(), seq: 1, missing: Vec::new(), heard: 0 };
    let err = runtime.block_on(desk.write(vec![meta("b", 1), wrong])).unwrap_err();
    assert_eq!(err.kind, crate::error::Kind::Refused);
    writer.stop();
    let database = db::open(folder.path(), NOW).unwrap();
    let count: i64 =
        database.connection.query_row("SELECT count(*) FROM meta WHERE key = 'b'", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
}
