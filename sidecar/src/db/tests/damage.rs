//! A database that is damaged, newer, somebody else's or in use.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::db::{self, Aside, Audit, Batch, Node, Opened, Row};
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
    let (mut set_aside, pages) = (0, bytes.len() / 8192);
    for page in (0..pages).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        let mut bad = bytes.clone();
        bad[page * 8192..page * 8192 + 600].fill(0xa5);
        fs::write(folder.path().join(db::FILE), &bad).unwrap();
        fs::copy(original.path().join("kept.db"), folder.path().join("kept.db")).unwrap();
        let database = db::open(folder.path(), NOW).unwrap();
        // A page that holds nothing, or the middle of one frame's bytes, says nothing when it is something else.
        if let Opened::SetAside(Aside { kept, copy, why }) = &database.opened {
            set_aside += 1;
            let kept = fs::read(kept).unwrap();
            // The counter of changes in the header is all that opening it may have moved.
            let differ = kept.iter().zip(&bad).enumerate().filter(|(_, (is, was))| is != was).map(|(at, _)| at);
            assert!(kept.len() == bad.len() && differ.into_iter().all(|at| at < 100), "{page}: {why}");
            assert!(*copy && !why.is_empty());
            let nodes = db::load(&database.connection).unwrap().nodes;
            assert_eq!(nodes[0].node.name, "nas1");
        }
    }
    assert!(set_aside * 4 > pages / 3 * 3, "{set_aside} of {} were found", pages / 3);
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
        let Opened::SetAside(Aside { kept, copy: false, .. }) = &database.opened else {
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
    assert!(matches!(database.opened, Opened::SetAside(Aside { copy: false, .. })));
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
