//! What a command needs before it can begin: budget, folders, the open repository.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use atalaya_repo::{Budget, Error, Kind, Repository, Snapshot, Unlock};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure, Result};
use super::global::Global;
use super::output::{Output, complain};
use super::place::{self, Place};
use super::secret::{self, Ask};
use super::snapshot_arg::SnapshotPath;
use super::units;

/// Largest key file that is read; they have a few kilobytes.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

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
        let state = self.global.state_dir()?;
        let open = |unlock: Unlock<'_>| Repository::open(place.store.clone(), unlock, &state);
        let what = format!("passphrase for {}", place.folder.display());
        let ask = Ask { what: &what, twice: false };
        let Some(path) = &self.global.key_file else {
            // Whether it is a repository is said before anybody is asked for its passphrase.
            if place.store.stat("config").is_err_and(|err| err.kind == atalaya_store::Kind::NotFound) {
                return Ok(open(Unlock::Passphrase(&[]))?);
            }
            return Ok(open(Unlock::Passphrase(&secret::passphrase(&self.global, ask)?))?);
        };
        let key = read_key_file(path)?;
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

    /// The spool folder, made and tried.
    pub(crate) fn spool(&self) -> Result<PathBuf> {
        let dir = self.global.spool_dir()?;
        let fail = |err: &std::io::Error| {
            Failure::new(
                Exit::Failed,
                format!("cannot write to the spool folder {}: {err}; name another with --spool-dir DIR", dir.display()),
            )
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|err| fail(&err))?;
        try_writing(&dir).map_err(|err| fail(&err))?;
        Ok(dir)
    }
}

fn try_writing(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".atalaya-try-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)
}

fn read_key_file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let fail = |why: &str| {
        let text = format!("cannot read key file {}: {why}; name the file that \"key add\" wrote", path.display());
        Failure::new(Exit::WrongKey, text)
    };
    let file = std::fs::File::open(path).map_err(|err| fail(&err.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX as usize + 64));
    file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|err| fail(&err.to_string()))?;
    if bytes.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(fail("it is too large for one"));
    }
    Ok(bytes)
}
