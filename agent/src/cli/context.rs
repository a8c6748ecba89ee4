//! What a command needs before it can begin: budget, folders, the open repository.

use std::path::Path;

use atalaya_base::units;
use atalaya_repo::{Budget, Error, Kind, Repository, Snapshot, Unlock};

use super::exit::{Failure, Result};
use super::folders::Folders;
use super::global::Global;
use super::key_file;
use super::output::{Output, complain};
use super::place::{self, Place};
use super::secret::{self, Ask};
use super::snapshot_arg::SnapshotPath;

/// What every command is given.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) budget: Budget,
    pub(super) folders: Folders,
}

impl Context {
    /// Checks what needs no repository.
    pub(crate) fn new(global: Global) -> Result<Self> {
        let total = usize::try_from(global.memory_max).unwrap_or(usize::MAX);
        let beside = global.repo().map_or(0, |url| place::beside_bytes(&url));
        let budget = Budget::divide(total.saturating_sub(beside)).map_err(|err| match beside {
            0 => err.into(),
            _ => {
                let (beside, least) = (units::size(beside as u64), "32M");
                Failure::usage(format!(
                    "--memory-max is too small to work with: ssh takes {beside}; the least is {least}"
                ))
            }
        })?;
        if global.explain_memory {
            for (what, bytes) in budget.table() {
                complain(format_args!("{:>10}  {what}", units::size(bytes as u64)));
            }
            if beside > 0 {
                complain(format_args!("{:>10}  ssh, a process of its own", units::size(beside as u64)));
            }
        }
        Ok(Self { global, budget, folders: Folders::default() })
    }

    /// Standard output as the options want it.
    pub(crate) fn output(&self) -> Output {
        Output::new(self.global.json, self.global.quiet)
    }

    /// The repository's store. Its folder and ours are apart.
    pub(crate) fn place(&self) -> Result<Place> {
        let place = place::open(&self.global.repo()?, &self.global)?;
        if let Some(folder) = &place.folder {
            self.refuse_within(folder)?;
        }
        Ok(place)
    }

    /// Opens the repository with whatever secret there is.
    pub(crate) fn open(&self) -> Result<Repository> {
        self.open_at(&self.place()?)
    }

    /// The same for commands that only look: they can do without a state folder.
    pub(crate) fn open_to_read(&self) -> Result<Repository> {
        // The place first: it refuses a state folder within the repository, which is not to be made then.
        let place = self.place()?;
        let state = self.state_to_read()?;
        self.open_with(&place.cached(&state, self.global.cache_max), &state)
    }

    /// Opens the repository of a store that is open already.
    pub(crate) fn open_at(&self, place: &Place) -> Result<Repository> {
        self.open_with(place, &self.state()?)
    }

    fn open_with(&self, place: &Place, state: &Path) -> Result<Repository> {
        self.unlock(place, state).map(|repo| repo.telling(|text| complain(format_args!("warning: {text}"))))
    }

    fn unlock(&self, place: &Place, state: &Path) -> Result<Repository> {
        let open = |unlock: Unlock<'_>| Repository::open(place.store.clone(), unlock, state);
        let what = format!("passphrase for {}", place.shown());
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
}
