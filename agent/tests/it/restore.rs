//! Restoring a snapshot in memory: everything comes back, and only what should.

use super::fake::{Fake, TIME, entry, xattr};
use super::source::{remove_deep, scratch};
use atalaya_agent::restore::{Action, Options, Problem, Progress, Report, restore};
use atalaya_repo::model::{Kind, Run, XattrValue};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) problems: Mutex<Vec<Problem>>,
    pub(crate) done: Mutex<Vec<(Action, String)>>,
}

impl Progress for Heard {
    fn done(&self, action: Action, path: &[u8]) {
        self.done.lock().unwrap().push((action, String::from_utf8_lossy(path).into_owned()));
    }

    fn problem(&self, problem: &Problem) {
        self.problems.lock().unwrap().push(problem.clone());
    }
}

impl Heard {
    pub(crate) fn why(&self, path: &str) -> String {
        let problems = self.problems.lock().unwrap();
        problems.iter().filter(|p| p.path == path.as_bytes()).map(|p| p.why.clone()).collect()
    }

    fn which(&self, wanted: Action) -> Vec<String> {
        let done = self.done.lock().unwrap();
        let mut paths: Vec<_> = done.iter().filter(|(action, _)| *action == wanted).map(|(_, p)| p.clone()).collect();
        paths.sort();
        paths
    }
}

/// A scratch folder with an empty target in it that does not exist yet.
pub(crate) struct Place {
    pub(crate) _dir: tempfile::TempDir,
    pub(crate) base: PathBuf,
    pub(crate) target: PathBuf,
}

pub(crate) fn place() -> Place {
    let (_dir, base) = scratch();
    let target = base.join("target");
    Place { _dir, base, target }
}

impl Place {
    pub(crate) fn restore(&self, view: &Fake, options: &Options) -> (Report, Heard) {
        self.restore_under(view, b"", options)
    }

    pub(crate) fn restore_under(&self, view: &Fake, under: &[u8], options: &Options) -> (Report, Heard) {
        let heard = Heard::default();
        let report = restore(view, under, &self.target, options, &self.base.join("spool"), &heard).unwrap();
        assert!(fs::read_dir(self.base.join("spool")).unwrap().next().is_none());
        (report, heard)
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }
}

pub(crate) fn tiny() -> Options {
    Options { window_entries: 2, memory_bytes: 2000, ..Options::default() }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn attrs(path: &Path) -> (u32, i64, i64) {
    let meta = path.symlink_metadata().unwrap();
    (meta.mode() & 0o7777, meta.mtime(), meta.mtime_nsec())
}

pub(crate) fn wanted(mode: u32) -> (u32, i64, i64) {
    (mode, TIME.secs, i64::from(TIME.nanos))
}

fn all_kinds() -> Fake {
    let mut fake = Fake::default();
    fake.dir("d").meta.mode = 0o1750;
    fake.file("d/private", b"secret").meta.mode = 0o600;
    fake.file("d/program", b"#!").meta.mode = 0o6755;
    fake.file("d/empty", b"");
    fake.file("d/readonly", b"ro").meta.mode = 0o400;
    fake.dir("d/closed").meta.mode = 0o500;
    fake.file("d/closed/inside", b"x");
    fake.symlink("d/link", "../nowhere");
    fake.add(entry("d/fifo", Kind::Fifo)).meta.mode = 0o620;
    fake.add(entry("d/socket", Kind::Socket));
    let big = fake.chunk(&[7; 5000]);
    let small = fake.chunk(b"0123456789");
    let data = |chunk, offset, len| Run::Data { chunk, offset, len };
    let runs = vec![data(big, 1000, 4000), Run::Hole { len: 1 << 20 }, data(small, 2, 3), Run::Hole { len: 1 << 20 }];
    fake.runs_file("d/sparse", runs).meta.mode = 0o664;
    fake.runs_file("d/all-hole", vec![Run::Hole { len: 9 << 20 }]);
    let runs = (0..100).map(|i| data(small, i % 10, 1)).collect();
    fake.runs_file("d/pieces", runs);
    if is_root() {
        let device = fake.add(entry("d/null", Kind::CharDevice));
        (device.meta.rdev, device.meta.mode) = (rustix::fs::makedev(1, 3), 0o666);
        let given = fake.file("d/given", b"to somebody");
        (given.meta.uid, given.meta.gid, given.meta.mode) = (1234, 4321, 0o2770);
        for mode in [0o000, 0o044, 0o444, 0o600, 0o604, 0o640, 0o644, 0o755, 0o777] {
            let given = fake.file(format!("d/given-{mode:o}"), b"to somebody");
            (given.meta.uid, given.meta.gid, given.meta.mode) = (1234, 4321, mode);
        }
    }
    fake.sort();
    fake
}

#[test]
fn all_kinds_come_back() {
    for options in [Options::default(), tiny(), Options { verify: true, ..tiny() }] {
        let (place, fake) = (place(), all_kinds());
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.skipped), (0, 1), "{:?}", heard.problems);
        assert_eq!(report.refused, []);
        for entry in fake.entries.iter().filter(|e| e.meta.kind != Kind::Socket) {
            let path = place.at(std::str::from_utf8(&entry.path).unwrap());
            assert_eq!(attrs(&path), wanted(entry.meta.mode), "{path:?}");
            let meta = path.symlink_metadata().unwrap();
            assert_eq!((meta.uid(), meta.gid()), (entry.meta.uid, entry.meta.gid), "{path:?}");
        }
        assert_eq!(fs::read(place.at("d/pieces")).unwrap(), b"0123456789".repeat(10));
        let sparse = fs::read(place.at("d/sparse")).unwrap();
        assert_eq!(sparse.len(), 4003 + (2 << 20));
        assert_eq!((&sparse[..4000], &sparse[4000 + (1 << 20)..][..3]), (&[7; 4000][..], &b"234"[..]));
        assert!(place.at("d/sparse").metadata().unwrap().blocks() * 512 < 100_000);
        assert_eq!(fs::read_link(place.at("d/link")).unwrap(), Path::new("../nowhere"));
        assert!(place.at("d/fifo").symlink_metadata().unwrap().file_type().is_fifo());
        if is_root() {
            assert_eq!(place.at("d/null").metadata().unwrap().rdev(), rustix::fs::makedev(1, 3));
        }
        // A second run finds everything right and writes nothing.
        let ctime = |p: &str| place.at(p).symlink_metadata().map(|m| (m.ctime(), m.ctime_nsec())).unwrap();
        let before = ["d", "d/private", "d/link", "d/closed"].map(ctime);
        let (again, heard) = place.restore(&fake, &options);
        assert_eq!((again.created, again.replaced, again.fixed, again.bytes), (0, 0, 0, 0), "{:?}", heard.done);
        assert_eq!((again.kept, again.failed), (report.created, 0));
        assert_eq!(before, ["d", "d/private", "d/link", "d/closed"].map(ctime));
        if options.verify {
            assert_eq!(
                (report.verified, again.verified > 6),
                (again.verified - 2, true),
                "empty and all-hole are compared too"
            );
        }
    }
}

#[test]
fn attributes_and_content_that_differ_are_set_right() {
    let (place, mut fake) = (place(), all_kinds());
    place.restore(&fake, &Options::default());
    fs::set_permissions(place.at("d/private"), Permissions::from_mode(0o666)).unwrap();
    fs::write(place.at("d/pieces"), "something else").unwrap();
    fs::remove_file(place.at("d/link")).unwrap();
    symlink("elsewhere", place.at("d/link")).unwrap();
    fs::remove_file(place.at("d/empty")).unwrap();
    fs::create_dir(place.at("d/empty")).unwrap();
    fs::remove_file(place.at("d/fifo")).unwrap();
    // Another name of a restored file: what it leads to must stay as it is.
    fs::write(place.at("d/outside"), "old").unwrap();
    fs::remove_file(place.at("d/readonly")).unwrap();
    fs::hard_link(place.at("d/outside"), place.at("d/readonly")).unwrap();
    fake.entries.iter_mut().filter(|e| e.path == b"d/program").for_each(|e| e.xattrs = vec![xattr("user.x", b"y")]);
    let (report, heard) = place.restore(&fake, &Options::default());
    assert_eq!(report.failed, 0, "{:?}", heard.problems);
    assert_eq!(heard.which(Action::Fixed), ["d", "d/private", "d/program"]);
    assert_eq!(heard.which(Action::Replaced), ["d/link", "d/pieces", "d/readonly"]);
    assert_eq!(heard.which(Action::Created), ["d/empty", "d/fifo"]);
    assert_eq!(fs::read(place.at("d/outside")).unwrap(), b"old");
    assert_eq!(attrs(&place.at("d/private")), wanted(0o600));
    assert_eq!(attrs(&place.at("d")), wanted(0o1750));
}

#[test]
fn extended_attributes_and_acls() {
    let place = place();
    let mut fake = Fake::default();
    // Version 2; user::rw- user:1000:r-- group::r-- mask::r-- other::---
    let id = |tag: u16, perm: u16, id: u32| [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat();
    let all = [id(1, 6, u32::MAX), id(2, 4, 1000), id(4, 4, u32::MAX), id(16, 4, u32::MAX), id(32, 0, u32::MAX)];
    let acl = [&2u32.to_le_bytes()[..], &all.concat()].concat();
    let dir = fake.dir("d");
    dir.xattrs = vec![xattr("system.posix_acl_default", &acl), xattr("user.d", b"1")];
    let file = fake.file("d/f", b"content");
    (file.xattrs, file.meta.mode) = (vec![xattr("system.posix_acl_access", &acl), xattr("user.f", b"2")], 0o640);
    fake.file("d/plain", b"content").meta.mode = 0o644;
    let blob = fake.chunk(&[9; 3000]);
    let value = XattrValue::Blob(blob, 3000);
    fake.file("d/blob", b"x").xattrs = vec![atalaya_repo::model::Xattr { name: b"user.big".to_vec(), value }];
    fake.sort();
    let get = |path: &str, name: &str| {
        let mut buf = [0; 4096];
        rustix::fs::getxattr(place.at(path), name, &mut buf[..]).ok().map(|len| buf[..len].to_vec())
    };
    let (report, _) = place.restore(&fake, &Options::default());
    assert_eq!(report.failed, 0);
    if !report.refused.is_empty() {
        return; // A file system without them.
    }
    let right = || {
        assert_eq!(get("d", "system.posix_acl_default"), Some(acl.clone()));
        assert_eq!(get("d/f", "system.posix_acl_access"), Some(acl.clone()));
        assert_eq!(get("d/f", "user.f"), Some(b"2".to_vec()));
        assert_eq!(get("d/plain", "system.posix_acl_access"), None);
        assert_eq!(get("d/blob", "user.big"), Some(vec![9; 3000]));
        assert_eq!((attrs(&place.at("d/f")), attrs(&place.at("d/plain"))), (wanted(0o640), wanted(0o644)));
    };
    right();
    // Into a folder that hands its ACL down, some of it removed and some too much.
    fs::remove_file(place.at("d/plain")).unwrap();
    rustix::fs::setxattr(place.at("d/f"), "user.more", b"", rustix::fs::XattrFlags::empty()).unwrap();
    let (report, heard) = place.restore(&fake, &Options::default());
    assert_eq!((report.created, report.fixed, report.failed), (1, 2, 0), "{:?}", heard.done);
    assert_eq!(get("d/f", "user.more"), None);
    right();
}

#[test]
fn hard_links_within_and_across_windows() {
    for options in [Options::default(), tiny(), Options { verify: true, ..tiny() }] {
        let (place, mut fake) = (place(), Fake::default());
        let chunks = [(); 4].map(|()| fake.chunk(b"same"));
        for i in 0..40 {
            if i % 10 == 0 {
                fake.dir(format!("d{}", i / 10));
            }
            let runs = vec![Run::Data { chunk: chunks[i % 4], offset: 0, len: 4 }];
            Fake::linked(fake.runs_file(format!("d{}/f{i}", i / 10), runs), i as u64 % 4);
        }
        Fake::linked(fake.symlink("link-a", "x"), 99);
        Fake::linked(fake.symlink("link-b", "x"), 99);
        fake.sort();
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.linked), (0, 37), "{:?}", heard.problems);
        let ino = |path: String| place.at(&path).symlink_metadata().unwrap().ino();
        for i in 4..40 {
            assert_eq!(ino(format!("d{}/f{i}", i / 10)), ino(format!("d0/f{}", i % 4)));
        }
        assert_eq!(ino("link-a".into()), ino("link-b".into()));
        let (again, heard) = place.restore(&fake, &options);
        assert_eq!((again.kept, again.failed, again.linked), (46, 0, 0), "{:?}", heard.done);
        // A name that became a file of its own is linked again.
        fs::remove_file(place.at("d3/f39")).unwrap();
        fs::write(place.at("d3/f39"), "own").unwrap();
        let (again, _) = place.restore(&fake, &options);
        assert_eq!((again.linked, ino("d3/f39".into())), (1, ino("d0/f3".into())));
    }
}

/// Snapshots of earlier versions may say of two files that they are one.
#[test]
fn names_with_the_numbers_of_another_file_become_files_of_their_own() {
    for options in [Options::default(), tiny()] {
        let (place, mut fake) = (place(), Fake::default());
        let chunks = [fake.chunk(b"one"), fake.chunk(b"two")];
        for i in 0..8 {
            let runs = vec![Run::Data { chunk: chunks[i % 2], offset: 0, len: 3 }];
            Fake::linked(fake.runs_file(format!("f{i}"), runs), 7);
            Fake::linked(fake.symlink(format!("l{i}"), ["one", "two"][i % 2]), 7);
        }
        let later = fake.runs_file("later", vec![Run::Data { chunk: chunks[0], offset: 0, len: 3 }]);
        Fake::linked(later, 7);
        later.meta.mtime.nanos += 1;
        fake.sort();
        let ino = |path: &str| place.at(path).symlink_metadata().unwrap().ino();
        let right = || {
            for i in 0..8 {
                let expected = ["one", "two"][i % 2];
                assert_eq!(fs::read(place.at(&format!("f{i}"))).unwrap(), expected.as_bytes());
                assert_eq!(fs::read_link(place.at(&format!("l{i}"))).unwrap(), Path::new(expected));
                assert_eq!(ino(&format!("f{i}")), ino(&format!("f{}", i % 2)));
            }
            assert_ne!(ino("later"), ino("f0"));
        };
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.created, report.linked), (0, 5, 12), "{:?}", heard.problems);
        right();
        let (again, _) = place.restore(&fake, &options);
        assert_eq!((again.failed, again.kept), (0, 17));
        right();
    }
}

#[test]
fn a_missing_chunk_costs_its_files_only() {
    for options in [Options::default(), tiny()] {
        let (place, mut fake) = (place(), Fake::default());
        fake.dir("d");
        Fake::linked(fake.file("d/a-lost", b"gone"), 5);
        let first = fake.chunk(b"first");
        let second = fake.chunk(b"second");
        let data = |chunk| Run::Data { chunk, offset: 0, len: 5 };
        fake.runs_file("d/half", vec![data(first), data(second)]);
        fake.file("d/short", b"shorter than said");
        for i in 0..20 {
            fake.file(format!("d/whole{i}"), b"fine");
        }
        Fake::linked(fake.file("d/z-other-name", b"still there"), 5);
        let lost: Vec<_> =
            fake.chunks.iter().filter(|(_, c)| *c == b"gone" || *c == b"second").map(|(k, _)| *k).collect();
        lost.iter().for_each(|id| drop(fake.chunks.remove(id)));
        fake.chunks.values_mut().filter(|c| c.starts_with(b"shorter")).for_each(|c| c.truncate(3));
        fake.sort();
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.created), (3, 22));
        assert!(heard.why("d/half").contains("the chunk is gone") && heard.why("d/short").contains("damaged"));
        for path in ["d/a-lost", "d/half", "d/short"] {
            assert!(!place.at(path).exists());
        }
        assert_eq!(fs::read(place.at("d/z-other-name")).unwrap(), b"still there");
        assert_eq!(attrs(&place.at("d")), wanted(0o755));
    }
}

#[test]
fn names_that_are_not_text() {
    let (place, mut fake) = (place(), Fake::default());
    let long = [&[b'n'; 254][..], b"\xff"].concat();
    for name in [&b"\xff\xfe"[..], b"new\nline", b"-rf", b"...", b" ", &long] {
        fake.dir(name);
        fake.file([name, b"/", name].concat(), name);
    }
    fake.sort();
    let (report, heard) = place.restore(&fake, &tiny());
    assert_eq!((report.failed, report.created), (0, 12), "{:?}", heard.problems);
    let path = place.target.join(OsStr::from_bytes(&long)).join(OsStr::from_bytes(&long));
    assert_eq!(fs::read(path).unwrap(), long);
}

#[test]
fn deep_trees_and_large_files_in_little_memory() {
    let (place, mut fake) = (place(), Fake::default());
    let mut path = b"top".to_vec();
    fake.dir(&path);
    for _ in 0..1000 {
        path.extend_from_slice(b"/dd");
        fake.dir(&path);
        let file = [&path[..], b"/z"].concat();
        fake.file(file, b"deep");
    }
    let chunk = fake.chunk(&[5; 1000]);
    fake.runs_file("many", vec![Run::Data { chunk, offset: 0, len: 1000 }; 3000]);
    fake.sort();
    let options = Options { verify: true, memory_bytes: 100_000, ..tiny() };
    let options = Options { window_entries: 100, ..options };
    let (report, heard) = place.restore(&fake, &options);
    assert_eq!(
        (report.failed, report.created, report.verified),
        (0, 2002, 1001),
        "{:?}",
        heard.problems.lock().unwrap().first()
    );
    assert_eq!(fs::read(place.at("many")).unwrap(), vec![5; 3_000_000]);
    let deep = PathBuf::from("top").join("dd/".repeat(100));
    assert_eq!(attrs(&place.target.join(&deep)), wanted(0o755));
    let (again, _) = place.restore(&fake, &options);
    assert_eq!((again.kept, again.failed), (2002, 0));
    remove_deep(&place.target);
}
