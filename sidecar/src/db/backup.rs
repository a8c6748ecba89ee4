//! A copy of the whole database, made while others read and write, and complete or not there.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::check::connect;
use super::migrate;
use crate::error::{Error, Kind, Result};

/// Copies the database of a state folder to the file `to`, for its owner only, and without the room that is free in it; gives
/// its bytes.
///
/// # Errors
///
/// [`Kind::Refused`] if there is such a file, [`Kind::Missing`] if there is no database, or what the system says; then
/// nothing is left.
pub fn backup(folder: &Path, to: &Path) -> Result<u64> {
    let what = format!("copy the database to {}", to.display());
    let part = part(to).map_err(|err| err.while_(&what))?;
    if fs::symlink_metadata(to).is_ok() {
        let why = "there is something of that name; remove it, or name another file";
        return Err(Error::new(Kind::Refused, why).while_(&what));
    }
    let made = fill(folder, &part).and_then(|bytes| {
        fs::rename(&part, to)?;
        File::open(to.parent().unwrap_or(Path::new("/")))?.sync_all()?;
        Ok(bytes)
    });
    made.map_err(|err| {
        let _ = fs::remove_file(&part);
        err.while_(&what)
    })
}

fn part(to: &Path) -> Result<PathBuf> {
    let name = to.file_name().filter(|_| to.is_absolute());
    let name = name.ok_or_else(|| Error::new(Kind::Refused, "write the whole path of a file"))?;
    let mut part = name.to_owned();
    part.push(".part");
    Ok(to.with_file_name(part))
}

fn fill(folder: &Path, part: &Path) -> Result<u64> {
    let connection = connect(folder)?;
    migrate::refuse_newer(&connection)?;
    match fs::remove_file(part) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(err.into()),
        _ => {}
    }
    // Made first, so that nobody else can read what comes into it.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    let name = part.to_str().ok_or_else(|| Error::new(Kind::Refused, "the path is no UTF-8; name another"))?;
    connection.execute("VACUUM INTO ?1", [name])?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
