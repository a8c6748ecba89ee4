//! The walker: order, bounds, what is left out.

use atalaya_agent::source::{Excludes, Options, Shares, Walker};
use atalaya_repo::model::{Kind, Meta, path_cmp};
use atalaya_repo::source::{Batch, Problem, Walk};
use rustix::fs::{Mode, OFlags, mkdirat, openat};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub(crate) const TINY: Shares = Shares { sort_bytes: 8 << 10, stack_bytes: 4 << 10, fan_in: 3 };

#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) entries: Vec<(Vec<u8>, Meta)>,
    pub(crate) problems: Vec<Problem>,
}

impl Walked {
    /// Paths below `base`, as text.
    pub(crate) fn below(&self, base: &Path) -> Vec<String> {
        let prefix = [&entry_path(base), &b"/"[..]].concat();
        let names = self.entries.iter().filter_map(|(path, _)| path.strip_prefix(&prefix[..]));
        names.map(|n| String::from_utf8_lossy(n).into_owned()).collect()
    }
}

pub(crate) fn entry_path(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes()[1..].to_vec()
}

pub(crate) fn options(spool: &Path, shares: Shares) -> Options {
    Options { spool_dir: spool.into(), shares, ..Options::default() }
}

pub(crate) fn walk_all(sources: &[PathBuf], options: Options) -> Walked {
    let mut walker = Walker::new(sources, options).unwrap();
    let (mut batch, mut all) = (Batch::default(), Walked::default());
    while walker.fill(&mut batch).unwrap() {
        all.entries.extend(batch.found.iter().map(|f| (batch.path(f).to_vec(), f.meta)));
        all.problems.append(&mut batch.problems);
        batch.clear();
    }
    let sorted = all.entries.windows(2).all(|w| path_cmp(&w[0].0, &w[1].0) == Ordering::Less);
    assert!(sorted, "out of order or twice");
    all
}

/// Canonical, so that paths compare.
pub(crate) fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    fs::create_dir(path.join("spool")).unwrap();
    fs::create_dir(path.join("data")).unwrap();
    (dir, path)
}

fn expected(dir: &Path, out: &mut BTreeSet<Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        out.insert(entry_path(&entry.path()));
        if entry.file_type().unwrap().is_dir() {
            expected(&entry.path(), out);
        }
    }
}

fn check_complete(base: &Path, walked: &Walked) {
    let mut expected_paths = BTreeSet::from([entry_path(base)]);
    base.ancestors().skip(1).filter(|a| a.parent().is_some()).for_each(|a| {
        expected_paths.insert(entry_path(a));
    });
    expected(base, &mut expected_paths);
    let found: BTreeSet<_> = walked.entries.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(found, expected_paths);
}

/// Names that sort surprisingly, from a small generator.
fn random_tree(dir: &Path, seed: &mut u64, depth: u32) {
    let mut next = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    };
    let bytes = b"a.!-/\xff\x01 \xc3b";
    let names: BTreeSet<Vec<u8>> = (0..next() % 30)
        .map(|_| (0..1 + next() % 4).map(|_| bytes[next() % bytes.len()]).filter(|b| *b != b'/').collect())
        .filter(|name: &Vec<u8>| !name.is_empty() && name != b"." && name != b"..")
        .collect();
    for name in names {
        let path = dir.join(OsStr::from_bytes(&name));
        if depth > 0 && name[0].is_multiple_of(2) {
            fs::create_dir(&path).unwrap();
            random_tree(&path, seed, depth - 1);
        } else {
            fs::write(&path, &name).unwrap();
        }
    }
}

#[test]
fn order_is_that_of_paths() {
    for (seed, shares) in [(1, Shares::default()), (2, TINY), (3, TINY)] {
        let (_dir, base) = scratch();
        let data = base.join("data");
        random_tree(&data, &mut { seed }, 4);
        fs::create_dir(data.join("a0")).unwrap();
        for name in ["a0/b", "a0.txt", "a0!", &"x".repeat(255)] {
            fs::write(data.join(name), "").unwrap();
        }
        let walked = walk_all(std::slice::from_ref(&data), options(&base.join("spool"), shares));
        assert!(walked.problems.is_empty(), "{:?}", walked.problems);
        check_complete(&data, &walked);
    }
}

#[test]
fn wide_folders_go_through_the_spool() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    for i in 0..3000 {
        let path = data.join(format!("entry-{:05}", i * 7919 % 3000));
        if i % 100 == 0 {
            fs::create_dir(&path).unwrap();
            (0..300).for_each(|j| fs::write(path.join(format!("f{j}")), "").unwrap());
        } else {
            fs::write(path, "").unwrap();
        }
    }
    let walked = walk_all(std::slice::from_ref(&data), options(&base.join("spool"), TINY));
    check_complete(&data, &walked);
    assert_eq!(fs::read_dir(base.join("spool")).unwrap().count(), 0, "spool files have no names");
}

/// Folders within folders, with a file before and after each; paths grow far beyond `PATH_MAX`.
pub(crate) fn make_deep(base: &Path, name: &str, levels: usize) {
    let mut dir = rustix::fs::open(base, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..levels {
        for file in ["a", "z"] {
            openat(&dir, file, OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).unwrap();
        }
        mkdirat(&dir, name, Mode::RWXU).unwrap();
        dir = openat(&dir, name, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
}

#[test]
fn deep_trees() {
    for shares in [Shares::default(), TINY] {
        let (_dir, base) = scratch();
        make_deep(&base.join("data"), "dd", 3000);
        let walked = walk_all(&[base.join("data")], options(&base.join("spool"), shares));
        assert!(walked.problems.is_empty(), "{:?}", walked.problems);
        let above = base.components().count();
        assert_eq!(walked.entries.len(), above + 9000);
        assert!(walked.entries.iter().any(|(path, _)| path.len() > 9000));
        remove_deep(&base.join("data"));
    }
}

#[test]
fn paths_beyond_the_limit_are_told() {
    let (_dir, base) = scratch();
    let name = "n".repeat(250);
    make_deep(&base.join("data"), &name, 300);
    let walked = walk_all(&[base.join("data")], options(&base.join("spool"), Shares::default()));
    let longest = walked.entries.iter().map(|(path, _)| path.len()).max().unwrap();
    assert!(longest <= 64 << 10 && longest > (64 << 10) - 252);
    assert_eq!(walked.problems.len(), 1);
    assert!(walked.problems[0].missing && walked.problems[0].why.contains("too long"), "{:?}", walked.problems[0].why);
    remove_deep(&base.join("data"));
}

/// `remove_dir_all` of tempfile recurses; this one only needs a shell.
pub(crate) fn remove_deep(path: &Path) {
    assert!(std::process::Command::new("rm").arg("-rf").arg(path).status().unwrap().success());
}

#[test]
fn excludes_caches_and_large_files() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    for dir in ["keep", "keep/node_modules", "cache", "cache/sub", "fake", "own"] {
        fs::create_dir(data.join(dir)).unwrap();
    }
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# comment";
    for (file, content) in [
        ("keep/a.tmp", "x"),
        ("keep/b", "x"),
        ("keep/node_modules/c", "x"),
        ("keep/large", "0123456789"),
        ("cache/CACHEDIR.TAG", tag),
        ("cache/x", ""),
        ("cache/sub/y", ""),
        ("fake/CACHEDIR.TAG", "no"),
        ("fake/x", ""),
        ("own/pack", ""),
    ] {
        fs::write(data.join(file), content).unwrap();
    }
    let options = Options {
        excludes: Excludes::parse(["*.tmp", "node_modules/", "/nowhere"]).unwrap(),
        exclude_caches: true,
        exclude_larger_than: Some(60),
        own_folders: vec![data.join("own"), base.join("absent")],
        ..options(&base.join("spool"), Shares::default())
    };
    fs::write(data.join("keep/large"), [0; 61]).unwrap();
    let walked = walk_all(std::slice::from_ref(&data), options.clone());
    let expected =
        ["cache", "cache/CACHEDIR.TAG", "fake", "fake/CACHEDIR.TAG", "fake/x", "keep", "keep/b"].map(String::from);
    assert_eq!(walked.below(&data), expected);
    let refused = Walker::new(&[data.join("own/pack")], options).unwrap_err();
    assert!(refused.text.contains("belongs to Atalaya"), "{refused}");
}

#[test]
fn sources_are_merged_and_links_told() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    fs::create_dir_all(data.join("a/b")).unwrap();
    fs::create_dir(data.join("c")).unwrap();
    fs::write(data.join("a/b/x"), "").unwrap();
    fs::write(data.join("skipped"), "").unwrap();
    symlink("a", data.join("link")).unwrap();
    let sources = ["c/", "a/b", "a/../a", "a/b/x", "link", "absent", "link/b"].map(|s| data.join(s));
    let walked = walk_all(&sources, options(&base.join("spool"), Shares::default()));
    assert_eq!(walked.below(&data), ["a", "a/b", "a/b/x", "c", "link"]);
    let kinds: Vec<_> = walked.entries.iter().rev().take(2).map(|(_, meta)| meta.kind).collect();
    assert_eq!(kinds, [Kind::Symlink, Kind::Dir]);
    assert_eq!(walked.problems.iter().map(|p| p.missing).collect::<Vec<_>>(), [false, true]);
    let none = Walker::new(&[data.join("absent")], options(&base.join("spool"), TINY)).unwrap_err();
    assert_eq!(none.kind, atalaya_repo::Kind::NotFound);
}

#[test]
fn all_kinds_are_listed_and_never_opened() {
    let (_dir, base) = scratch();
    let data = base.join("data");
    let fd = rustix::fs::open(&data, OFlags::PATH, Mode::empty()).unwrap();
    rustix::fs::mkfifoat(&fd, "fifo", Mode::RWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(data.join("socket")).unwrap();
    fs::write(data.join("file"), "12").unwrap();
    let walked = walk_all(std::slice::from_ref(&data), options(&base.join("spool"), Shares::default()));
    let kinds: Vec<_> = walked.entries.iter().rev().take(3).map(|(_, meta)| (meta.kind, meta.size)).collect();
    assert_eq!(kinds, [(Kind::Socket, 0), (Kind::File, 2), (Kind::Fifo, 0)]);
}
