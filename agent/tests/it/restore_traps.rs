//! Hostile snapshots, hostile targets, and what must not be touched.

use super::fake::{Fake, entry};
use super::restore::{Heard, place, tiny};
use atalaya_agent::restore::{Action, Options, Problem, Progress, Quiet, restore};
use atalaya_repo::model::{Kind, Run};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

fn all(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap())
        .flat_map(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            let below = if e.file_type().unwrap().is_dir() { all(&e.path()) } else { vec![] };
            std::iter::once(name.clone())
                .chain(below.into_iter().map(move |b| format!("{name}/{b}")))
                .collect::<Vec<_>>()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn hostile_entries_are_refused_and_others_go_on() {
    let (place, mut fake) = (place(), Fake::default());
    fs::create_dir(place.base.join("outside")).unwrap();
    fake.file("../escape", b"x");
    fake.file("/absolute", b"x");
    fake.dir("a");
    fake.dir("a/..");
    fake.file("a/../../escape", b"x");
    fake.file("a//x", b"x");
    fake.file("a/.", b"x");
    fake.file("a/nul\0", b"x");
    fake.symlink("b", place.base.join("outside").to_str().unwrap());
    fake.file("b/below-link", b"x");
    fake.dir("b/dir");
    fake.file("c", b"file");
    fake.file("c", b"twice");
    fake.file("c/below-file", b"x");
    fake.file("a/late", b"x");
    fake.file("long", b"xx").meta.size = 1;
    fake.file("lost/parent/file", b"x");
    fake.runs_file("overflow", vec![Run::Hole { len: 5 }]).content =
        atalaya_repo::model::Content::Runs(vec![Run::Hole { len: u64::MAX }, Run::Hole { len: u64::MAX }]);
    fake.file("short", b"x").meta.size = 1 << 60;
    fake.add(entry("z".repeat(70_000), Kind::Dir));
    fake.file("zz", b"end");
    let (report, heard) = place.restore(&fake, &tiny());
    assert_eq!(all(&place.target), ["a", "b", "c", "lost", "lost/parent", "lost/parent/file", "zz"]);
    assert_eq!(all(&place.base.join("outside")), Vec::<String>::new());
    assert_eq!(fs::read(place.at("c")).unwrap(), b"file");
    assert_eq!(report.failed as usize, fake.entries.len() - 5, "{:?}", heard.problems);
    for (path, why) in [
        ("a/../../escape", "may be created"),
        ("b/below-link", "not a folder"),
        ("c", "twice"),
        ("a/late", "out of order"),
        ("short", "do not come to its size"),
        ("overflow", "more than its size"),
    ] {
        assert!(heard.why(path).contains(why), "{path}: {}", heard.why(path));
    }
}

#[test]
fn links_in_the_target_lead_nowhere() {
    let (place, mut fake) = (place(), Fake::default());
    let outside = place.base.join("outside");
    fs::create_dir_all(outside.join("dir")).unwrap();
    fs::write(outside.join("file"), "untouched").unwrap();
    fs::write(outside.join("dir/file"), "untouched").unwrap();
    fs::create_dir(&place.target).unwrap();
    symlink(outside.join("dir"), place.at("dir")).unwrap();
    symlink(outside.join("file"), place.at("file")).unwrap();
    symlink(outside.join("new"), place.at("dangling")).unwrap();
    fs::hard_link(outside.join("file"), place.at("hard")).unwrap();
    fs::write(place.at("was-file"), "").unwrap();
    let before = outside.join("file").metadata().unwrap();
    fake.dir("dir").meta.mode = 0o700;
    for path in ["dir/file", "file", "dangling", "hard", "was-file/x"] {
        fake.file(path, b"restored");
    }
    fake.dir("was-file");
    fake.sort();
    let (report, heard) = place.restore(&fake, &Options { delete: true, ..tiny() });
    assert_eq!(report.failed, 0, "{:?}", heard.problems);
    assert_eq!(all(&outside), ["dir", "dir/file", "file"]);
    for file in ["file", "dir/file"] {
        assert_eq!(fs::read(outside.join(file)).unwrap(), b"untouched");
    }
    let after = outside.join("file").metadata().unwrap();
    assert_eq!((before.mtime(), before.mode()), (after.mtime(), after.mode()));
    for path in ["dir/file", "file", "dangling", "hard", "was-file/x"] {
        assert_eq!(fs::read(place.at(path)).unwrap(), b"restored");
        assert!(place.at(path).symlink_metadata().unwrap().is_file());
    }
}

fn source() -> Fake {
    let mut fake = Fake::default();
    fake.dir("home");
    fake.dir("home/ana").meta.mode = 0o711;
    fake.dir("home/ana/docs");
    fake.file("home/ana/docs/keep", b"kept");
    fake.file("home/ana/letter", b"dear");
    fake
}

#[test]
fn what_is_below_a_path_goes_into_the_target() {
    let (place, fake) = (place(), source());
    let (report, _) = place.restore_under(&fake, b"home/ana", &Options::default());
    assert_eq!((report.created, all(&place.target)), (3, vec!["docs".into(), "docs/keep".into(), "letter".into()]));
    assert_eq!(place.target.metadata().unwrap().mode() & 0o777, 0o711, "made by us, so it gets the folder's mode");
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    let there = super::restore::place();
    fs::create_dir(&there.target).unwrap();
    let before = mode(&there.target);
    there.restore_under(&fake, b"home/ana", &Options::default());
    assert_eq!(mode(&there.target), before);
    let (_, _) = there.restore_under(&fake, b"home/ana/letter", &Options::default());
    let file = super::restore::place();
    file.restore_under(&fake, b"home/ana/letter", &Options::default());
    assert_eq!(all(&file.target), ["letter"]);
    let none = restore(&fake, b"home/eva", &file.target, &Options::default(), &file.base.join("spool"), &Quiet);
    assert_eq!(none.unwrap_err().kind, atalaya_repo::Kind::NotFound);
}

#[test]
fn delete_reaches_only_what_the_snapshot_holds_whole() {
    let (place, fake) = (place(), source());
    let own = place.at("home/ana/repository");
    for dir in ["home/eva", "home/ana/docs", "home/ana/extra/deep/er", "home/ana/repository/packs", "opt"] {
        fs::create_dir_all(place.at(dir)).unwrap();
    }
    for file in ["top", "home/eva/x", "home/ana/a", "home/ana/docs/zzz", "home/ana/extra/deep/er/x", "home/ana/extra/y"]
    {
        fs::write(place.at(file), "").unwrap();
    }
    fs::write(own.join("packs/p"), "").unwrap();
    fs::create_dir(place.base.join("outside")).unwrap();
    fs::write(place.base.join("outside/x"), "").unwrap();
    symlink(place.base.join("outside"), place.at("home/ana/extra/link")).unwrap();
    let whole_folders = vec![b"home/ana".to_vec()];
    let options = Options { delete: true, whole_folders, own_folders: vec![own.clone()], ..Options::default() };
    let before = all(&place.target);
    let (planned, plan) = place.restore(&fake, &Options { dry_run: true, ..options.clone() });
    assert_eq!(before, all(&place.target), "a dry run changes nothing");
    let (report, heard) = place.restore(&fake, &options);
    let deleted = |heard: &Heard| -> Vec<String> {
        let done = heard.done.lock().unwrap();
        done.iter().filter(|(action, _)| *action == Action::Deleted).map(|(_, p)| p.clone()).collect()
    };
    assert_eq!(deleted(&heard), ["home/ana/a", "home/ana/docs/zzz", "home/ana/extra"]);
    assert_eq!(deleted(&plan), deleted(&heard));
    assert_eq!((planned.created, planned.deleted), (report.created, report.deleted));
    assert!(own.join("packs/p").exists() && place.at("top").exists() && place.at("home/eva/x").exists());
    assert!(place.base.join("outside/x").exists() && place.at("home/ana/docs/keep").exists());
    // The repository deeper in what is to be deleted.
    fs::create_dir_all(place.at("home/ana/media/disk")).unwrap();
    let options = Options { own_folders: vec![place.at("home/ana/media/disk"), own], ..options };
    let (report, heard) = place.restore(&fake, &options);
    assert_eq!((report.deleted, report.failed), (0, 1));
    assert!(heard.why("home/ana/media").contains("belongs to Atalaya"), "{}", heard.why("home/ana/media"));
}

#[test]
fn a_full_folder_in_the_way_stays_without_delete() {
    let (place, fake) = (place(), source());
    fs::create_dir_all(place.at("home/ana/letter")).unwrap();
    fs::write(place.at("home/ana/letter/x"), "").unwrap();
    let (report, heard) = place.restore(&fake, &Options::default());
    assert_eq!(report.failed, 1);
    assert!(heard.why("home/ana/letter").contains("--delete"));
    let whole_folders = vec![b"home".to_vec()];
    let (report, _) = place.restore(&fake, &Options { delete: true, whole_folders, ..Options::default() });
    assert_eq!((report.failed, fs::read(place.at("home/ana/letter")).unwrap()), (0, b"dear".to_vec()));
}

#[test]
fn the_repository_is_no_target() {
    let (place, fake) = (place(), source());
    fs::create_dir(&place.target).unwrap();
    symlink(&place.target, place.base.join("way")).unwrap();
    let options = Options { own_folders: vec![place.target.clone()], ..Options::default() };
    for target in [place.target.clone(), place.at("new/below"), place.base.join("way")] {
        let err = restore(&fake, b"", &target, &options, &place.base.join("spool"), &Quiet).unwrap_err();
        assert!(err.text.contains("belongs to Atalaya itself") && !err.text.contains('\n'), "{err}");
    }
    assert!(all(&place.target).is_empty());
}

#[test]
fn verify_finds_what_was_kept_wrongly() {
    let (place, fake) = (place(), source());
    place.restore(&fake, &Options::default());
    let path = place.at("home/ana/letter");
    let time = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, "DEAR").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let (report, heard) = place.restore(&fake, &Options { verify: true, ..Options::default() });
    assert_eq!((report.failed, report.verified, report.created), (1, 1, 0));
    assert!(heard.why("home/ana/letter").contains("not what the snapshot holds"));
}

/// Does what another program might, at the worst moment.
struct Meddler<'a>(&'a Path, Heard);

impl Progress for Meddler<'_> {
    fn done(&self, action: Action, path: &[u8]) {
        if path == b"d" {
            fs::write(self.0.join("d/made-meanwhile"), "another's").unwrap();
            symlink(self.0.join("d/made-meanwhile"), self.0.join("d/linked-meanwhile")).unwrap();
        }
        self.1.done(action, path);
    }

    fn problem(&self, problem: &Problem) {
        self.1.problem(problem);
    }
}

#[test]
fn what_turns_up_under_a_name_is_never_written_into() {
    let (place, mut fake) = (place(), Fake::default());
    fake.dir("d");
    fake.file("d/fine", b"restored");
    fake.file("d/linked-meanwhile", b"restored");
    fake.file("d/made-meanwhile", b"restored");
    let meddler = Meddler(&place.target, Heard::default());
    let spool = place.base.join("spool");
    let report = restore(&fake, b"", &place.target, &Options::default(), &spool, &meddler).unwrap();
    assert_eq!((report.failed, report.created), (2, 2));
    assert!(meddler.1.why("d/made-meanwhile").contains("something else that is there"));
    assert_eq!(fs::read(place.at("d/made-meanwhile")).unwrap(), b"another's");
    assert!(place.at("d/linked-meanwhile").is_symlink());
}

#[test]
fn nothing_is_deleted_once_the_snapshot_shows_a_gap() {
    let (place, mut fake) = (place(), source());
    place.restore(&fake, &Options::default());
    fs::write(place.at("home/aaa"), "").unwrap();
    fs::write(place.at("home/zzz"), "").unwrap();
    fake.unreadable = vec![b"home/ana/docs".to_vec()];
    let options = Options { delete: true, whole_folders: vec![b"home".to_vec()], ..Options::default() };
    let (report, _) = place.restore(&fake, &options);
    assert_eq!((report.failed, report.deleted), (1, 1), "aaa came before the gap");
    assert!(place.at("home/zzz").exists() && place.at("home/ana/docs/keep").exists());
    let lost = super::restore::place();
    lost.restore(&fake, &Options::default());
    assert_eq!(fs::read(lost.at("home/ana/docs/keep")).unwrap(), b"kept", "its folder is made all the same");
}

#[test]
fn delete_beside_one_file_is_refused_before_anything_is_made() {
    let (place, mut fake) = (place(), Fake::default());
    fake.dir("home");
    fake.file("home/a", b"a");
    let options = Options { delete: true, whole_folders: vec![b"home".to_vec()], ..Options::default() };
    let target = place.base.join("fresh");
    let spool = place.base.join("spool");
    let run = |under: &[u8]| restore(&fake, under, &target, &options, &spool, &Quiet).unwrap_err();
    let err = run(b"home/a");
    assert!(err.kind == atalaya_repo::Kind::Usage && err.text.contains("--delete"), "{err}");
    assert_eq!(run(b"home/none").kind, atalaya_repo::Kind::NotFound);
    assert!(!target.exists());
}
