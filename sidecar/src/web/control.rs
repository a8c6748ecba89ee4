//! The control socket: the same routes for whoever has the machine, known by who is at the other end. So the command line is
//! a client of the API.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router, middleware};
use nix::unistd::{Uid, User, geteuid};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{listen, refusal};
use crate::error::{Error, Result};
use crate::limits::{CONTROL_CONNECTIONS_MAX, CONTROL_TIME_MAX};

/// In the state folder.
pub(crate) const FILE: &str = "control.sock";
/// Where it is made: a folder that nobody else can look into, until it is closed to others itself.
const MAKING: &str = "control.new";

/// Whoever is at the other end of the socket, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AtMachine(pub(super) String);

/// The socket, which is gone when this is.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Socket {
    /// Listens in the state folder, which the database's lock has made ours: what is there is left of a dead process.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let listener = make(folder, &path).map_err(|err| {
            let what = format!("listen on {}", path.display());
            // Of all sockets' paths (unix(7)).
            let long = err.kind() == std::io::ErrorKind::InvalidInput;
            let hint = if long { "; a socket's path has at most 107 bytes: give a shorter --state-dir" } else { "" };
            let err = Error::from(err).while_(&what);
            Error { text: format!("{}{hint}", err.text), ..err }
        })?;
        Ok(Self { path, listener })
    }

    /// Serves until `stop` says otherwise.
    pub(super) async fn serve(self, routers: watch::Receiver<Router>, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(CONTROL_CONNECTIONS_MAX));
        let mut tasks = JoinSet::new();
        while !*stop.borrow() {
            tokio::select! {
                _ = stop.changed() => {}
                Some(_) = tasks.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                        let router = routers.borrow().clone().layer(listen::within(CONTROL_TIME_MAX));
                        let router = router.layer(middleware::from_fn(refusal::of_api));
                        let stop = stop.clone();
                        tasks.spawn(async move {
                            if let Some(who) = who(&stream).await {
                                listen::one(stream, router.layer(Extension(who)), stop).await;
                            }
                            drop(place);
                        });
                    }
                    // Out of descriptors: waiting lets some go.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(listen::STOP_TIME_MAX, all).await;
    }
}

/// At no moment can anybody else connect: it is made where nobody else can look, closed, and only then put into its place.
fn make(folder: &Path, path: &Path) -> std::io::Result<UnixListener> {
    let making = folder.join(MAKING);
    let new = making.join("s");
    let _ = fs::remove_file(&new);
    let _ = fs::remove_dir(&making);
    DirBuilder::new().mode(0o700).create(&making)?;
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, path)?;
    let _ = fs::remove_dir(&making);
    Ok(listener)
}

/// Who is at the other end, if that is somebody who has the machine.
async fn who(stream: &UnixStream) -> Option<AtMachine> {
    let uid = stream.peer_cred().ok()?.uid();
    if !has_machine(uid, geteuid().as_raw()) {
        tracing::warn!(uid, "somebody else than root and the sidecar's own user tried the control socket");
        return None;
    }
    let named = tokio::task::spawn_blocking(move || User::from_uid(Uid::from_raw(uid)).ok().flatten()).await;
    Some(AtMachine(named.ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)))
}

/// The mode of the socket lets nobody else in already; where a file system knows no modes, this does.
const fn has_machine(uid: u32, own: u32) -> bool {
    uid == 0 || uid == own
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    #[test]
    fn only_root_and_the_own_user_have_the_machine() {
        for (uid, own, has) in
            [(0, 1000, true), (1000, 1000, true), (1001, 1000, false), (1000, 0, false), (0, 0, true)]
        {
            assert_eq!(has_machine(uid, own), has, "{uid} {own}");
        }
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a dead process leaves its socket");
        let socket = Socket::open(folder.path()).unwrap();
        let meta = fs::symlink_metadata(&path).unwrap();
        assert!(meta.file_type().is_socket() && meta.permissions().mode() & 0o777 == 0o600);
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let why = Socket::open(&deep).unwrap_err();
        assert!(why.text.contains("give a shorter --state-dir"), "{why}");
    }
}
