//! Machines with each manager.

use super::*;
use crate::probe::Output;
use std::path::Path;

fn machine(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    dir
}

fn read(root: &Path, code: i32, text: &'static str) -> Result<view::Updates> {
    let (seen, result) = look(root, code, text);
    result.map(|()| seen.unwrap())
}

fn look(root: &Path, code: i32, text: &'static str) -> (Option<view::Updates>, Result<()>) {
    let mut probe = Updates::new(&UpdatesConfig::default());
    probe.runner = Runner::Fake(Box::new(move |_, _: &[&str]| Ok(Output { code: Some(code), text: text.into() })));
    let mut seen = None;
    let at = Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
    let result = probe.read(&Site::below(root), at, &mut |_, sample| {
        let Sample::Updates(view) = sample else { panic!("{sample:?}") };
        seen = Some(view);
    });
    (seen, result)
}

#[test]
fn each_manager_is_asked_in_its_way() {
    let apt = include_str!("../../../tests/fixtures/probe/updates/apt-debian.txt");
    for (files, said, manager, pending, security) in [
        (["/var/lib/dpkg/status", "/var/lib/apt/lists/deb_dists_Release"], apt, "apt", 4, Some(2)),
        (["/usr/lib/opkg/status", "/var/opkg-lists/base"], "a - 1 - 2\n", "opkg", 1, None),
        (["/lib/apk/db/installed", "/var/cache/apk/APKINDEX.tar.gz"], "", "apk", 0, None),
    ] {
        let dir = machine(&files);
        let view = read(dir.path(), 0, said).unwrap();
        assert_eq!(view.manager.as_deref(), Some(manager));
        assert_eq!((view.pending_count, view.security_count), (Some(pending), security), "{manager}");
        assert!(view.lists_at.is_some() && view.reboot_required.is_none());
        assert_eq!(read(dir.path(), 100, "").unwrap_err().state(), "failed", "{manager}");
    }
}

#[test]
fn lists_that_are_not_there_show_nothing() {
    assert_eq!(read(machine(&[]).path(), 0, "").unwrap_err().state(), "absent");
    // OpenWrt keeps its lists in memory: after a restart there are none.
    let dir = machine(&["/usr/lib/opkg/status", "/var/opkg-lists/lock"]);
    assert!(read(dir.path(), 0, "").unwrap_err().to_string().contains("no lists"));
    let dir = machine(&["/usr/lib/opkg/status", "/run/reboot-required"]);
    let (view, result) = look(dir.path(), 0, "");
    let view = view.unwrap();
    assert_eq!((view.pending_count, view.reboot_required), (None, Some(true)));
    assert!(result.unwrap_err().to_string().contains("no lists"));
}

#[test]
fn a_manager_that_fails_is_told_beside_a_restart_that_waits() {
    let dir = machine(&["/var/lib/dpkg/status", "/var/lib/apt/lists/deb_dists_Release", "/run/reboot-required"]);
    let (view, result) = look(dir.path(), 100, "");
    let view = view.unwrap();
    assert_eq!((view.pending_count, view.reboot_required), (None, Some(true)));
    assert_eq!(result.unwrap_err().state(), "failed");
}

#[test]
fn what_was_installed_or_fetched_or_asks_for_a_restart_is_a_change() {
    let dir = machine(&["/var/lib/dpkg/status", "/var/lib/apt/lists/deb_dists_Release"]);
    let site = Site::below(dir.path());
    let probe = Updates::new(&UpdatesConfig::default());
    let date = |file: &str, second: u64| {
        let file = fs::File::options().append(true).open(dir.path().join(file)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
    };
    let at = Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
    date("var/lib/dpkg/status", 100);
    date("var/lib/apt/lists/deb_dists_Release", 200);
    assert_eq!(probe.changed_at(&site, at), from_unix(200));
    date("var/lib/dpkg/status", 300);
    assert_eq!(probe.changed_at(&site, at), from_unix(300));
    fs::create_dir_all(dir.path().join("run")).unwrap();
    fs::write(dir.path().join("run/reboot-required"), "").unwrap();
    date("run/reboot-required", 400);
    assert_eq!(probe.changed_at(&site, at), from_unix(400));
}
