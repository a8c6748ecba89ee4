//! Looking through, copying, and giving space back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::clock::Simulated;
use crate::db::{self, Batch, FILE, Row, Vacuum, Writer, backup, check};
use crate::error::Kind;

const NOW: i64 = 1_800_000_000;

fn filled(folder: &Path) -> db::Database {
    let mut database = db::open(folder, NOW).unwrap();
    let mut batch = Batch::default();
    for n in 0..400_u16 {
        batch.push(Row::Frame { node: 1, at_millis: i64::from(n), flags: 0, body: vec![n as u8; 6000] });
    }
    batch.commit(&mut database.connection).unwrap();
    database
}

fn kind<T: std::fmt::Debug>(of: crate::error::Result<T>) -> Kind {
    of.unwrap_err().kind
}

#[test]
fn a_database_is_looked_through_whether_a_sidecar_has_it_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert_eq!(kind(check(path, false)), Kind::Missing);
    assert_eq!(fs::read_dir(path).unwrap().count(), 0, "nothing is made");
    let database = filled(path);
    for full in [false, true] {
        let checked = check(path, full).unwrap();
        assert!(checked.in_use && checked.bytes > 2_000_000, "{checked:?}");
    }
    drop(database);
    assert!(!check(path, true).unwrap().in_use);
    let connection = Connection::open(path.join(FILE)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(kind(check(path, false)), Kind::Newer);
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection.pragma_update(None, "application_id", 7).unwrap();
    assert_eq!(kind(check(path, false)), Kind::Refused);
}

#[test]
fn damage_is_found_without_touching_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let file = folder.path().join(FILE);
    let whole = fs::read(&file).unwrap();
    for at in [0, 8192 * 3 + 5, 8192 * 40] {
        let mut bytes = whole.clone();
        bytes[at..at + 200].fill(0xa5);
        fs::write(&file, &bytes).unwrap();
        let why = check(folder.path(), true).unwrap_err();
        assert_eq!(why.kind, Kind::Damaged, "{at}: {why}");
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    fs::write(&file, "no database at all, and long enough to be looked at as one").unwrap();
    assert_eq!(kind(check(folder.path(), false)), Kind::Damaged);
}

#[test]
fn a_copy_is_whole_and_for_its_owner_and_replaces_nothing() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(kind(backup(folder.path(), &out.path().join("x"))), Kind::Missing);
    let database = filled(folder.path());
    let to = out.path().join(FILE);
    let bytes = backup(folder.path(), &to).unwrap();
    let meta = fs::metadata(&to).unwrap();
    assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (bytes, 0o600));
    assert!(!check(out.path(), true).unwrap().in_use);
    let count = |at: &Path| -> u32 {
        Connection::open(at).unwrap().query_row("SELECT count(*) FROM frame", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&to), 400);
    assert_eq!(kind(backup(folder.path(), &to)), Kind::Refused);
    assert_eq!(kind(backup(folder.path(), Path::new("relative"))), Kind::Refused);
    assert_eq!(kind(backup(folder.path(), &out.path().join("no/such"))), Kind::Missing);
    // What a copy that was cut off left behind is no hindrance.
    fs::write(out.path().join("again.part"), "half").unwrap();
    backup(folder.path(), &out.path().join("again")).unwrap();
    let left = fs::read_dir(out.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(left.count(), 0);
    drop(database);
}

#[tokio::test]
async fn free_space_goes_back_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let database = filled(folder.path());
    database.connection.execute("DELETE FROM frame", []).unwrap();
    let vacuum = Vacuum::default();
    let clock = Arc::new(Simulated::at(NOW));
    let writer = Writer::start(database, clock, vec![Box::new(vacuum.chore())], |_| {}).unwrap();
    let (one, other) = tokio::join!(vacuum.run(), vacuum.run());
    let shrunk = one.unwrap();
    assert_eq!(other.unwrap_err().kind, Kind::InUse);
    assert!(shrunk.before > 2_000_000 && shrunk.after < 500_000, "{shrunk:?}");
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), shrunk.after);
    writer.stop();
}

#[test]
fn runs_are_counted_as_they_end_and_a_count_does_not_fall_when_they_grow_old() {
    use crate::db::read::figures;
    use crate::db::{Node, Run, tidy};
    use crate::people::Customers;
    let folder = tempfile::tempdir().unwrap();
    let mut database = db::open(folder.path(), NOW).unwrap();
    let node = Node {
        id: 1,
        name: "nas".into(),
        title: "NAS".into(),
        customer: "Ana".into(),
        site: String::new(),
        parent: None,
        state: "member",
        joined: 0,
    };
    let run = |n: u8, ended: Option<i64>, result: Option<&str>| {
        Row::Run(Run {
            node: 1,
            run: [n; 16],
            job: "photos".into(),
            began: Some(i64::from(n)),
            ended,
            result: result.map(str::to_owned),
            ..Run::default()
        })
    };
    let mut write = |rows: Vec<Row>| {
        let mut batch = Batch::default();
        rows.into_iter().for_each(|row| batch.push(row));
        batch.commit(&mut database.connection).unwrap();
    };
    // One that begins and ends, one that is told at once, one told twice, one that failed, one that goes on.
    write(vec![Row::Node(node), run(1, None, None), run(1, Some(100), Some("ok")), run(2, Some(200), Some("ok"))]);
    write(vec![run(2, Some(200), Some("ok")), run(3, Some(300), Some("failed")), run(4, None, None)]);
    let counted = |connection: &Connection| {
        let all = figures::runs(connection, &Customers::All, NOW).unwrap();
        all.into_iter().map(|one| (one.result.unwrap_or_default(), one.count, one.seconds)).collect::<Vec<_>>()
    };
    let expected = vec![("failed".to_owned(), 1, Some(297)), ("ok".to_owned(), 2, Some(198))];
    assert_eq!(counted(&database.connection), expected);
    let ages = tidy::Ages { events: 86_400, audit: 86_400, gaps: 86_400 };
    let transaction = database.connection.transaction().unwrap();
    tidy::remove(&transaction, tidy::Old::Runs(1), &ages, NOW).unwrap();
    transaction.commit().unwrap();
    let left: i64 = database.connection.query_row("SELECT count(*) FROM run", [], |row| row.get(0)).unwrap();
    assert_eq!((left, counted(&database.connection)), (0, expected.clone()));
    // Nor when a damaged database is begun again.
    db::copy::make(&database.connection, folder.path()).unwrap();
    assert_eq!(counted(&Connection::open(folder.path().join("kept.db")).unwrap()), expected);
    let mut batch = Batch::default();
    batch.push(Row::NodeGone { node: 1, at: NOW, forget: true });
    batch.commit(&mut database.connection).unwrap();
    assert_eq!(counted(&database.connection), []);
}

#[test]
fn a_size_that_no_number_of_sql_holds_takes_no_figures_away() {
    let folder = tempfile::tempdir().unwrap();
    let database = db::open(folder.path(), NOW).unwrap();
    let rows = "INSERT INTO customer (id, name) VALUES (9, 'Ana');
        INSERT INTO node (id, name, title, customer, state) VALUES (1, 'nas', 'NAS', 9, 'member');
        INSERT INTO run (node, run, job, cause, began, ended, result, view)
            VALUES (1, x'01', 'a', '', 5, 9, 'ok', '{\"source_bytes\":18446744073709551615}');";
    database.connection.execute_batch(rows).unwrap();
    let everybody = crate::people::Customers::All;
    let all = crate::db::read::figures::runs(&database.connection, &everybody, 0).unwrap();
    let sizes: Vec<f64> = all.iter().filter_map(|one| one.bytes).collect();
    assert_eq!(sizes, [18_446_744_073_709_551_615.0]);
}

#[test]
fn runs_that_were_there_before_they_were_counted_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    drop(db::open(folder.path(), NOW).unwrap());
    let connection = Connection::open(&path).unwrap();
    let first = "ALTER TABLE stream DROP COLUMN heard; DROP TABLE request; DROP TABLE renewal; DROP TRIGGER run_ended; DROP TRIGGER run_ended_at_once; DROP TABLE run_total; DROP INDEX run_ended_at;
        INSERT INTO run (node, run, job, cause, began, ended, result) VALUES (1, x'01', 'a', '', 5, 9, 'ok'), (1, x'02', 'a', '', 10, 30, 'ok');
        PRAGMA user_version = 1;";
    connection.execute_batch(first).unwrap();
    drop(connection);
    let database = db::open(folder.path(), NOW).unwrap();
    let told: (i64, i64) = database
        .connection
        .query_row("SELECT count, seconds FROM run_total", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(told, (2, 20));
}

#[test]
fn a_node_that_an_older_version_never_heard_is_not_taken_for_connected() {
    let folder = tempfile::tempdir().unwrap();
    drop(db::open(folder.path(), NOW).unwrap());
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    // As an older version wrote each of them.
    let known = serde_json::to_string(&atalaya_alert::Node::default()).unwrap();
    assert!(known.contains("\"online\"") && !known.contains("unheard"), "{known}");
    let sql = "INSERT INTO node (id, name, title, customer, state, seen) VALUES
            (1, 'never', '', 1, 'member', 0), (2, 'heard', '', 1, 'member', 5), (3, 'streams', '', 1, 'member', 0);
        INSERT INTO stream (node, kind, stream, seq) VALUES (3, 2, x'01010101010101010101010101010101', 1);
        PRAGMA user_version = 5;";
    connection.execute_batch(sql).unwrap();
    for name in ["never", "heard", "streams", "_sidecar"] {
        connection.execute("INSERT INTO alert_part VALUES (2, ?1, ?2)", [name, &known]).unwrap();
    }
    drop(connection);
    let database = db::open(folder.path(), NOW).unwrap();
    let alerts = db::load(&database.connection).unwrap().alerts;
    let presence = |node: &str| alerts.presence(&node.into());
    let online = Some(atalaya_alert::Presence::Online);
    assert_eq!(["never", "heard", "streams", "_sidecar"].map(presence), [None, online, online, online]);
}
