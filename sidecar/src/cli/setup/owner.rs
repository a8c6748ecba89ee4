//! Whose the sidecar's folder is to be: root sets up, and a service of a user of its own goes on from there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgroups, setegid, seteuid, setgroups};

use super::refused;
use crate::cli::exit::{Exit, Failure, Result};

/// The user that the packages make, and the service runs as.
pub(super) const SERVICE: &str = "atalaya-sidecar";

/// Somebody else than who sets up.
#[derive(Clone, Debug)]
pub(super) struct Somebody {
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

/// See the module; `None` for who sets up.
#[derive(Clone, Debug)]
pub(super) struct Owner(pub(super) Option<Somebody>);

impl Owner {
    /// Of a folder that may be there: whoever has it, else the service's user if there is one.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        if let Some(meta) = fs::metadata(folder).ok().filter(|meta| meta.uid() != 0) {
            let (uid, gid) = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
            let name = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
            return Ok(Self(Some(Somebody { name, uid, gid })));
        }
        let service = User::from_name(SERVICE).map_err(|err| refused(format_args!("who is {SERVICE}: {err}")))?;
        Ok(Self(service.map(|user| Somebody { name: user.name, uid: user.uid, gid: user.gid })))
    }

    /// Whether that is the service that packages bring.
    pub(super) fn is_service(&self) -> bool {
        self.0.as_ref().is_some_and(|somebody| somebody.name == SERVICE)
    }

    /// Does something as that user: what is made is theirs, and what they could not do fails here already. Meanwhile the whole
    /// process is that user.
    pub(super) fn act<T>(&self, what: impl FnOnce() -> Result<T>) -> Result<T> {
        let Some(somebody) = &self.0 else { return what() };
        let become_them = |err| Failure::new(Exit::Failed, format!("cannot act as {}: {err}", somebody.name));
        let back = Back { groups: getgroups().map_err(become_them)?, gid: getegid(), uid: geteuid() };
        setgroups(&[somebody.gid]).map_err(become_them)?;
        setegid(somebody.gid).map_err(become_them)?;
        seteuid(somebody.uid).map_err(become_them)?;
        let done = what();
        drop(back);
        done
    }
}

/// Makes the process what it was, whatever happened.
struct Back {
    groups: Vec<Gid>,
    gid: Gid,
    uid: Uid,
}

impl Drop for Back {
    fn drop(&mut self) {
        // In this order: only root may change the others. What fails leaves less rights, not more.
        let _ = seteuid(self.uid);
        let _ = setegid(self.gid);
        let _ = setgroups(&self.groups);
    }
}
