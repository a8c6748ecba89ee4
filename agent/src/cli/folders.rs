//! The state and spool folders: where they are, whether they can be used, and what is done without them.

use std::cell::OnceCell;
use std::fs::DirBuilder;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use atalaya_base::text::without_numbers;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::output::complain;

/// What stands in for the state folder.
#[derive(Default)]
pub(crate) struct Folders {
    temporary: OnceCell<Temporary>,
}

impl Context {
    /// The state folder, made and tried.
    pub(crate) fn state(&self) -> Result<PathBuf> {
        let dir = self.global.state_dir()?;
        usable(&dir, true).map_err(|err| refusal(&dir, "state", &err))?;
        Ok(dir)
    }

    /// The spool folder, made and tried. One that was named is made, but not what should be above it: a disk that
    /// is not mounted must not be replaced by a folder.
    pub(crate) fn spool(&self) -> Result<PathBuf> {
        if self.global.spool_dir.is_none() {
            // It lies in there, and what is wrong with that one is what a person can mend.
            self.state()?;
        }
        let dir = self.global.spool_dir()?;
        usable(&dir, self.global.spool_dir.is_none()).map_err(|err| refusal(&dir, "spool", &err))?;
        Ok(dir)
    }

    /// The state folder or, where that cannot be written, one for this run alone: nothing is learnt for the next.
    pub(crate) fn state_to_read(&self) -> Result<PathBuf> {
        let dir = self.global.state_dir()?;
        match usable(&dir, true) {
            Err(err) if may_do_without(&err) => self.temporary(&dir, &err),
            Err(err) => Err(refusal(&dir, "state", &err)),
            Ok(()) => Ok(dir),
        }
    }

    /// The same for the spool folder.
    pub(crate) fn spool_to_read(&self) -> Result<PathBuf> {
        let dir = self.global.spool_dir()?;
        match usable(&dir, self.global.spool_dir.is_none()) {
            Err(err) if self.global.spool_dir.is_none() && may_do_without(&err) => {
                self.temporary(&self.global.state_dir()?, &err)
            }
            Err(err) => Err(refusal(&dir, "spool", &err)),
            Ok(()) => Ok(dir),
        }
    }

    fn temporary(&self, state: &Path, why: &Error) -> Result<PathBuf> {
        if let Some(made) = self.folders.temporary.get() {
            return Ok(made.0.clone());
        }
        let made = Temporary::new(state).map_err(|_| refusal(state, "state", why))?;
        if !self.global.quiet {
            let shown = state.display();
            complain(format_args!(
                "warning: cannot write to the state folder {shown}: {}; done without it, which takes longer",
                plain(why)
            ));
        }
        Ok(self.folders.temporary.get_or_init(|| made).0.clone())
    }

    /// A state folder in the repository would be taken for a part of it, and the other way round it would be
    /// forgotten that it is one.
    pub(crate) fn refuse_within(&self, repo: &Path) -> Result<()> {
        let repo = resolved(repo);
        let mut ours = vec![("state", "--state-dir", self.global.state_dir()?)];
        if self.global.spool_dir.is_some() {
            ours.push(("spool", "--spool-dir", self.global.spool_dir()?));
        }
        for (what, option, dir) in ours {
            let dir = resolved(&dir);
            if dir.starts_with(&repo) || repo.starts_with(&dir) {
                return Err(Failure::usage(format!(
                    "cannot use {what} folder {} with repository {}: one lies in the other; name another with {option} DIR",
                    dir.display(),
                    repo.display()
                )));
            }
        }
        Ok(())
    }

    /// The engine does not know what the folders are called.
    pub(crate) fn with_folders(&self, mut failure: Failure) -> Failure {
        let dirs = [("state", self.global.state_dir()), ("spool", self.global.spool_dir())];
        for (what, dir) in dirs.into_iter().filter_map(|(what, dir)| Some((what, dir.ok()?))) {
            let named = format!("the {what} folder {}:", dir.display());
            failure.text = failure.text.replace(&format!("the {what} folder:"), &named);
        }
        failure
    }
}

/// Makes a folder that only its owner enters, unless it is there, and writes to it.
fn usable(dir: &Path, parents: bool) -> std::io::Result<()> {
    match DirBuilder::new().recursive(parents).mode(0o700).create(dir) {
        Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
        made => made?,
    }
    // By a random name: what a run that was killed left behind is in nobody's way, and two containers that share the
    // folder may well give their programs the same number.
    let (_file, path) = nix::unistd::mkstemp(&dir.join(".atalaya-try-XXXXXX"))?;
    std::fs::remove_file(&path)
}

/// Reading needs no folder of ours; a mistake in its name should be heard of all the same.
fn may_do_without(err: &Error) -> bool {
    matches!(err.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
        || matches!(err.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

fn refusal(dir: &Path, what: &str, err: &Error) -> Failure {
    let option = format!("name another with --{what}-dir DIR");
    let advice = match err.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("make room there, or {option}"),
        ErrorKind::PermissionDenied => format!("run it as a user who may, or {option}"),
        ErrorKind::ReadOnlyFilesystem => format!("mount it for writing, or {option}"),
        ErrorKind::NotFound => format!("mount the disk or make the folder above it, or {option}"),
        _ => option,
    };
    Failure::new(Exit::Failed, format!("cannot write to the {what} folder {}: {}; {advice}", dir.display(), plain(err)))
}

fn plain(err: &Error) -> String {
    without_numbers(&err.to_string())
}

/// Links followed as far as the path is there.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let found = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match found {
        Some((above, real)) => path.strip_prefix(above).map_or(real.clone(), |rest| real.join(rest)),
        None => path,
    }
}

/// A folder that goes away with the program.
pub(crate) struct Temporary(pub(crate) PathBuf);

impl Temporary {
    /// Brings along what `state` remembers of members, so that an old list of them is noticed without writing, too.
    pub(crate) fn new(state: &Path) -> std::io::Result<Self> {
        let made = Self(nix::unistd::mkdtemp(&std::env::temp_dir().join("atalaya-XXXXXX"))?);
        for entry in std::fs::read_dir(state).into_iter().flatten().flatten() {
            if let Ok(bytes) = std::fs::read(entry.path().join("members")) {
                let folder = made.0.join(entry.file_name());
                DirBuilder::new().mode(0o700).create(&folder)?;
                std::fs::write(folder.join("members"), bytes)?;
            }
        }
        Ok(made)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        let left = dir.path().join(format!(".atalaya-try-{}", std::process::id()));
        std::fs::write(&left, "").unwrap();
        for _ in 0..3 {
            usable(dir.path(), true).unwrap();
        }
        let there: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(there, [left], "and it leaves nothing itself");
    }
}
