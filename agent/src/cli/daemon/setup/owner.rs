//! Whose a new repository is: where a service does the jobs, root makes it and that service's user writes to it.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use nix::unistd::User;

use super::place::failed;
use crate::cli::exit::Result;

/// The user that the packages make for jobs.
const JOBS: &str = "atalaya-job";

/// Gives a repository that root has just made to the user of the jobs, if there is one. One that was there before may hold
/// what others put there, so what to do about it is only said: a line for people.
pub(super) fn hand_over(repo: &Path, made: bool) -> Result<Option<String>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let owner = fs::metadata(repo).map_err(|err| failed("read", Some(repo), &err))?;
    if !made && owner.uid() != 0 {
        let (user, group) = (owner.uid(), owner.gid());
        return Ok(Some(format!("What root wrote there is root's: run chown -R {user}:{group} {}", repo.display())));
    }
    let Some(jobs) = User::from_name(JOBS).ok().flatten().filter(|_| made) else { return Ok(None) };
    give(repo, jobs.uid.as_raw(), jobs.gid.as_raw()).map_err(|err| failed("hand over", Some(repo), &err))?;
    Ok(Some(format!(
        "It belongs to {JOBS} now. Tell systemd: systemctl daemon-reload && systemctl restart atalaya-agent"
    )))
}

/// The folder last: until then nobody else can change what is in it.
fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
    }
    lchown(path, Some(user), Some(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_handed_over_and_nothing_behind_a_link() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (repo, other) = (folder.path().join("repo"), folder.path().join("other"));
        fs::create_dir_all(repo.join("packs/ab")).unwrap();
        fs::write(repo.join("packs/ab/cd"), "x").unwrap();
        fs::write(&other, "x").unwrap();
        std::os::unix::fs::symlink(&other, repo.join("link")).unwrap();
        give(&repo, 4711, 4712).unwrap();
        for path in ["", "packs", "packs/ab", "packs/ab/cd", "link"] {
            let found = fs::symlink_metadata(repo.join(path)).unwrap();
            assert_eq!((found.uid(), found.gid()), (4711, 4712), "{path}");
        }
        assert_eq!(fs::metadata(&other).unwrap().uid(), 0);
        let hint = hand_over(&repo, false).unwrap().unwrap();
        assert!(hint.contains("chown -R 4711:4712"), "{hint}");
    }
}
