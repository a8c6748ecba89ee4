//! What a command needs before it can begin: budget, folders, the open repository.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use atalaya_repo::{Budget, Error, Kind, Repository, Snapshot, Unlock};

use super::exit::{Exit, Failure, Result};
use super::global::Global;
use super::key_file;
use super::output::{Output, complain};
use super::place::{self, Place};
use super::secret::{self, Ask};
use super::snapshot_arg::SnapshotPath;
use super::units;

/// What every command is given.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) budget: Budget,
}

impl Context {
    /// Checks what needs no repository.
    pub(crate) fn new(global: Global) -> Result<Self> {
        let total = usize::try_from(global.memory_max).unwrap_or(usize::MAX);
        let budget = Budget::divide(total)?;
        if global.explain_memory {
            for (what, bytes) in budget.table() {
                complain(format_args!("{:>10}  {what}", units::size(bytes as u64)));
            }
        }
        Ok(Self { global, budget })
    }

    /// Standard output as the options want it.
    pub(crate) fn output(&self) -> Output {
        Output::new(self.global.json, self.global.quiet)
    }

    /// Opens the repository with whatever secret there is.
    pub(crate) fn open(&self) -> Result<Repository> {
        self.open_at(&place::open(self.global.repo()?)?)
    }

    /// Opens the repository of a store that is open already.
    pub(crate) fn open_at(&self, place: &Place) -> Result<Repository> {
        let state = self.state()?;
        let open = |unlock: Unlock<'_>| Repository::open(place.store.clone(), unlock, &state);
        let what = format!("passphrase for {}", place.folder.display());
        let ask = Ask { what: &what, twice: false };
        let Some(path) = &self.global.key_file else {
            // Whether it is a repository is said before anybody is asked for its passphrase.
            if !place.may_hold_repository() {
                return Ok(open(Unlock::Passphrase(&[]))?);
            }
            return Ok(open(Unlock::Passphrase(&secret::passphrase(&self.global, ask)?))?);
        };
        let key = key_file::read(path)?;
        let about = |err: Error| Failure::from(err.context(&format!("cannot use key file {}", path.display())));
        if let Some(given) = secret::given(&self.global)? {
            return open(Unlock::KeyFile(&key, Some(&given))).map_err(about);
        }
        match open(Unlock::KeyFile(&key, None)) {
            Err(err) if err.kind == Kind::WrongKey && err.text.contains("passphrase") => {
                let what = format!("passphrase of key file {}", path.display());
                let given = secret::passphrase(&self.global, Ask { what: &what, twice: false })?;
                open(Unlock::KeyFile(&key, Some(&given))).map_err(about)
            }
            // There is nothing wrong with the key if there is no repository.
            Err(err) if err.kind == Kind::NoRepository => Err(err.into()),
            result => result.map_err(about),
        }
    }

    /// Opens the snapshot that `arg` names.
    pub(crate) fn snapshot<'a>(&self, repo: &'a Repository, arg: &SnapshotPath) -> Result<Snapshot<'a>> {
        let info = repo.find_snapshot(&arg.selector)?;
        Ok(repo.open_snapshot(&info, self.budget.workers)?)
    }

    /// The state folder, made and tried.
    pub(crate) fn state(&self) -> Result<PathBuf> {
        usable(self.global.state_dir()?, "state", "--state-dir")
    }

    /// The spool folder, made and tried.
    pub(crate) fn spool(&self) -> Result<PathBuf> {
        usable(self.global.spool_dir()?, "spool", "--spool-dir")
    }
}

/// Makes a folder that only its owner enters, unless it is there, and writes to it.
fn usable(dir: PathBuf, what: &str, option: &str) -> Result<PathBuf> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.and_then(|()| try_writing(&dir)).map_err(|err| {
        let text =
            format!("cannot write to the {what} folder {}: {err}; name another with {option} DIR", dir.display());
        Failure::new(Exit::Failed, text)
    })?;
    Ok(dir)
}

fn try_writing(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".atalaya-try-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)
}
