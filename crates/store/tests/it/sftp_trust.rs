//! Whom a store believes, and who believes it.

use std::fs;

use atalaya_store::{Access, Error, Kind, SftpStore, Store};

use crate::sshd::Sshd;

fn refusal(sshd: &Sshd, access: Access) -> Error {
    let err = SftpStore::open(sshd.url(""), access).unwrap_err();
    assert!(err.kind == Kind::Denied && !err.text.contains('\n'), "{err:?}");
    err
}

#[test]
fn a_server_that_is_not_known_is_not_believed_until_its_fingerprint_is_named() {
    let sshd = Sshd::start();
    let unknown = || Access { known_hosts: Some(sshd.path("nobody")), ..sshd.access() };
    let err = refusal(&sshd, unknown());
    assert!(err.text.contains("not known") && err.text.contains(&sshd.fingerprint()), "{err}");
    assert!(!sshd.path("nobody").exists());

    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let err = refusal(&sshd, Access { trust: Some(other.to_owned()), ..unknown() });
    assert!(err.text.contains("nothing was trusted"), "{err}");
    assert!(!sshd.path("nobody").exists());

    let store = SftpStore::open(sshd.url(""), Access { trust: Some(sshd.fingerprint()), ..unknown() }).unwrap();
    assert!(store.host_key().unwrap().ends_with(&sshd.fingerprint()));
    let line = fs::read_to_string(sshd.path("nobody")).unwrap();
    assert!(line.starts_with("|1|") && line.lines().count() == 1, "one hashed name: {line}");
    // From now on it is known.
    SftpStore::open(sshd.url(""), unknown()).unwrap().list("", &mut |_| Ok(())).unwrap();
    let beside = fs::read_dir(sshd.dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".new-"));
    assert_eq!(beside.count(), 0);
}

#[test]
fn a_server_with_another_key_is_not_believed() {
    let sshd = Sshd::start();
    let access = sshd.access();
    let stranger = fs::read_to_string(sshd.path("stranger.pub")).unwrap();
    fs::write(sshd.path("known_hosts"), format!("[127.0.0.1]:{} {stranger}", sshd.port)).unwrap();
    let err = refusal(&sshd, access);
    assert!(err.text.contains("another key than the known one") && err.text.contains(&sshd.fingerprint()), "{err}");
}

#[test]
fn a_login_that_is_refused_says_what_to_do() {
    let sshd = Sshd::start();
    let err = refusal(&sshd, Access { key_file: Some(sshd.path("stranger")), ..sshd.access() });
    assert!(err.text.contains("login was refused") && err.text.contains("--ssh-key-file"), "{err}");
    let err = refusal(&sshd, Access { key_file: Some(sshd.path("none")), ..sshd.access() });
    assert!(err.text.contains("not accessible"), "{err}");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(sshd.path("user"), mode).unwrap();
    let err = refusal(&sshd, sshd.access());
    assert!(err.text.contains("chmod 600"), "{err}");
}

#[test]
fn a_server_that_is_not_there_may_come_back() {
    let sshd = Sshd::start();
    let (url, access) = (sshd.url(""), sshd.access());
    let port = sshd.port;
    let dir = std::mem::replace(&mut { sshd }.dir, tempfile::TempDir::new().unwrap());
    let err = SftpStore::open(url, access).unwrap_err();
    assert!(err.kind == Kind::Io && err.text.contains(&port.to_string()), "{err:?}");
    drop(dir);
}
