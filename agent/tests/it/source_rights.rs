//! What needs to be root to set up: mounts, and being somebody else.

use super::source::{options, scratch, walk_all};
use atalaya_agent::source::{Opener, Options, Shares};
use atalaya_repo::model::Kind;
use atalaya_repo::source::{Extra, Open};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn mount_points_are_kept_empty() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    fs::create_dir(data.join("mnt")).unwrap();
    let mounted = is_root()
        && Command::new("mount")
            .args(["-t", "tmpfs", "none"])
            .arg(data.join("mnt"))
            .status()
            .is_ok_and(|s| s.success());
    if !mounted {
        return;
    }
    fs::write(data.join("mnt/x"), "").unwrap();
    let spool = base.join("spool");
    let walk = |one_file_system| {
        let options = Options { one_file_system, ..options(&spool, Shares::default()) };
        walk_all(std::slice::from_ref(&data), options).below(&data)
    };
    let (one, all) = (walk(true), walk(false));
    assert!(Command::new("umount").arg(data.join("mnt")).status().unwrap().success());
    assert_eq!((one, all), (vec!["mnt".into()], vec!["mnt".into(), "mnt/x".into()]));
}

/// Runs [`as_somebody_else`] as a user without rights.
#[test]
fn what_cannot_be_read_is_told() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    fs::create_dir(data.join("closed")).unwrap();
    fs::create_dir(data.join("listable")).unwrap();
    ["closed/x", "listable/y", "listable/z", "secret"].iter().for_each(|f| fs::write(data.join(f), "").unwrap());
    for (path, mode) in [("data/closed", 0o700), ("data/listable", 0o744), ("data/secret", 0o600), ("spool", 0o777)] {
        fs::set_permissions(base.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    rustix::fs::setxattr(data.join("closed"), "user.seen", b"by root", rustix::fs::XattrFlags::empty()).ok();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
    if !is_root() {
        return;
    }
    // The test program may lie where others cannot reach it.
    let program = base.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", "source_rights::as_somebody_else"]).env("ATALAYA_TEST_BASE", &base);
    let output = command.uid(65534).gid(65534).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// The other half of `what_cannot_be_read_is_told`, which runs this program once more; by itself it has nothing to do.
#[test]
fn as_somebody_else() {
    let Some(base) = std::env::var_os("ATALAYA_TEST_BASE").map(PathBuf::from) else { return };
    let data = base.join("data");
    assert!(!is_root());
    let walked = walk_all(std::slice::from_ref(&data), options(&base.join("spool"), Shares::default()));
    assert_eq!(walked.below(&data), ["closed", "listable", "secret"]);
    let named = |path: &Path| {
        format!("/{}", String::from_utf8_lossy(&walked.problems[0].path)).contains(path.to_str().unwrap())
    };
    assert!(named(&data.join("closed")) && walked.problems.iter().all(|p| p.missing));
    let whys: Vec<_> = walked.problems.iter().map(|p| p.why.as_str()).collect();
    assert!(whys[0].contains("CAP_DAC_READ_SEARCH") && whys[1].contains("2 of its entries"), "{whys:?}");
    let (path, meta) = walked.entries.last().unwrap();
    assert_eq!(meta.kind, Kind::File);
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    assert!(opener.open(path, meta, &mut extra).unwrap_err().missing);
    // Its attribute is listed for anybody; only some file systems have any.
    let closed = data.join("closed");
    let listed = rustix::fs::listxattr(&closed, &mut [0u8; 100][..]).is_ok_and(|len| len > 0);
    let path = super::source::entry_path(&closed);
    let (_, meta) = walked.entries.iter().find(|(p, _)| *p == path).unwrap();
    opener.describe(&path, meta, &mut extra).unwrap();
    assert_eq!(extra.incomplete.as_deref().is_some_and(|why| why.contains("\"user.seen\" cannot be read")), listed);
    assert!(extra.xattrs.is_empty());
}
