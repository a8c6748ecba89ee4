//! Options that every command takes.

use std::ffi::OsString;
use std::path::PathBuf;

use atalaya_base::config::parse_size;
use atalaya_store::StoreUrl;

#[cfg(feature = "s3")]
use super::bucket::Bucket;
use super::exit::{Failure, Result};
use super::place;
#[cfg(feature = "sftp")]
use super::ssh::Ssh;

/// What is the same for every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Repository: a folder, sftp://USER@HOST:PORT/PATH, s3://HOST/BUCKET/PREFIX, az://ACCOUNT/CONTAINER/PREFIX, or gs://BUCKET/PREFIX
    #[arg(long, global = true, env = "ATALAYA_REPO", hide_env_values = true, value_name = "R")]
    pub(crate) repo: Option<OsString>,

    /// Read the passphrase from the first line of FILE, instead of ATALAYA_PASSPHRASE or a prompt
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Use the key in FILE (made by "key add") instead of a passphrase
    #[arg(long, global = true, env = "ATALAYA_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// Folder for what makes the next backup fast; /var/lib/atalaya for root, else in ~/.local/state
    #[arg(long, global = true, env = "ATALAYA_STATE_DIR", hide_env_values = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Folder on a disk for what does not fit in memory [default: "spool" in the state folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) spool_dir: Option<PathBuf>,

    /// Most memory to use
    #[arg(long, global = true, value_name = "SIZE", default_value = "32M", value_parser = parse_size)]
    pub(crate) memory_max: u64,

    /// Most room in the state folder for what was read of a repository far away; 0 keeps nothing
    #[arg(long, global = true, env = "ATALAYA_CACHE_MAX", hide_env_values = true, value_name = "SIZE", default_value = "64M", value_parser = parse_size)]
    pub(crate) cache_max: u64,

    /// Say which part uses how much of that memory
    #[arg(long, global = true)]
    pub(crate) explain_memory: bool,

    /// Write JSON to standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say only what was asked for, and what went wrong
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[cfg(feature = "sftp")]
    #[command(flatten)]
    pub(crate) ssh: Ssh,

    #[cfg(feature = "s3")]
    #[command(flatten)]
    pub(crate) bucket: Bucket,
}

impl Global {
    /// The repository that was named.
    pub(crate) fn repo(&self) -> Result<StoreUrl> {
        let named = self.repo.as_ref().filter(|repo| !repo.is_empty());
        let none = "cannot tell which repository is meant: none is named; give --repo R or set ATALAYA_REPO";
        place::parse(named.ok_or_else(|| Failure::usage(none))?)
    }

    /// The state folder: as given, or where such things live on this system.
    pub(crate) fn state_dir(&self) -> Result<PathBuf> {
        let dir = match &self.state_dir {
            Some(dir) => dir.clone(),
            None if rustix::process::geteuid().is_root() => PathBuf::from("/var/lib/atalaya"),
            None => home_state_dir().ok_or_else(|| {
                Failure::usage("cannot tell where to keep state: HOME is not set; give --state-dir DIR")
            })?,
        };
        std::path::absolute(&dir)
            .map_err(|err| Failure::usage(format!("cannot use state folder {}: {err}", dir.display())))
    }

    /// The spool folder.
    pub(crate) fn spool_dir(&self) -> Result<PathBuf> {
        match &self.spool_dir {
            Some(dir) => std::path::absolute(dir)
                .map_err(|err| Failure::usage(format!("cannot use spool folder {}: {err}", dir.display()))),
            None => Ok(self.state_dir()?.join("spool")),
        }
    }
}

fn home_state_dir() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_STATE_HOME").filter(|dir| dir.is_absolute());
    Some(base.or_else(|| Some(set("HOME")?.join(".local/state")))?.join("atalaya"))
}
