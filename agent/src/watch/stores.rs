//! Folders that hold repositories, and the room on their file systems: made of what the file systems' probe sees, so that
//! no disk is asked, or woken, for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use atalaya_store::StoreUrl;
use atalaya_wire::view::{FileSystem, Store};
use atalaya_wire::{ObjectId, Sample, text};

use super::daemon::Daemon;
use crate::config::Config;

/// Repositories that are folders of this machine.
pub(super) fn folders(config: &Config) -> BTreeSet<PathBuf> {
    let folder = |repo: &str| StoreUrl::parse(repo.as_ref()).ok()?.folder().map(Path::to_owned);
    config.repos().filter_map(folder).collect()
}

/// As it stands in the topic.
pub(super) fn id(folder: &Path) -> ObjectId {
    ObjectId::of(&folder.display().to_string())
}

/// The file system that a folder lies on, among all: the one that is mounted nearest above it.
fn above<'a>(folder: &Path, all: &[&'a FileSystem]) -> Option<&'a FileSystem> {
    let mount = |fs: &FileSystem| fs.mount.as_ref().filter(|mount| folder.starts_with(mount.as_str())).map(|m| m.len());
    all.iter().copied().filter(|fs| mount(fs).is_some()).max_by_key(|fs| mount(fs))
}

/// What is told of a folder. `kept` is where its file system was mounted when the repository was last reached: while that
/// is not there, the folder would seem to lie on whatever is above it.
fn store(folder: &Path, kept: Option<&str>, all: &[&FileSystem]) -> Store {
    let repo = Some(text(&folder.display().to_string()));
    let near = above(folder, all);
    let is_nearer = |kept: &&str| near.and_then(|fs| fs.mount.as_ref()).is_none_or(|near| near.len() < kept.len());
    let fs = match kept.filter(is_nearer) {
        Some(kept) => {
            let there = all.iter().copied().find(|fs| fs.mount.as_deref() == Some(kept));
            let Some(fs) = there else {
                return Store { repo, mount: Some(text(kept)), state: Some(text("missing")), ..Store::default() };
            };
            Some(fs)
        }
        None => near,
    };
    let Some(fs) = fs else { return Store { repo, ..Store::default() } };
    let share = fs.size_bytes.filter(|size| *size > 0).zip(fs.free_bytes);
    Store {
        repo,
        mount: fs.mount.clone(),
        state: fs.state.clone(),
        size_bytes: fs.size_bytes,
        free_bytes: fs.free_bytes,
        free_percent: share.map(|(size, free)| (free as f64 * 100.0 / size as f64) as f32),
    }
}

impl Daemon {
    /// Tells the room of all stores, now that file systems were read.
    pub(super) fn see_stores(&mut self) {
        for folder in folders(&self.config) {
            let id = id(&folder);
            let kept = match self.known.recall("store", &id) {
                Some(Sample::Store(kept)) => kept.mount,
                _ => None,
            };
            let sample = Sample::from(store(&folder, kept.as_deref(), &self.file_systems()));
            if self.board.get("store", &id) != Some(&sample) {
                self.show(id, sample);
            }
        }
    }

    fn file_systems(&self) -> Vec<&FileSystem> {
        let all = self.board.of("fs").into_iter();
        all.filter_map(|(_, sample)| if let Sample::FileSystem(fs) = sample { Some(fs) } else { None }).collect()
    }

    /// A run of the task called `name` has reached its repositories: what they lie on now is kept in mind.
    pub(super) fn reached_store(&mut self, name: &str) {
        let jobs = self.config.jobs.iter().filter(|job| name == job.plan.name).map(|job| &job.repo);
        let chores = self.config.chores.iter().filter(|chore| name == chore.plan.name);
        let chores = chores.flat_map(|chore| chore.from.iter().chain([&chore.repo]));
        let folder = |repo: &String| StoreUrl::parse(repo.as_ref()).ok()?.folder().map(Path::to_owned);
        let folders: BTreeSet<PathBuf> = jobs.chain(chores).filter_map(folder).collect();
        for folder in folders {
            // The disk is awake. Who may not look there takes it as it is named.
            let lies = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            let found = store(&lies, None, &self.file_systems());
            if found.mount.is_some() {
                let kept = Store { mount: found.mount, ..Store::default() };
                self.known.keep(&id(&folder), &kept.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fs(mount: &str, free: Option<u64>) -> FileSystem {
        let state = Some(text(if free.is_some() { "ok" } else { "missing" }));
        FileSystem {
            mount: Some(text(mount)),
            state,
            size_bytes: free.map(|_| 1000),
            free_bytes: free,
            ..FileSystem::default()
        }
    }

    #[track_caller]
    fn check(folder: &str, kept: Option<&str>, all: &[FileSystem], mount: &str, state: &str, free: Option<f32>) {
        let all: Vec<&FileSystem> = all.iter().collect();
        let told = store(Path::new(folder), kept, &all);
        assert_eq!((told.mount.as_deref(), told.state.as_deref()), (Some(mount), Some(state)));
        assert_eq!((told.free_percent, told.repo.as_deref()), (free, Some(folder)));
    }

    #[test]
    fn a_repository_lies_on_the_file_system_that_is_nearest_above_it() {
        let all = [fs("/", Some(900)), fs("/mnt", Some(500)), fs("/mnt/usb", Some(100)), fs("/mnt/usb2", Some(1))];
        check("/mnt/usb/nas", None, &all, "/mnt/usb", "ok", Some(10.0));
        check("/mnt/usb", None, &all, "/mnt/usb", "ok", Some(10.0));
        check("/mnt/other", None, &all, "/mnt", "ok", Some(50.0));
        check("/srv/nas", None, &all, "/", "ok", Some(90.0));
        assert_eq!(store(Path::new("/srv"), None, &[]).state, None);
    }

    #[test]
    fn a_disk_that_is_away_is_not_taken_for_the_one_below_it() {
        let all = [fs("/", Some(900))];
        check("/mnt/usb/nas", Some("/mnt/usb"), &all, "/mnt/usb", "missing", None);
        // One that is missed is told with its own state; one that came back counts again.
        check(
            "/mnt/usb/nas",
            Some("/mnt/usb"),
            &[fs("/", Some(900)), fs("/mnt/usb", None)],
            "/mnt/usb",
            "missing",
            None,
        );
        let back = [fs("/", Some(900)), fs("/mnt/usb", Some(50))];
        check("/mnt/usb/nas", Some("/mnt/usb"), &back, "/mnt/usb", "ok", Some(5.0));
        // A link leads there.
        check("/backup", Some("/mnt/usb"), &back, "/mnt/usb", "ok", Some(5.0));
        // Mounted over since then.
        check("/mnt/usb/nas", Some("/"), &back, "/mnt/usb", "ok", Some(5.0));
    }
}
