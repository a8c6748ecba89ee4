//! From a secret to the material of a role: tells a wrong secret from a damaged key file as far as that can be told.

use atalaya_store::Store;

use super::file::{KeyFile, Protection};
use super::ring::Material;
use super::words::{self, Typed};
use crate::config::{RepoId, read_small};
use crate::crypto::Cost;
use crate::{Error, Kind, Result, limits, names};

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

/// Tries a passphrase on every key file in the repository, those that ask for the least work first. Whoever may write
/// to the store could put many there, and make whoever types a passphrase wait for each.
pub(crate) fn by_passphrase(store: &dyn Store, repo: RepoId, passphrase: &[u8]) -> Result<Material> {
    match words::typed(passphrase) {
        Typed::Words(words) => try_all(store, repo, words.as_bytes()),
        // Somebody may have made up such words all the same.
        Typed::Mistyped => try_all(store, repo, passphrase).map_err(|err| match err.kind {
            Kind::WrongKey => Error::new(
                Kind::WrongKey,
                format!("{}; these look like the words of a recovery sheet, and one of them is mistyped", err.text),
            ),
            _ => err,
        }),
        Typed::Other => try_all(store, repo, passphrase),
    }
}

fn try_all(store: &dyn Store, repo: RepoId, passphrase: &[u8]) -> Result<Material> {
    let names = key_file_names(store)?;
    let place = store.place();
    if names.is_empty() {
        return Err(Error::new(Kind::WrongKey, "the repository holds no key file; give one with --key-file"));
    }
    if names.len() > limits::KEY_FILES_MAX {
        return Err(Error::damaged(format!(
            "cannot open repository {place} by a passphrase: it holds {} key files, of which {} at most would be tried; \
             remove those below {} that none of you made, or give a key with --key-file",
            names.len(),
            limits::KEY_FILES_MAX,
            names::KEYS,
        )));
    }
    let (mut refused, mut damaged) = (false, None);
    let mut files = Vec::new();
    for name in names {
        // One that cannot be read must not keep others from opening.
        match read(store, &name).map(|file| worth_trying(&file, repo)) {
            Ok(Ok(Some(work))) => files.push((work, name)),
            // Somebody copied it here from another repository.
            Ok(Ok(None)) => refused = true,
            Ok(Err(err)) | Err(err) => damaged = Some((name, err)),
        }
    }
    let (affordable, too_costly) = affordable(files);
    damaged = damaged.or(too_costly.map(|name| (name, Error::damaged("it asks for too much work"))));
    for name in affordable {
        let open = |file: KeyFile| {
            // Stretching takes as much memory as all that a connection has beside it.
            store.rest();
            file.open(Some(passphrase))
        };
        match read(store, &name).and_then(open) {
            Ok(material) => return Ok(material),
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

/// Names of the key files in the repository. Something else that lies there is none.
pub(super) fn key_file_names(store: &dyn Store) -> Result<Vec<String>> {
    let mut names = Vec::new();
    store.list(names::KEYS, &mut |entry| {
        names.extend(names::unhex::<8>(&entry.name).map(|_| entry.name.clone()));
        Ok(())
    })?;
    Ok(names)
}

/// Not kept while others are looked at: together they may be large.
fn read(store: &dyn Store, name: &str) -> Result<KeyFile> {
    KeyFile::parse(&read_small(store, name)?)
}

/// How much work a try at a key file is; none for one of another repository.
fn worth_trying(file: &KeyFile, repo: RepoId) -> Result<Option<u64>> {
    match &file.clear.protection {
        _ if file.clear.repo != repo => Ok(None),
        Protection::Passphrase { cost, .. } => Ok(Some(cost.work())),
        // It would open to anybody, so it is nobody's here.
        Protection::None => Err(Error::damaged("it has no passphrase, and those lie outside the repository")),
    }
}

/// The names whose work comes to no more than that of so many usual ones, least first, and the first that is too much.
fn affordable(mut files: Vec<(u64, String)>) -> (Vec<String>, Option<String>) {
    files.sort();
    let mut left = limits::KEY_FILES_MAX as u64 * Cost::DEFAULT.work();
    let fits = |(work, _): &&(u64, String)| {
        let rest = left.checked_sub(*work);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let count = files.iter().take_while(fits).count();
    let mut names = files.into_iter().map(|(_, name)| name);
    (names.by_ref().take(count).collect(), names.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costly_key_files_delay_no_usual_one() {
        let usual = Cost::DEFAULT.work();
        let costly = Cost { memory_kib: 24 << 10, passes: 16 }.work();
        let mut files: Vec<_> = (0..limits::KEY_FILES_MAX - 1).map(|n| (costly, format!("{n:03}"))).collect();
        files.push((usual, "zzz".into()));
        let (tried, left_out) = affordable(files);
        assert_eq!(tried[0], "zzz");
        assert!(tried.len() < 30 && left_out.is_some(), "{}", tried.len());
        let all = vec![(usual, String::new()); limits::KEY_FILES_MAX];
        assert_eq!(affordable(all).0.len(), limits::KEY_FILES_MAX);
        assert_eq!(affordable(vec![(u64::MAX, "x".into())]), (vec![], Some("x".into())));
    }
}
