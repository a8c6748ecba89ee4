//! What needs other rights or other file systems: without root, full, blind to upper and lower case.

use super::fake::{Fake, entry, xattr};
use super::restore::{Place, attrs, is_root, place, wanted};
use atalaya_agent::restore::{Options, Quiet, Refused, restore};
use atalaya_repo::model::Kind;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs [`as_somebody_else`] as a user without rights.
#[test]
fn without_root_what_is_refused_is_counted() {
    if !is_root() {
        return;
    }
    let place = place();
    for path in ["", "spool"] {
        fs::set_permissions(place.base.join(path), Permissions::from_mode(0o777)).unwrap();
    }
    let program = place.base.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", "restore_rights::as_somebody_else"]).env("ATALAYA_TEST_BASE", &place.base);
    let output = command.uid(65534).gid(65534).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// The other half of `without_root_what_is_refused_is_counted`, which runs this program once more; by itself it has nothing to do.
#[test]
fn as_somebody_else() {
    let Some(base) = std::env::var_os("ATALAYA_TEST_BASE").map(PathBuf::from) else { return };
    let place = Place { _dir: tempfile::tempdir().unwrap(), target: base.join("target"), base };
    let mut fake = Fake::default();
    fake.dir("d").meta.mode = 0o555;
    for i in 0..10 {
        let file = fake.file(format!("d/roots{i}"), b"x");
        (file.meta.uid, file.meta.gid, file.meta.mode) = (0, 0, 0o6755);
    }
    fake.file("d/mine", b"x").meta.mode = 0o4400;
    fake.file("d/trusted", b"x").xattrs = vec![xattr("trusted.x", b"y")];
    fake.add(entry("d/null", Kind::CharDevice)).meta.rdev = rustix::fs::makedev(1, 3);
    fake.dir("d/sub").meta.mode = 0o500;
    fake.file("d/sub/x", b"y");
    fake.sort();
    for round in 0..2 {
        let (report, heard) = place.restore(&fake, &Options::default());
        let refused: Vec<_> = report.refused.iter().map(|r| (r.what, r.count)).collect();
        assert_eq!(refused, [(Refused::Owner, 10), (Refused::SetId, 10), (Refused::Xattrs, 1), (Refused::Device, 1)]);
        assert_eq!((report.failed, report.created), (1, if round == 0 { 15 } else { 0 }), "{:?}", heard.problems);
        assert_eq!((attrs(&place.at("d")), attrs(&place.at("d/sub"))), (wanted(0o555), wanted(0o500)));
        assert_eq!(attrs(&place.at("d/roots0")), wanted(0o755), "no set-id for somebody else");
        assert_eq!(attrs(&place.at("d/mine")), wanted(0o4400));
    }
}

/// Mounts a file system for as long as it lives.
struct Mount(PathBuf);

impl Mount {
    fn new(args: &[&str], at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = is_root() && Command::new("mount").args(args).arg(at).output().is_ok_and(|o| o.status.success());
        mounted.then(|| Self(at.to_path_buf()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_it_with_one_clear_line() {
    let place = place();
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "-o", "size=256k", "none"], &place.target) else { return };
    let mut fake = Fake::default();
    (0..200).for_each(|i| fake.file(format!("f{i:03}"), &[1; 5000]).meta.mode = 0o600);
    let err = restore(&fake, b"", &place.target, &Options::default(), &place.base.join("spool"), &Quiet).unwrap_err();
    assert_eq!(err.kind, atalaya_repo::Kind::Full);
    assert!(err.text.contains("free some room") && !err.text.contains('\n'), "{err}");
    let whole = fs::read_dir(&place.target).unwrap().all(|f| f.unwrap().metadata().unwrap().len() == 5000);
    assert!(whole, "what is there is whole");
}

#[test]
fn names_that_the_file_system_takes_for_one_are_told() {
    let place = place();
    let image = place.base.join("image");
    fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
    let made = Command::new("mkfs.vfat").arg(&image).output().is_ok_and(|o| o.status.success());
    let args = ["-o", "loop", image.to_str().unwrap()];
    let Some(_mount) = made.then(|| Mount::new(&args, &place.target)).flatten() else { return };
    let mut fake = Fake::default();
    for path in ["File", "file", "Dir/x", "dir/y"] {
        fake.file(path, path.as_bytes());
    }
    fake.dir("Dir");
    fake.dir("dir");
    fake.sort();
    for _ in 0..2 {
        let (report, heard) = place.restore(&fake, &Options::default());
        assert_eq!(report.failed, 3);
        assert!(heard.why("file").contains("upper and lower") && heard.why("dir").contains("upper and lower"));
        assert_eq!(fs::read(place.at("FILE")).unwrap(), b"File");
        assert_eq!(fs::read_dir(place.at("DIR")).unwrap().count(), 1);
    }
}

#[test]
fn other_file_systems_are_not_deleted() {
    let place = place();
    let mounted = place.at("extra/mounted");
    let Some(_mount) = Mount::new(&["-t", "tmpfs", "none"], &mounted) else { return };
    fs::write(mounted.join("x"), "").unwrap();
    let mut fake = Fake::default();
    fake.file("f", b"x");
    let options = Options { delete: true, whole_folders: vec![vec![]], ..Options::default() };
    let (report, heard) = place.restore(&fake, &options);
    assert_eq!((report.failed, report.deleted), (1, 0));
    assert!(heard.why("extra").contains("another file system"), "{}", heard.why("extra"));
    assert!(mounted.join("x").exists());
}

#[test]
fn times_are_right_as_far_as_the_file_system_holds_them() {
    let (place, mut fake) = (place(), Fake::default());
    let image = place.base.join("image");
    fs::File::create(&image).unwrap().set_len(8 << 20).unwrap();
    // As on ext3: inodes without room for nanoseconds.
    let made =
        Command::new("mkfs.ext4").args(["-q", "-I", "128"]).arg(&image).output().is_ok_and(|o| o.status.success());
    let args = ["-o", "loop", image.to_str().unwrap()];
    let Some(_mount) = made.then(|| Mount::new(&args, &place.target)).flatten() else { return };
    fake.dir("d");
    fake.file("d/a", b"content");
    fake.file("d/b", b"content");
    place.restore(&fake, &Options::default());
    let (again, heard) = place.restore(&fake, &Options::default());
    assert_eq!((again.kept, again.created, again.replaced, again.fixed), (3, 0, 0, 0), "{:?}", heard.done);
    let (planned, _) = place.restore(&fake, &Options { dry_run: true, ..Options::default() });
    assert_eq!((planned.kept, planned.replaced), (3, 0));
    // A second is a difference all the same.
    fake.entries[1].meta.mtime.secs += 1;
    assert_eq!(place.restore(&fake, &Options::default()).0.replaced, 1);
}
