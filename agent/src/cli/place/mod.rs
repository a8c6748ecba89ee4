//! From `--repo R` to a store: each kind has its file here.

#[cfg(feature = "s3")]
pub(crate) mod bucket;
mod folder;
#[cfg(feature = "sftp")]
mod sftp;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use atalaya_store::{Cached, Kind, Store, StoreUrl};

use super::exit::{Failure, Result};
use super::global::Global;

/// The object that makes a store a repository; see `docs/format.md`.
const CONFIG: &str = "config";

/// A store, and the folder it lies in if it is on this machine.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) folder: Option<PathBuf>,
    /// What a person should know about it.
    pub(crate) remarks: Vec<String>,
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

    /// The same for who only looks: what was read of a store far away is kept in the state folder. Not for who checks, copies or
    /// deletes, for they must know what is there.
    pub(crate) fn cached(self, state: &Path, bytes_max: u64) -> Self {
        if self.folder.is_some() {
            return self;
        }
        Self { store: Arc::new(Cached::new(self.store, &state.join("cache"), bytes_max)), ..self }
    }

    /// As people call it.
    pub(crate) fn shown(&self) -> String {
        self.store.place()
    }
}

/// Gives an empty store each time, in the place of the one before.
pub(crate) type Fresh = Box<dyn FnMut() -> atalaya_store::Result<Arc<dyn Store>>>;

/// A part of a store that is made to try it, and removed when this is dropped.
pub(crate) struct Scratch {
    pub(crate) fresh: Fresh,
    clean: Box<dyn FnMut() -> atalaya_store::Result<()>>,
    /// What the store cannot promise, in words for a person.
    pub(crate) shortcomings: Vec<String>,
    /// Cases of the suite that it therefore need not pass.
    pub(crate) weaker: Vec<&'static str>,
}

impl Scratch {
    /// Removes it, and says why it could not be.
    pub(crate) fn remove(mut self) -> atalaya_store::Result<()> {
        (self.clean)()
    }
}

/// A name that no object has, so that nobody lists what is below it.
fn scratch_name() -> String {
    format!(".atalaya-check-{:x}", std::process::id())
}

/// Bytes that a process beside this one takes to reach a store; they are a part of what a job may use.
pub(crate) fn beside_bytes(url: &StoreUrl) -> usize {
    match url {
        StoreUrl::Folder(_) | StoreUrl::Bucket(_) => 0,
        // 8.3 MiB resident while it sends, of which 1.4 are its own and the rest are files that other programs map, too.
        StoreUrl::Sftp(_) => 7 << 20,
    }
}

/// The store of an existing repository.
pub(crate) fn open(url: &StoreUrl, global: &Global) -> Result<Place> {
    match url {
        StoreUrl::Folder(repo) => folder::open(repo),
        #[cfg(feature = "sftp")]
        StoreUrl::Sftp(repo) => sftp::open(repo, global),
        #[cfg(feature = "s3")]
        StoreUrl::Bucket(repo) => bucket::open(repo, global),
        #[cfg(not(all(feature = "s3", feature = "sftp")))]
        _ => Err(left_out(url, global)),
    }
}

/// The store for a new repository; its folder is made if its parent is there.
pub(crate) fn create(url: &StoreUrl, global: &Global) -> Result<Place> {
    match url {
        StoreUrl::Folder(repo) => folder::create(repo),
        #[cfg(feature = "sftp")]
        StoreUrl::Sftp(repo) => sftp::create(repo, global),
        #[cfg(feature = "s3")]
        StoreUrl::Bucket(repo) => bucket::open(repo, global),
        #[cfg(not(all(feature = "s3", feature = "sftp")))]
        _ => Err(left_out(url, global)),
    }
}

/// A part of an existing store to try it in.
pub(crate) fn scratch(url: &StoreUrl, global: &Global) -> Result<Scratch> {
    match url {
        StoreUrl::Folder(repo) => folder::scratch(repo),
        #[cfg(feature = "sftp")]
        StoreUrl::Sftp(repo) => sftp::scratch(repo, global),
        #[cfg(feature = "s3")]
        StoreUrl::Bucket(repo) => bucket::scratch(repo, global),
        #[cfg(not(all(feature = "s3", feature = "sftp")))]
        _ => Err(left_out(url, global)),
    }
}

#[cfg(not(all(feature = "s3", feature = "sftp")))]
fn left_out(url: &StoreUrl, _: &Global) -> Failure {
    let kind = if matches!(url, StoreUrl::Bucket(_)) { "such" } else { "SFTP" };
    Failure::usage(format!("cannot open repository {url}: this build knows no {kind} stores; name a folder"))
}

/// Where a repository is said to be.
pub(crate) fn parse(repo: &std::ffi::OsStr) -> Result<StoreUrl> {
    StoreUrl::parse(repo).map_err(|why| {
        Failure::usage(format!("cannot open repository {}: {why}", std::path::Path::new(repo).display()))
    })
}
