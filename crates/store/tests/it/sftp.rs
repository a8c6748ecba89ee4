//! Stores of another machine: OpenSSH's server, and servers that break.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use atalaya_store::{Access, Body, Kind, Retry, SftpStore, SftpUrl, Store, conformance};

use crate::sshd::{SFTP_SERVER, Sshd, folder};

/// SFTP from a shell's words, without ssh.
fn by(words: &str) -> Access {
    Access { program: ["sh", "-c", words].map(Into::into).to_vec(), ..Access::default() }
}

fn url(path: &Path) -> SftpUrl {
    let path = path.as_os_str().as_encoded_bytes().to_vec();
    SftpUrl { user: None, host: "nowhere".to_owned(), port: None, path }
}

fn check(words: &str) {
    let (root, count) = (folder(), Cell::new(0));
    conformance::check(&|| {
        count.set(count.get() + 1);
        let url = url(&root.path().join(count.get().to_string()));
        Box::new(SftpStore::create(url, by(words)).unwrap())
    });
}

#[test]
fn sftp_over_ssh() {
    let (sshd, count) = (Sshd::start(), Cell::new(0));
    conformance::check(&|| {
        count.set(count.get() + 1);
        Box::new(SftpStore::create(sshd.url(&count.get().to_string()), sshd.access()).unwrap())
    });
}

#[test]
fn sftp_of_the_draft_alone() {
    check(&format!("exec {SFTP_SERVER} -P fsync,statvfs,limits,posix-rename,hardlink"));
    let root = folder();
    let access = by(&format!("exec {SFTP_SERVER} -P fsync,statvfs"));
    let store = SftpStore::open(url(root.path()), access).unwrap();
    assert_eq!(store.free().unwrap(), None);
    assert_eq!(store.shortcomings().unwrap().len(), 2);
}

#[test]
fn what_is_put_leaves_nothing_beside_it() {
    let root = folder();
    let store = SftpStore::open(url(root.path()), by(&format!("exec {SFTP_SERVER}"))).unwrap();
    assert!(store.shortcomings().unwrap().is_empty() && store.free().unwrap().unwrap() > 0);
    store.put("a/b", Body::Bytes(b"x")).unwrap();
    assert_eq!(store.put("a/b", Body::Bytes(b"y")).unwrap_err().kind, Kind::Exists);
    // Answers come in order, so what was only told is done when something is answered.
    store.stat("a/b").unwrap();
    assert_eq!(fs::read_dir(root.path().join(".tmp")).unwrap().count(), 0);
}

#[test]
fn what_a_killed_process_left_goes_after_a_day() {
    let root = folder();
    let tmp = root.path().join(".tmp");
    fs::create_dir(&tmp).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(90_000);
    for (name, when) in [("put-1", long_ago), ("put-2", SystemTime::now()), ("other", long_ago)] {
        let file = fs::File::create(tmp.join(name)).unwrap();
        file.set_modified(when).unwrap();
    }
    let store = SftpStore::open(url(root.path()), by(&format!("exec {SFTP_SERVER}"))).unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    store.stat("a").unwrap();
    let mut left: Vec<_> = fs::read_dir(&tmp).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["other", "put-2"]);
}

#[test]
fn a_connection_that_is_lost_again_and_again_costs_nothing_that_arrived() {
    let root = folder();
    // After so many pieces the server sees the end.
    let access = by(&format!("dd bs=65536 count=150 2> /dev/null | {SFTP_SERVER}"));
    let store = Retry::new(SftpStore::open(url(root.path()), access).unwrap(), 3, |_| {});
    let bytes = |i: usize| vec![i as u8; 1_000_000];
    for i in 0..20 {
        store.put(&format!("o/{i}"), Body::Bytes(&bytes(i))).unwrap();
    }
    store.sync().unwrap();
    let whole = SftpStore::open(url(root.path()), by(&format!("exec {SFTP_SERVER}"))).unwrap();
    for i in 0..20 {
        let mut buf = vec![0; 1_000_000];
        whole.get(&format!("o/{i}"), 0, &mut buf).unwrap();
        assert_eq!(buf, bytes(i));
        assert_eq!(whole.stat(&format!("o/{i}")).unwrap(), 1_000_000);
    }
}

#[test]
fn a_connection_that_is_lost_while_reading_is_made_again() {
    let root = folder();
    fs::write(root.path().join("o"), vec![7; 3_000_000]).unwrap();
    let access = by(&format!("{SFTP_SERVER} | dd bs=65536 count=100 2> /dev/null"));
    let store = Retry::new(SftpStore::open(url(root.path()), access).unwrap(), 3, |_| {});
    let mut buf = vec![0; 1_500_000];
    for offset in [0, 1_500_000, 0, 1_000_000] {
        store.get("o", offset, &mut buf).unwrap();
        assert!(buf.iter().all(|byte| *byte == 7));
        buf.fill(0);
    }
    let once =
        SftpStore::open(url(root.path()), by(&format!("{SFTP_SERVER} | dd bs=65536 count=20 2> /dev/null"))).unwrap();
    assert_eq!(once.get("o", 0, &mut buf).unwrap_err().kind, Kind::Io);
}

#[test]
fn what_speaks_no_sftp_is_told_at_once() {
    let root = folder();
    for (words, kind, said) in [
        ("exit 1", Kind::Io, "the connection was closed"),
        ("echo who is there >&2", Kind::Io, "who is there"),
        ("echo This account is not available.; cat > /dev/null", Kind::Io, "the connection was closed"),
        ("printf '\\0\\0\\0\\5\\2\\0\\0\\0\\6'; cat > /dev/null", Kind::Io, "no SFTP version 3"),
        ("printf '\\377\\377\\377\\377'; cat > /dev/null", Kind::Io, "closed"),
        ("echo 'a@b: Permission denied (publickey).' >&2", Kind::Denied, "login was refused"),
    ] {
        let err = SftpStore::open(url(root.path()), by(words)).unwrap_err();
        assert!(err.kind == kind && err.text.contains(said) && !err.text.contains('\n'), "{words}: {err:?}");
    }
    let missing = Access { program: vec!["/no/such/program".into()], ..Access::default() };
    let err = SftpStore::open(url(root.path()), missing).unwrap_err();
    assert!(err.kind == Kind::Denied && err.text.contains("install OpenSSH"), "{err}");
}

#[test]
fn folders_that_are_none() {
    let root = folder();
    let server = || by(&format!("exec {SFTP_SERVER}"));
    fs::write(root.path().join("file"), "x").unwrap();
    fs::create_dir(root.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", root.path().join("link")).unwrap();
    let open = |name: &str| SftpStore::open(url(&root.path().join(name)), server());
    assert_eq!(open("gone").unwrap_err().kind, Kind::NotFound);
    assert_eq!(open("file").unwrap_err().kind, Kind::BadName);
    open("link").unwrap().put("a", Body::Bytes(b"x")).unwrap();
    assert_eq!(fs::read(root.path().join("real/a")).unwrap(), b"x");
    let err = SftpStore::create(url(&root.path().join("gone/below")), server()).unwrap_err();
    assert!(err.kind == Kind::NotFound && err.text.contains("the folder above it"), "{err}");
    let store = SftpStore::create(url(&root.path().join("new")), server()).unwrap();
    store.put("x/y/z", Body::Bytes(b"x")).unwrap();
    store.start_over().unwrap();
    assert_eq!(store.stat("x/y/z").unwrap_err().kind, Kind::NotFound);
    store.put("x/y/z", Body::Bytes(b"x")).unwrap();
    store.remove_all().unwrap();
    assert!(!root.path().join("new").exists());
}
