//! A repository of every released format is read for ever. The passphrase of each is `format N`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atalaya_repo::model::{Entry, Kind, XattrValue};
use atalaya_repo::view::View;
use atalaya_repo::{Repository, Role, Selector, Snapshot, Unlock, hex};
use atalaya_store::LocalStore;
use sha2::{Digest, Sha256};

use crate::fixture::read_content;

/// Formats that were ever written, newest last.
const FORMATS: [u32; 1] = [1];

fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}"))
}

/// One line of `expected.txt`: path in hex, kind, mode, size, mtime in ns, link or alone, SHA-256 of the content
/// or link target in hex, attributes by the beginning of their values' SHA-256.
fn line(snapshot: &Snapshot<'_>, entry: &Entry) -> String {
    let (kind, extra) = match entry.meta.kind {
        Kind::Dir => ("dir", "-".to_owned()),
        Kind::File => ("file", hex(&Sha256::digest(read_content(snapshot, entry).unwrap()))),
        Kind::Symlink => ("symlink", hex(&entry.target)),
        Kind::Fifo => ("fifo", "-".to_owned()),
        other => panic!("{other:?} in a fixture"),
    };
    let mut xattrs = String::new();
    for xattr in &entry.xattrs {
        let value = snapshot.xattr_value(&xattr.value).unwrap();
        let comma = if xattrs.is_empty() { "" } else { "," };
        write!(xattrs, "{comma}{}={}", String::from_utf8_lossy(&xattr.name), &hex(&Sha256::digest(value))[..16])
            .unwrap();
        assert!(matches!(xattr.value, XattrValue::Inline(_) | XattrValue::Blob(..)));
    }
    let mtime = i128::from(entry.meta.mtime.secs) * 1_000_000_000 + i128::from(entry.meta.mtime.nanos);
    let link = if entry.link.is_some() { "link" } else { "alone" };
    let xattrs = if xattrs.is_empty() { "-" } else { &xattrs };
    format!("{} {kind} {:o} {} {mtime} {link} {extra} {xattrs}", hex(&entry.path), entry.meta.mode, entry.meta.size)
}

fn listing(snapshot: &Snapshot<'_>) -> Vec<String> {
    let mut entries = snapshot.entries(b"tmp/fx/src").unwrap();
    let mut lines = Vec::new();
    while let Some(entry) = entries.next().unwrap() {
        lines.push(line(snapshot, &entry));
    }
    lines.sort();
    lines
}

#[test]
fn every_released_format_is_read() {
    for format in FORMATS {
        let store = Arc::new(LocalStore::open(&folder(format).join("repo")).unwrap());
        let state = tempfile::tempdir().unwrap();
        let passphrase = format!("format {format}");
        let repo = Repository::open(store, Unlock::Passphrase(passphrase.as_bytes()), state.path()).unwrap();
        let info = repo.find_snapshot(&"latest/fixture".parse::<Selector>().unwrap()).unwrap();
        let snapshot = repo.open_snapshot(&info, 1).unwrap();
        let expected = std::fs::read_to_string(folder(format).join("expected.txt")).unwrap();
        assert_eq!(listing(&snapshot), expected.lines().collect::<Vec<_>>(), "format {format}");
        assert_eq!(repo.snapshots().unwrap().0.len(), 2);
    }
}

#[test]
fn every_released_key_file_is_read() {
    for format in FORMATS {
        let store = Arc::new(LocalStore::open(&folder(format).join("repo")).unwrap());
        let state = tempfile::tempdir().unwrap();
        let bytes = std::fs::read(folder(format).join("writer.key")).unwrap();
        let repo = Repository::open(store, Unlock::KeyFile(&bytes, None), state.path()).unwrap();
        assert_eq!(repo.role(), Role::Writer);
        assert_eq!(repo.snapshots().unwrap().0.len(), 2);
    }
}

#[test]
fn no_fixture_is_forgotten() {
    let listed = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap().count();
    assert_eq!(listed, FORMATS.len());
}
