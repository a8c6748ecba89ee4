//! A key in a file outside the repository.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::exit::{Exit, Failure, Result};

/// A file made for a key that does not exist yet.
pub(crate) struct NewKeyFile {
    path: PathBuf,
    file: File,
}

fn failure(path: &Path, err: &std::io::Error) -> Failure {
    let hint = if err.kind() == std::io::ErrorKind::AlreadyExists { "; choose another name" } else { "" };
    Failure::new(Exit::Failed, format!("cannot write key file {}: {err}{hint}", path.display()))
}

/// Makes an empty file that only its owner reads; never overwrites one.
pub(crate) fn create(path: &Path) -> Result<NewKeyFile> {
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|err| failure(path, &err))?;
    Ok(NewKeyFile { path: path.to_owned(), file })
}

impl NewKeyFile {
    /// Writes the key, durably.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).and_then(|()| self.file.sync_all()).map_err(|err| failure(&self.path, &err))
    }

    /// There is no key after all.
    pub(crate) fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Largest key file that is read; they have a few kilobytes.
const KEY_FILE_BYTES_MAX: u64 = 64 << 10;

/// Reads one.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let fail = |why: &str| {
        let text = format!("cannot read key file {}: {why}; name the file that \"key add\" wrote", path.display());
        Failure::usage(text)
    };
    let file = File::open(path).map_err(|err| fail(&err.to_string()))?;
    // With its capacity fixed, reading leaves no copies in memory that were freed unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX as usize + 64));
    file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|err| fail(&err.to_string()))?;
    if bytes.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(fail("it is too large for one"));
    }
    Ok(bytes)
}
