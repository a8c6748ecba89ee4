//! The folder that everything is kept in: looked at before anything is made.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use atalaya_base::text::without_numbers;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::owner::Owner;
use super::refused;
use crate::cli::exit::{Exit, Failure, Result};
use crate::db;
use crate::web::control;

/// Whether a sidecar can have the folder, and whose it is then.
pub(super) fn look(folder: &Path) -> Result<Owner> {
    let owner = Owner::of(folder)?;
    if UnixStream::connect(folder.join(control::FILE)).is_ok() {
        let why = format!(
            "cannot set up: an atalaya-sidecar runs with {}; stop it (\"systemctl stop atalaya-sidecar\"), or give another --state-dir",
            folder.display()
        );
        return Err(Failure::new(Exit::InUse, why));
    }
    let holds = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().count(),
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            can_write(&nearest(folder)).map_err(|err| cannot_use(folder, &err))?;
            return Ok(owner);
        }
        Err(err) => return Err(cannot_use(folder, &err)),
    };
    // It becomes the sidecar's alone.
    if holds > 0 && !folder.join(db::FILE).exists() {
        let why = "holds other things; give an empty --state-dir, or one that is not there yet";
        return Err(refused(format_args!("{} {why}", folder.display())));
    }
    match &owner.0 {
        Some(user) if is_of_root(folder) && holds > 0 => {
            let (user, folder) = (&user.name, folder.display());
            return Err(refused(format_args!(
                "{folder} is root's, and {user} could not write there; run chown -R {user}:{user} {folder} first"
            )));
        }
        // An empty one is handed over when its time comes.
        Some(_) if is_of_root(folder) => {}
        _ => owner.act(|| can_write(folder).map_err(|err| cannot_use(folder, &err)))?,
    }
    Ok(owner)
}

/// Whether root has it.
pub(super) fn is_of_root(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|meta| meta.uid() == 0)
}

/// Whether somebody has an account there already.
pub(super) fn has_accounts(folder: &Path, owner: &Owner) -> Result<bool> {
    if !folder.join(db::FILE).exists() {
        return Ok(false);
    }
    owner.act(|| Ok(db::has_accounts(folder)?))
}

/// The folder itself, or what it would be made in.
pub(super) fn nearest(folder: &Path) -> PathBuf {
    folder.ancestors().find(|one| one.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// Whether something can be made in this folder, by who we are at this moment.
pub(super) fn can_write(folder: &Path) -> io::Result<()> {
    if !fs::metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let how = AccessFlags::W_OK | AccessFlags::X_OK;
    faccessat(AT_FDCWD, folder, how, AtFlags::AT_EACCESS).map_err(Into::into)
}

pub(super) fn cannot_use(folder: &Path, err: &io::Error) -> Failure {
    let why = without_numbers(&err.to_string());
    let text = format!("cannot keep anything in {}: {why}; give another --state-dir", folder.display());
    Failure::new(Exit::Failed, text)
}
