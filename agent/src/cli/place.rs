//! From `--repo R` to a store. Other kinds of stores get their line here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use atalaya_store::{Kind, LocalStore, Store};

use super::exit::{Exit, Failure, Result};

/// The object that makes a store a repository; see `docs/format.md`.
const CONFIG: &str = "config";

/// A store, and the folder it lies in if it is on this machine.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) folder: PathBuf,
}

impl Place {
    /// Whether there surely is a repository.
    pub(crate) fn holds_repository(&self) -> bool {
        self.store.stat(CONFIG).is_ok()
    }

    /// Whether there is the object that makes a store a repository, or nobody can tell.
    pub(crate) fn may_hold_repository(&self) -> bool {
        !self.store.stat(CONFIG).is_err_and(|err| err.kind == Kind::NotFound)
    }
}

/// The store of an existing repository.
pub(crate) fn open(repo: &Path) -> Result<Place> {
    refuse_url(repo)?;
    let shown = repo.display();
    let store = LocalStore::open(repo).map_err(|err| match err.kind {
        Kind::NotFound => Failure::new(
            Exit::NoRepository,
            format!("cannot open repository {shown}: no such folder; mount it, or create it with \"atalaya-agent init --repo {shown}\""),
        ),
        Kind::Denied => {
            Failure::new(Exit::Failed, format!("cannot open repository {shown}: permission denied; run as a user who may read it"))
        }
        _ if !repo.is_dir() => {
            Failure::new(Exit::NoRepository, format!("cannot open repository {shown}: it is not a folder; name the repository's folder"))
        }
        _ => Failure::new(Exit::Failed, format!("cannot open repository {shown}: {err}")),
    })?;
    place(repo, store)
}

/// The store for a new repository; its folder is made if its parent is there.
pub(crate) fn create(repo: &Path) -> Result<Place> {
    refuse_url(repo)?;
    let shown = repo.display();
    let store = LocalStore::create(repo).map_err(|err| {
        let parent = repo.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let why = match err.kind {
            Kind::NotFound => format!("{} is not there; mount the disk, or make that folder", parent.display()),
            Kind::Denied => {
                format!("{} may not be written; run as a user who may, or choose another place", parent.display())
            }
            _ if repo.exists() && !repo.is_dir() => "there is a file of that name; choose another place".to_owned(),
            _ => err.to_string(),
        };
        Failure::new(Exit::Failed, format!("cannot create repository {shown}: {why}"))
    })?;
    place(repo, store)
}

fn place(repo: &Path, store: LocalStore) -> Result<Place> {
    let folder = repo
        .canonicalize()
        .map_err(|err| Failure::new(Exit::Failed, format!("cannot open repository {}: {err}", repo.display())))?;
    Ok(Place { store: Arc::new(store), folder })
}

/// A folder called `sftp:` is never what is meant.
fn refuse_url(repo: &Path) -> Result<()> {
    match repo.to_str().and_then(|text| text.split_once("://")) {
        Some((scheme, _)) => Err(Failure::usage(format!(
            "cannot open repository {}: this version knows no \"{scheme}\" stores; name a folder",
            repo.display()
        ))),
        None => Ok(()),
    }
}
