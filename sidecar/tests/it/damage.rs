//! A database that is damaged while the program runs.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use super::program::Program;

/// What leads to events leads nowhere any more.
fn spoil(state: &Path) {
    let path = state.join("sidecar.db");
    let connection = Connection::open(&path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'event_node'";
    let page: u64 = connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xa5; 600], (page - 1) * 8192).unwrap();
}

fn get(state: &Path, path: &str) -> String {
    let mut socket = UnixStream::connect(state.join("control.sock")).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_damaged_while_it_runs_is_told_set_aside_and_begun_again_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    // Such as do not change, so that it has to let go of them.
    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
    let [broker, web] = [free(), free()].map(|listener| listener.local_addr().unwrap());
    let ports = &format!("[broker]\nlisten = [\"{broker}\"]\n[web]\nlisten = [\"{web}\"]\n");
    // Closed once, so that nothing of it is in the log alone.
    let first = Program::start_in(folder.path(), ports);
    first.does(&["node", "add", "--id", "nas", "--name", "NAS", "--token"]);
    drop(first);
    let program = Program::start_in(folder.path(), ports);
    spoil(&program.state);
    let answer = get(&program.state, "/api/v1/nodes/nas/events");
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    program.hears("the database is damaged; the next start");
    program.hears("beginning again");
    program.hears(" ready ");
    let status: Value = serde_json::from_str(&program.does(&["status", "--json"])).unwrap();
    assert_eq!((&status["database"]["found"], &status["nodes"]["all"]["now"]), (&"set_aside".into(), &1.into()));
    assert!(status["problems"][0].as_str().unwrap().contains("corrupt-"), "{status}");
    assert!(get(&program.state, "/api/v1/nodes/nas/events").starts_with("HTTP/1.1 200"));
}
