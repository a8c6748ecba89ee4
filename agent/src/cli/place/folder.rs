//! Folders of this machine.

use std::path::Path;
use std::sync::Arc;

use atalaya_store::{Error, Kind, LocalStore, Store};

use super::{Place, Scratch, scratch_name};
use crate::cli::exit::{Exit, Failure, Result};

pub(super) fn open(repo: &Path) -> Result<Place> {
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

pub(super) fn create(repo: &Path) -> Result<Place> {
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
    Ok(Place { store: Arc::new(store), folder: Some(folder), remarks: Vec::new() })
}

pub(super) fn scratch(repo: &Path) -> Result<Scratch> {
    let place = open(repo)?;
    let path = place.folder.unwrap_or_else(|| repo.to_owned()).join(scratch_name());
    let remove = |path: &Path| match std::fs::remove_dir_all(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(&format!("remove {}", path.display()), &err))
        }
        _ => Ok(()),
    };
    let again = path.clone();
    Ok(Scratch {
        fresh: Box::new(move || {
            remove(&path)?;
            Ok(Arc::new(LocalStore::create(&path)?) as Arc<dyn Store>)
        }),
        clean: Box::new(move || remove(&again)),
        shortcomings: Vec::new(),
        weaker: Vec::new(),
    })
}
