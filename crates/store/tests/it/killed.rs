//! A process killed in the middle of its puts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use atalaya_store::{Body, LocalStore, Store};
use tempfile::TempDir;

const LEN: usize = 300_000;
const CHILD_ROOT: &str = "ATALAYA_TEST_STORE";
const CHILD_NAMED: &str = "ATALAYA_TEST_NAMED";

/// Not a test by itself: what the killed process does.
#[test]
fn puts_until_killed() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let mut store = LocalStore::open(Path::new(&root)).unwrap();
    if std::env::var_os(CHILD_NAMED).is_some() {
        store = store.without(true, true, false);
    }
    // One that is open all the time.
    let _spool = store.spool(Path::new("/")).unwrap();
    for i in 0.. {
        store.put(&format!("k/{}/{i}", i % 3), Body::Bytes(&[i as u8; LEN])).unwrap();
        println!("put");
    }
}

fn start(root: &Path, named: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::puts_until_killed", "--nocapture"]).env(CHILD_ROOT, root);
    if named {
        command.env(CHILD_NAMED, "1");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn wait_for_puts(child: &mut Child, count: usize) {
    let output = BufReader::new(child.stdout.take().unwrap());
    let puts = output.lines().map(Result::unwrap).filter(|line| line == "put").take(count).count();
    assert_eq!(puts, count, "the child ended early");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn kill_and_look(named: bool) {
    let root = TempDir::new().unwrap();
    for round in 1..4 {
        let mut child = start(root.path(), named);
        wait_for_puts(&mut child, 3 + round);
        // Another process opens the store meanwhile and must not take what is in use.
        drop(LocalStore::open(root.path()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        let store = LocalStore::open(root.path()).unwrap();
        let mut listed = 0;
        store
            .list("", &mut |entry| {
                listed += 1;
                assert_eq!(entry.len, LEN as u64, "{}", entry.name);
                let mut bytes = vec![0; LEN];
                store.get(&entry.name, 0, &mut bytes)?;
                assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                Ok(())
            })
            .unwrap();
        assert!(listed > 3);
        assert_eq!(files(root.path()).len(), listed, "files that are no objects");
        fs::remove_dir_all(root.path().join("k")).unwrap();
    }
}

#[test]
fn kill_9_leaves_no_mess() {
    kill_and_look(false);
}

#[test]
fn kill_9_leaves_no_mess_with_named_spool_files() {
    kill_and_look(true);
}
