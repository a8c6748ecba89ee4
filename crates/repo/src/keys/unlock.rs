//! From a secret to the material of a role: tells a wrong secret from a damaged key file as far as that can be told.

use atalaya_store::Store;

use super::file::KeyFile;
use super::ring::Material;
use crate::config::{RepoId, read_small};
use crate::{Error, Kind, Result, names};

/// Opens a key file that lies outside the repository.
pub(crate) fn with_file(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Material> {
    KeyFile::parse(bytes).and_then(|file| file.open(passphrase)).map_err(|err| match err.kind {
        Kind::Damaged => {
            Error::damaged(format!("{}; name the file that \"key add\" wrote, or use a copy of it", err.text))
        }
        Kind::WrongKey if passphrase.is_some() => Error::new(Kind::WrongKey, format!("{}{SURELY}", err.text)),
        _ => err,
    })
}

/// A seal that does not open says no more than that: bytes that changed look like another passphrase.
const SURELY: &str = "; if it is surely the right one, the key file was damaged: use a copy";

/// Tries a passphrase on every key file in the repository.
pub(crate) fn by_passphrase(store: &dyn Store, repo: RepoId, passphrase: &[u8]) -> Result<Material> {
    let mut files = Vec::new();
    store.list(names::KEYS, &mut |entry| {
        // Something else that lies there is no key file.
        files.extend(names::unhex::<8>(&entry.name).map(|_| entry.name.clone()));
        Ok(())
    })?;
    let place = store.place();
    if files.is_empty() {
        return Err(Error::new(Kind::WrongKey, "the repository holds no key file; give one with --key-file"));
    }
    files.sort();
    let (mut refused, mut damaged) = (false, None);
    for name in &files {
        // One that cannot be read must not keep others from opening.
        let file = read_small(store, name).and_then(|bytes| KeyFile::parse(&bytes));
        match file.and_then(|file| file.open(Some(passphrase))) {
            Ok(material) if material.repo == repo => return Ok(material),
            // It fits a key file that somebody copied here from another repository.
            Ok(_) => {}
            Err(err) if err.kind == Kind::WrongKey => refused = true,
            Err(err) => damaged = Some((name, err)),
        }
    }
    Err(match damaged {
        Some((name, err)) if !refused => Error {
            kind: err.kind,
            text: format!(
                "cannot open repository {place}: its key file {name} is damaged: {err}; put a copy of it back, or give \
                 another key with --key-file"
            ),
        },
        Some((name, _)) => Error::new(
            Kind::WrongKey,
            format!(
                "wrong passphrase for repository {place}; if it is surely right, it may be that of key file {name}, which \
                 is damaged: put a copy back"
            ),
        ),
        None => Error::new(Kind::WrongKey, format!("wrong passphrase for repository {place}{SURELY}")),
    })
}
