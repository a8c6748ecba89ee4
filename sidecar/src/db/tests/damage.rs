//! A database that is damaged, newer, somebody else's or in use.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::db::{self, Again, Aside, Audit, Batch, Damage, Looked, Node, Opened, Readers, Row};
use crate::error::Kind;

const NOW: i64 = 1_800_000_000;

fn node(id: u16) -> Row {
    let name = format!("nas{id}");
    Row::Node(Node {
        id,
        title: name.clone(),
        name,
        customer: String::new(),
        site: String::new(),
        parent: None,
        state: "member",
        joined: 0,
    })
}

fn write(folder: &Path, rows: Vec<Row>) {
    let mut database = db::open(folder, NOW).unwrap();
    let mut batch = Batch::default();
    rows.into_iter().for_each(|row| batch.push(row));
    batch.commit(&mut database.connection).unwrap();
}

/// Many pages of each sort.
fn filled(folder: &Path) {
    let body = |n: u16| vec![n as u8; 3000];
    let frames = (0..400_u16).map(|n| Row::Frame { node: 1, at_millis: i64::from(n), flags: 0, body: body(n) });
    let parts = (0..100).map(|n| Row::AlertPart { kind: 9, key: format!("{n}"), body: Some("x".repeat(500)) });
    write(folder, std::iter::once(node(1)).chain(frames).chain(parts).collect());
    let database = db::open(folder, NOW).unwrap();
    db::copy::make(&database.connection, folder).unwrap();
    database.connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
}

#[test]
fn a_database_is_new_then_unclean_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let opened = |clean: bool| {
        let database = db::open(folder.path(), NOW).unwrap();
        if clean {
            database.connection.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 1)", []).unwrap();
        }
        database.opened
    };
    assert_eq!(
        [opened(false), opened(true), opened(false), opened(false)],
        [Opened::New, Opened::Unclean, Opened::Clean, Opened::Unclean]
    );
}

#[test]
fn one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let _first = db::open(folder.path(), NOW).unwrap();
    let err = db::open(folder.path(), NOW).unwrap_err();
    assert_eq!(err.kind, Kind::InUse);
    assert!(err.text.contains("another atalaya-sidecar has"), "{err}");
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![node(1)]);
    let path = folder.path().join(db::FILE);
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE meta SET value = '9.0' WHERE key = 'version'", []).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let err = db::open(folder.path(), NOW).unwrap_err();
    assert_eq!(err.kind, Kind::Newer);
    assert!(err.text.contains("a newer atalaya-sidecar 9.0 wrote it"), "{err}");
    let others = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("corrupt"));
    assert_eq!(others.count(), 0);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join(db::FILE)).unwrap();
    connection.execute_batch("CREATE TABLE photos (x)").unwrap();
    drop(connection);
    assert!(db::open(folder.path(), NOW).unwrap_err().text.contains("another program"));
}

#[test]
fn a_page_of_any_sort_that_is_damaged_is_found_and_the_file_is_kept_whole() {
    let original = tempfile::tempdir().unwrap();
    filled(original.path());
    let bytes = fs::read(original.path().join(db::FILE)).unwrap();
    let (mut set_aside, mut itself, pages) = (0, 0, bytes.len() / 8192);
    for page in (0..pages).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        let mut bad = bytes.clone();
        bad[page * 8192..page * 8192 + 600].fill(0xa5);
        fs::write(folder.path().join(db::FILE), &bad).unwrap();
        fs::copy(original.path().join("kept.db"), folder.path().join("kept.db")).unwrap();
        let database = db::open(folder.path(), NOW).unwrap();
        // A page that holds nothing, or the middle of one frame's bytes, says nothing when it is something else.
        if let Opened::SetAside(Aside { kept, from, why }) = &database.opened {
            set_aside += 1;
            itself += usize::from(*from == Again::Itself);
            let kept = fs::read(kept).unwrap();
            // The counter of changes in the header is all that opening it may have moved.
            let differ = kept.iter().zip(&bad).enumerate().filter(|(_, (is, was))| is != was).map(|(at, _)| at);
            assert!(kept.len() == bad.len() && differ.into_iter().all(|at| at < 100), "{page}: {why}");
            assert!(*from != Again::Nothing && !why.is_empty());
            let nodes = db::load(&database.connection).unwrap().nodes;
            assert_eq!(nodes[0].node.name, "nas1");
        }
    }
    assert!(set_aside * 4 > pages / 3 * 3, "{set_aside} of {} were found", pages / 3);
    assert!(itself > 0 && itself < set_aside, "{itself} of {set_aside} held all but history");
}

#[test]
fn a_cut_file_and_one_that_is_no_database_are_set_aside() {
    let original = tempfile::tempdir().unwrap();
    filled(original.path());
    let bytes = fs::read(original.path().join(db::FILE)).unwrap();
    for content in [&bytes[..bytes.len() / 2], &bytes[..100], b"this is a letter, and not a database at all"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(db::FILE), content).unwrap();
        let database = db::open(folder.path(), NOW).unwrap();
        let Opened::SetAside(Aside { kept, from: Again::Nothing, .. }) = &database.opened else {
            panic!("{:?}", database.opened)
        };
        assert_eq!(fs::read(kept).unwrap(), content);
    }
}

#[test]
fn a_damaged_copy_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(db::FILE), b"not a database").unwrap();
    fs::write(folder.path().join("kept.db"), b"neither").unwrap();
    let database = db::open(folder.path(), NOW).unwrap();
    let Opened::SetAside(aside) = &database.opened else { panic!("{:?}", database.opened) };
    assert_eq!(aside.from, Again::Nothing);
    assert!(aside.to_string().contains("accounts are gone") && aside.to_string().contains("open without a log-in"));
}

#[test]
fn a_check_promises_a_copy_only_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    fs::write(
        folder.path().join(db::FILE),
        b"not a database, and longer than a hundred bytes, which any header of one has at the least, so it is read",
    )
    .unwrap();
    let said = || db::check(folder.path(), false).unwrap_err().text;
    assert!(said().contains("else last night's copy"), "{}", said());
    fs::remove_file(folder.path().join("kept.db")).unwrap();
    assert!(said().contains("no sound copy") && said().contains("without accounts"), "{}", said());
}

#[test]
fn the_audit_cannot_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let line = Audit { at: NOW, who: "ana".into(), what: "x".into(), ..Audit::default() };
    write(folder.path(), vec![Row::Audit(line)]);
    let database = db::open(folder.path(), NOW).unwrap();
    for sql in ["UPDATE audit SET who = 'eva'", "DELETE FROM audit"] {
        let why = database.connection.execute(sql, []).unwrap_err().to_string();
        assert!(why.contains("a line of the audit stays"), "{sql}: {why}");
    }
}

/// What of the file is a page of this table, and no other's.
fn spoil(folder: &Path, sql: &str) {
    let path = folder.join(db::FILE);
    let connection = Connection::open(&path).unwrap();
    let page: usize = connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap();
    connection.close().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[(page - 1) * 8192..][..600].fill(0xa5);
    fs::write(&path, bytes).unwrap();
}

const FRAMES: &str = "SELECT rootpage FROM sqlite_schema WHERE name = 'frame'";

fn close(folder: &Path) {
    let database = db::open(folder, NOW).unwrap();
    let clock = std::sync::Arc::new(crate::clock::System::default());
    db::Writer::start(database, clock, Vec::new(), |_| {}).unwrap().stop();
}

#[test]
fn a_database_that_was_closed_properly_is_looked_through_as_well() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    close(folder.path());
    let database = db::open(folder.path(), NOW).unwrap();
    assert_eq!((&database.opened, database.looked), (&Opened::Clean, Looked::Through));
    drop(database);
    close(folder.path());
    spoil(folder.path(), FRAMES);
    let database = db::open(folder.path(), NOW).unwrap();
    assert!(matches!(&database.opened, Opened::SetAside(Aside { from: Again::Itself, .. })), "{:?}", database.opened);
}

#[test]
fn there_is_an_end_to_looking_at_a_start_and_the_rest_is_looked_at_behind() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let mut connection = Connection::open(folder.path().join(db::FILE)).unwrap();
    assert_eq!(db::look::within(&mut connection, std::time::Duration::ZERO), Ok(Looked::Begun));
    let forever = std::time::Duration::from_secs(3600);
    assert_eq!(db::look::within(&mut connection, forever), Ok(Looked::Through));
    drop(connection);
    spoil(folder.path(), FRAMES);
    let damage = Damage::new(folder.path());
    db::behind(folder.path(), &damage);
    assert!(damage.met().is_some() && folder.path().join("damaged").exists());
    let over = Damage::default();
    over.end();
    db::behind(folder.path(), &over);
    assert_eq!(over.met(), None);
}

#[test]
fn damage_that_a_reader_meets_is_told_and_the_next_start_sets_it_aside() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let database = db::open(folder.path(), NOW).unwrap();
    let readers = Readers::new(folder.path()).telling(database.damage.clone());
    let clock = std::sync::Arc::new(crate::clock::System::default());
    let writer = db::Writer::start(database, clock, Vec::new(), |_| {}).unwrap();
    let desk = writer.desk();
    let read = || {
        readers.now(|connection| {
            Ok(connection.query_row("SELECT sum(length(body)) FROM frame", [], |row| row.get::<_, i64>(0))?)
        })
    };
    spoil(folder.path(), FRAMES);
    assert_eq!(read().unwrap_err().kind, Kind::Damaged);
    let told = desk.health();
    assert!(told.problem.is_none() && told.trouble().unwrap().contains("malformed"), "{told:?}");
    // It is closed properly, and that says nothing.
    writer.stop();
    drop(readers);
    let database = db::open(folder.path(), NOW).unwrap();
    let Opened::SetAside(Aside { from: Again::Itself, kept, .. }) = &database.opened else {
        panic!("{:?}", database.opened)
    };
    assert!(kept.exists() && !folder.path().join("damaged").exists());
    assert_eq!(database.damage.met(), None);
}

#[test]
fn what_was_met_and_is_not_there_any_more_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    close(folder.path());
    fs::write(folder.path().join("damaged"), "malformed").unwrap();
    let database = db::open(folder.path(), NOW).unwrap();
    assert_eq!((&database.opened, database.looked), (&Opened::Clean, Looked::Through));
    assert!(!folder.path().join("damaged").exists());
}
