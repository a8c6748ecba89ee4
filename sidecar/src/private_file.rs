//! Files in the state folder that nobody else may read, replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind, Result};

/// Puts `bytes` in the place of a file; it is on the disk when this returns.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let (path, partial) = (folder.join(name), folder.join(format!("{name}.part")));
    let written = write(&partial, bytes).and_then(|()| fs::rename(&partial, &path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    let synced = written.and_then(|()| File::open(folder)?.sync_all());
    synced.map_err(|err| Error::from(err).while_(&format!("write {}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that a crash left has perhaps other rights.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What a file holds; `None` if there is none.
pub(crate) fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(Error::from(err).while_(&format!("read {}", path.display()))),
    }
}

/// A file that is there and is not what was written.
pub(crate) fn damaged(folder: &Path, name: &str, what: &str) -> Error {
    let path = folder.join(name);
    Error::new(Kind::Damaged, format!("{} is {what}; put it back from a copy", path.display()))
}

/// A value as JSON; what cannot be read is begun anew. For what nothing depends on but politeness to others.
pub(crate) fn read_value<T: DeserializeOwned + Default>(folder: &Path, name: &str) -> T {
    let bytes = read(folder, name).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Puts a value in the place of a file, as JSON; it is on the disk when this returns.
pub(crate) fn replace_value(folder: &Path, name: &str, value: &impl Serialize) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|err| Error::new(Kind::Internal, err.to_string()))?;
    replace(folder, name, &bytes)
}
