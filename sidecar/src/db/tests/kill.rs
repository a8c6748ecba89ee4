//! A program that is killed: what had its effect is on the disk.

use std::process::{Command, Stdio};

use crate::db;

use super::writer::{batch, meta, start, until};

/// Set for the child that writes until it is killed: its state folder.
const FOLDER: &str = "ATALAYA_TEST_WRITES_TO";

#[test]
fn what_had_its_effect_is_there_after_kill_9() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_for_ever(folder.as_ref());
    }
    let rounds = if std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty()) { 100 } else { 8 };
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "db::tests::kill::what_had_its_effect_is_there_after_kill_9", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let told = folder.path().join("told");
        let said = || {
            std::fs::read_to_string(&told).ok().and_then(|text| text.lines().last()?.parse::<u64>().ok()).unwrap_or(0)
        };
        let goal = last + 20 + round * 7;
        until("progress", || said() >= goal);
        child.kill().unwrap();
        child.wait().unwrap();
        let promised = said();
        let database = db::open(folder.path(), 0).unwrap();
        assert_eq!(database.opened, db::Opened::Unclean);
        let value =
            database.connection.query_row("SELECT value FROM meta WHERE key = 'n'", [], |row| row.get::<_, String>(0));
        let n: u64 = value.unwrap().parse().unwrap();
        assert!(n >= promised, "{promised} was promised, {n} is there");
        last = n;
    }
}

/// Writes numbers, and tells each one after its commit.
fn write_for_ever(folder: &std::path::Path) {
    use std::io::Write;
    let (writer, heard) = start(folder);
    let mut told = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("told")).unwrap();
    let first: u64 = {
        let read = crate::db::Readers::new(folder).now(|connection| {
            Ok(connection
                .query_row("SELECT value FROM meta WHERE key = 'n'", [], |row| row.get::<_, String>(0))
                .unwrap_or_default())
        });
        read.unwrap().parse().unwrap_or(0)
    };
    let mut said = 0;
    for number in first + 1.. {
        while writer.desk().keep(batch(vec![meta("n", number)], &number.to_string())).is_err() {
            std::thread::yield_now();
        }
        let all = heard.lock().unwrap();
        for one in &all[said..] {
            writeln!(told, "{one}").unwrap();
        }
        said = all.len();
    }
}
