//! What is there is replaced by what is complete, or not at all.

use super::fake::{Fake, xattr};
use super::restore::{Heard, place, tiny};
use atalaya_agent::restore::{Action, Options, Problem, Progress, restore};
use atalaya_repo::model::{Kind, Run};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const PIECE: u32 = 1000;

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A folder with a file of many pieces, one of one, an empty one, one that is a hole, and a link.
fn source() -> Fake {
    let mut fake = Fake::default();
    fake.dir("d");
    let mut pieces = Vec::new();
    for n in 0..20 {
        let chunk = fake.chunk(&[n; PIECE as usize]);
        pieces.push(Run::Data { chunk, offset: 0, len: PIECE });
    }
    fake.runs_file("d/big", pieces);
    fake.file("d/empty", b"");
    fake.runs_file("d/hole", vec![Run::Hole { len: 1 << 20 }]);
    fake.symlink("d/link", "big");
    fake.file("d/small", b"small").xattrs = vec![xattr("user.x", b"y")];
    fake
}

const ALL: [&str; 5] = ["big", "empty", "hole", "link", "small"];

fn with_old_versions() -> super::restore::Place {
    let place = place();
    fs::create_dir_all(place.at("d")).unwrap();
    ALL.iter().for_each(|name| fs::write(place.at("d").join(name), "old").unwrap());
    place
}

#[test]
fn all_kinds_are_replaced_and_nothing_else_is_left() {
    for options in [Options::default(), tiny()] {
        let (place, fake) = (with_old_versions(), source());
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.replaced), (0, 5), "{:?}", heard.problems);
        assert_eq!(names(&place.at("d")), ALL);
        let big = fs::read(place.at("d/big")).unwrap();
        assert!((0..20u8).all(|n| big[usize::from(n) * 1000..][..1000] == [n; 1000]));
        assert_eq!(fs::read(place.at("d/small")).unwrap(), b"small");
        assert_eq!((fs::read(place.at("d/empty")).unwrap().len(), fs::read(place.at("d/hole")).unwrap()[7]), (0, 0));
        assert_eq!(fs::read_link(place.at("d/link")).unwrap(), Path::new("big"));
        assert_eq!(place.restore(&fake, &options).0.kept, 6);
    }
}

#[test]
fn what_cannot_be_had_leaves_what_was_there() {
    for options in [Options::default(), tiny()] {
        let (place, mut fake) = (with_old_versions(), source());
        fake.chunks.retain(|_, chunk| chunk != b"small" && chunk.first() != Some(&13));
        let (report, heard) = place.restore(&fake, &options);
        assert_eq!((report.failed, report.replaced), (2, 3));
        assert_eq!(names(&place.at("d")), ALL);
        for path in ["d/big", "d/small"] {
            assert_eq!(fs::read(place.at(path)).unwrap(), b"old");
            assert!(heard.why(path).contains("what was there before was left"), "{}", heard.why(path));
        }
    }
}

/// Stops the restore when some of the content is there.
#[derive(Default)]
struct Stopper(AtomicBool, Heard);

impl Progress for Stopper {
    fn done(&self, action: Action, path: &[u8]) {
        self.1.done(action, path);
    }

    fn wrote(&self, _bytes: u64) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn problem(&self, problem: &Problem) {
        self.1.problem(problem);
    }

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_stopped_restore_leaves_no_half_file() {
    for old in [true, false] {
        let (place, fake) = (if old { with_old_versions() } else { place() }, source());
        let stopper = Stopper::default();
        let spool = place.base.join("spool");
        let err = restore(&fake, b"", &place.target, &Options::default(), &spool, &stopper).unwrap_err();
        assert_eq!(err.kind, atalaya_repo::Kind::Interrupted);
        let left = names(&place.at("d"));
        assert!(left.iter().all(|name| ALL.contains(&name.as_str())), "{left:?}");
        assert_eq!(fs::read(place.at("d/big")).ok(), old.then(|| b"old".to_vec()));
        // And goes on from there.
        let (report, _) = place.restore(&fake, &Options::default());
        assert_eq!((report.failed, names(&place.at("d")).len()), (0, 5));
    }
}

#[test]
fn what_a_killed_restore_left_is_cleaned_up_and_nothing_alike() {
    let (place, fake) = (place(), source());
    place.restore(&fake, &Options::default());
    let stale = [".atalaya-0123456789abcdef00000001", "d/.atalaya-fedcba9876543210ffffffff"];
    let kept = [".atalaya-0123456789ABCDEF00000001", "d/.atalaya-spool-1-1", ".atalaya-1"];
    stale.iter().chain(&kept).for_each(|path| fs::write(place.at(path), "x").unwrap());
    fs::create_dir(place.at(".atalaya-0123456789abcdef00000002")).unwrap();
    place.restore(&fake, &Options { dry_run: true, ..Options::default() });
    assert!(stale.iter().all(|path| place.at(path).exists()), "a dry run changes nothing");
    let (report, _) = place.restore(&fake, &Options::default());
    assert_eq!((report.failed, report.deleted), (0, 0));
    assert!(stale.iter().all(|path| !place.at(path).exists()));
    assert!(kept.iter().all(|path| place.at(path).exists()));
    assert!(place.at(".atalaya-0123456789abcdef00000002").exists());
    let entry = fake.entries.iter().find(|entry| entry.meta.kind == Kind::Dir).unwrap();
    assert_eq!(super::restore::attrs(&place.at("d")), super::restore::wanted(entry.meta.mode));
}

#[test]
fn what_changed_while_it_was_backed_up_is_restored_and_told() {
    let (place, mut fake) = (place(), source());
    fake.entries.last_mut().unwrap().flags.unstable = true;
    for _ in 0..2 {
        let (report, heard) = place.restore(&fake, &Options::default());
        assert_eq!((report.unstable, report.failed), (1, 0));
        assert!(heard.why("d/small").contains("changed while it was backed up"));
        assert_eq!(fs::read(place.at("d/small")).unwrap(), b"small");
    }
}
