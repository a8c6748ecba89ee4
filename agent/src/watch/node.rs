//! Who this node is: an id made once and kept, and what else is remembered over restarts.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use atalaya_wire::NodeId;
use serde::de::DeserializeOwned;

use crate::durable;

/// The id in the state folder, or `adopted`, or a new one. Written once.
///
/// # Errors
///
/// If the state folder cannot be used.
pub(crate) fn id(state: &Path, adopted: Option<&NodeId>) -> io::Result<NodeId> {
    let path = state.join("node");
    let found = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<NodeId>().ok());
    match (adopted, found) {
        (None, Some(id)) => return Ok(id),
        (Some(adopted), Some(id)) if *adopted == id => return Ok(id),
        _ => {}
    }
    let id = match adopted {
        Some(id) => id.clone(),
        None => NodeId::from_random(random()?),
    };
    durable::replace(&path, format!("{}\n", id.as_str()).as_bytes())?;
    Ok(id)
}

/// Makes the state folder where there is none, for its owner only.
pub(crate) fn make_state(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Keeps other agents out of the state folder for as long as the file is open, also after a kill.
///
/// # Errors
///
/// One line, if another one is in it.
pub(super) fn lock(state: &Path) -> Result<File, String> {
    let path = state.join("agent.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|err| format!("cannot use the state folder {}: {err}", state.display()))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => {
            Err(format!("another agent runs here already: it uses the state folder {}; stop it first", state.display()))
        }
    }
}

/// Whether the state folder is still the one that `lock` was got in.
pub(super) fn holds(state: &Path, lock: &File) -> bool {
    let found = fs::metadata(state.join("agent.lock"));
    found.is_ok_and(|found| lock.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (found.dev(), found.ino())))
}

/// A file of JSON that is ours; nothing where there is none, or where it is damaged, which is told.
pub(super) fn memory<T: Default + DeserializeOwned>(path: &Path, then: &str) -> T {
    let why = match fs::read(path).map(|bytes| serde_json::from_slice(&bytes)) {
        Ok(Ok(memory)) => return memory,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return T::default(),
        Ok(Err(err)) => err.to_string(),
        Err(err) => err.to_string(),
    };
    tracing::warn!(file = %path.display(), why, "cannot understand what was remembered; {then}");
    T::default()
}

/// Random bytes from the kernel.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_agent_uses_a_state_folder_at_a_time() {
        let state = tempfile::tempdir().unwrap();
        let first = lock(state.path()).unwrap();
        assert!(lock(state.path()).unwrap_err().contains("another agent runs here already"));
        assert!(holds(state.path(), &first));
        drop(first);
        let again = lock(state.path()).unwrap();
        assert!(holds(state.path(), &again));
        fs::remove_file(state.path().join("agent.lock")).unwrap();
        assert!(!holds(state.path(), &again));
        fs::write(state.path().join("agent.lock"), "").unwrap();
        assert!(!holds(state.path(), &again));
    }

    #[test]
    fn an_id_is_made_once_and_can_be_adopted() {
        let state = tempfile::tempdir().unwrap();
        let first = id(state.path(), None).unwrap();
        assert_eq!(id(state.path(), None).unwrap(), first);
        let other: NodeId = "nas-of-ana".parse().unwrap();
        assert_eq!(id(state.path(), Some(&other)).unwrap(), other);
        assert_eq!(id(state.path(), None).unwrap(), other);
    }
}
