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
    let writer = Writer::start(database, clock, vec![Box::new(vacuum.clone())], |_| {}).unwrap();
    let (one, other) = tokio::join!(vacuum.run(), vacuum.run());
    let shrunk = one.unwrap();
    assert_eq!(other.unwrap_err().kind, Kind::InUse);
    assert!(shrunk.before > 2_000_000 && shrunk.after < 500_000, "{shrunk:?}");
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), shrunk.after);
    writer.stop();
}
