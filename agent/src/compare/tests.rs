//! Files of this machine, and snapshots that say of them what is so and what is not.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use atalaya_repo::model::{ChunkId, Content, Entry, Flags, Run};

use super::*;
use crate::dump::tests::Few;
use crate::fs::meta_of;

/// Bytes of each chunk of [`Few`]: the chunk's id.
const CHUNK_BYTES: usize = 32;

/// What a backup of `path` would have stored: runs of data, and one hole.
fn entry(path: &Path, runs: Vec<Run>) -> Entry {
    let stat = rustix::fs::lstat(path).unwrap();
    Entry {
        path: path.as_os_str().as_bytes()[1..].to_vec(),
        meta: meta_of(&stat),
        target: Vec::new(),
        link: None,
        xattrs: Vec::new(),
        content: Content::Runs(runs),
        digest: [0; 8],
        flags: Flags::default(),
    }
}

fn data(byte: u8) -> Run {
    Run::Data { chunk: ChunkId([byte; CHUNK_BYTES]), offset: 0, len: CHUNK_BYTES as u32 }
}

/// A file of `chunks` chunks of ones.
fn ones(folder: &Path, name: &str, chunks: usize) -> Entry {
    let path = folder.join(name);
    fs::write(&path, vec![1; chunks * CHUNK_BYTES]).unwrap();
    entry(&path, vec![data(1); chunks])
}

fn of(entry: &mut Entry) -> &mut Vec<Run> {
    match &mut entry.content {
        Content::Runs(runs) => runs,
        _ => panic!("no runs"),
    }
}

/// Files, equal, changed and wrong ones, and what was said.
fn compared(entries: Vec<Entry>) -> ([u64; 4], Vec<String>) {
    let (counts, mut said) = (Compared::default(), Vec::new());
    let stop = AtomicBool::new(false);
    compare(&Few(entries), 1.0, &counts, &stop, &mut |path, why| {
        said.push(format!("{}: {why}", String::from_utf8_lossy(path).rsplit('/').next().unwrap()));
    })
    .unwrap();
    let numbers = [&counts.files, &counts.equal, &counts.changed, &counts.wrong];
    (numbers.map(|number| number.load(Ordering::Relaxed)), said)
}

/// Larger than what is fetched together with others.
const LARGE: usize = SMALL_FILE_BYTES_MAX as usize / CHUNK_BYTES + 1;

#[test]
fn what_did_not_change_is_the_same_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = vec![ones(folder.path(), "small", 3), ones(folder.path(), "large", LARGE)];
    assert_eq!(compared(entries.clone()), ([2, 2, 0, 0], Vec::new()));
    // As if the disk had lost a bit: nothing but the bytes tells.
    for entry in &mut entries {
        *of(entry).last_mut().unwrap() = data(2);
    }
    let (counts, said) = compared(entries);
    assert_eq!(counts, [2, 0, 0, 2]);
    assert!(said.iter().all(|text| text.contains("other bytes now")) && said.len() == 2, "{said:?}");
}

#[test]
fn holes_are_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let hole = |len: u64| Run::Hole { len };
    for chunks in [2, LARGE] {
        let path = folder.path().join("holed");
        let len = (chunks * CHUNK_BYTES) as u64;
        fs::File::create(&path).unwrap().set_len(len).unwrap();
        assert_eq!(compared(vec![entry(&path, vec![hole(len)])]).0, [1, 1, 0, 0]);
        fs::write(&path, vec![1; chunks * CHUNK_BYTES]).unwrap();
        assert_eq!(compared(vec![entry(&path, vec![hole(len)])]).0, [1, 0, 0, 1]);
    }
}

#[test]
fn what_changed_or_is_gone_is_put_together_and_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<Entry> = (0..6).map(|number| ones(folder.path(), &number.to_string(), 1)).collect();
    let mut entries = all.clone();
    entries.iter_mut().for_each(|entry| of(entry)[0] = data(2));
    fs::remove_file(folder.path().join("0")).unwrap();
    fs::write(folder.path().join("1"), vec![3; CHUNK_BYTES]).unwrap();
    entries[2].meta.mtime.nanos ^= 1;
    entries[3].meta.ino += 1;
    entries[4].flags.racy = true;
    entries[5].flags.unstable = true;
    assert_eq!(compared(entries), ([6, 0, 6, 0], Vec::new()));
}

#[test]
fn nothing_but_files_is_restored_and_a_link_in_its_place_is_no_source() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = vec![ones(folder.path(), "file", 1), ones(folder.path(), "folder", 1)];
    entries[1].meta.kind = Kind::Dir;
    fs::rename(folder.path().join("file"), folder.path().join("moved")).unwrap();
    std::os::unix::fs::symlink("moved", folder.path().join("file")).unwrap();
    assert_eq!(compared(entries), ([1, 0, 1, 0], Vec::new()));
}

#[test]
fn a_stop_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let entries = vec![ones(folder.path(), "file", 1)];
    let stopped = compare(&Few(entries), 1.0, &Compared::default(), &AtomicBool::new(true), &mut |_, _| ());
    assert_eq!(stopped.unwrap_err().kind, Why::Interrupted);
}
