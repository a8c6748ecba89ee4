//! Files that are replaced whole, with the rights that they are to have from their first byte on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use crate::limits::FILE_BYTES_MAX;

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub struct Rights {
    /// Whatever the umask says.
    pub mode: u32,
    /// Whom it belongs to, if not whom this program runs as.
    pub user: Option<u32>,
    /// The same for its group.
    pub group: Option<u32>,
}

/// Only whom this program runs as.
pub const OURS: Rights = Rights { mode: 0o600, user: None, group: None };

/// Puts `bytes` in the place of a file; it is on the disk when this returns.
///
/// # Errors
///
/// It cannot be written; the one that was there is there.
pub fn replace(path: &Path, bytes: &[u8], rights: Rights) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = Path::new(&partial);
    let written = create(partial, bytes, rights).and_then(|()| fs::rename(partial, path));
    if written.is_err() {
        let _ = fs::remove_file(partial);
    }
    written.and_then(|()| sync_folder(path))
}

/// A file that was not there.
///
/// # Errors
///
/// It cannot be written.
pub fn create(path: &Path, bytes: &[u8], rights: Rights) -> io::Result<()> {
    // One that a crash left has perhaps other rights.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    if rights.user.is_some() || rights.group.is_some() {
        fchown(&file, rights.user, rights.group)?;
    }
    // After its owner: before, another group would read it for a moment. And whatever the umask says.
    file.set_permissions(fs::Permissions::from_mode(rights.mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What a file holds, to a bound; `None` if there is none.
///
/// # Errors
///
/// It cannot be read, or is longer than any of ours.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(err),
    };
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX { Err(io::Error::other("it is too long")) } else { Ok(Some(bytes)) }
}

/// A name that appeared or went is so after a power cut, too.
///
/// # Errors
///
/// What the disk says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Removes a file; one that is not there is removed.
///
/// # Errors
///
/// It is still there.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_whole_and_ours_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account");
        assert_eq!(read(&path).unwrap(), None);
        for text in ["one", "two"] {
            replace(&path, text.as_bytes(), OURS).unwrap();
            assert_eq!(read(&path).unwrap().unwrap(), text.as_bytes());
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half written is left");
        fs::write(&path, vec![0; usize::try_from(FILE_BYTES_MAX).unwrap() + 1]).unwrap();
        assert!(read(&path).is_err());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(replace(&folder.path().join("nowhere/file"), b"", OURS).is_err());
    }
}
