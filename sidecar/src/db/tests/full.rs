//! A disk that is full: simulated by a database that may not grow.

use crate::db::{self, Readers, Row};

use super::writer::{batch, meta, until};

#[test]
fn reading_goes_on_and_nothing_is_let_out() {
    let folder = tempfile::tempdir().unwrap();
    let database = db::open(folder.path(), 0).unwrap();
    let count: i64 = database.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    database.connection.pragma_update(None, "max_page_count", count + 3).unwrap();
    let heard = super::writer::Heard::default();
    let ear = std::sync::Arc::clone(&heard);
    let after = move |effect| {
        if let db::Effect::Live(what) = effect {
            ear.lock().unwrap().push(what);
        }
    };
    let clock = std::sync::Arc::new(crate::clock::System::default());
    let writer = db::Writer::start(database, clock, Vec::new(), after).unwrap();
    let desk = writer.desk();
    desk.keep(batch(vec![meta("a", 1)], "small")).unwrap();
    until("the small one", || heard.lock().unwrap().len() == 1);
    let large = Row::Frame { node: 1, at_millis: 0, flags: 0, body: vec![1; 100_000] };
    desk.keep(batch(vec![large], "large")).unwrap();
    until("trouble", || desk.health().problem.is_some());
    let problem = desk.health().problem.unwrap();
    assert!(problem.contains("cannot write to the database") && problem.contains("full"), "{problem}");
    assert!(!heard.lock().unwrap().contains(&"large".to_owned()));
    // People are refused at once rather than left waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let err = runtime.block_on(desk.write(vec![meta("b", 1)])).unwrap_err();
    assert_eq!(err.kind, crate::error::Kind::Full);
    let read = Readers::new(folder.path()).now(|connection| {
        Ok(connection.query_row("SELECT value FROM meta WHERE key = 'a'", [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(read.unwrap(), "1");
    writer.stop();
    assert!(!heard.lock().unwrap().contains(&"large".to_owned()));
}

#[test]
fn what_could_not_be_written_is_written_once_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, heard) = super::writer::start(folder.path());
    let desk = writer.desk();
    // Somebody else has the database, for longer than the writer waits for it.
    let other = rusqlite::Connection::open(folder.path().join(db::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    desk.keep(batch(vec![meta("a", 1)], "kept")).unwrap();
    until("trouble", || desk.health().problem.is_some());
    assert_eq!(*heard.lock().unwrap(), ["database"]);
    // It is not for want of room.
    assert!(folder.path().join("reserve").exists());
    other.execute_batch("ROLLBACK").unwrap();
    until("the end of it", || heard.lock().unwrap().contains(&"kept".to_owned()));
    assert_eq!(desk.health().problem, None);
    writer.stop();
}

#[test]
fn with_nothing_to_write_it_still_finds_out_that_it_works_again() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _) = super::writer::start(folder.path());
    let desk = writer.desk();
    let other = rusqlite::Connection::open(folder.path().join(db::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(desk.write(vec![meta("a", 1)])).is_err());
    assert!(desk.health().problem.is_some());
    other.execute_batch("ROLLBACK").unwrap();
    until("the end of it", || desk.health().problem.is_none());
    writer.stop();
}
