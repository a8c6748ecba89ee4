//! What a target is before anything is written to it.

use atalaya_store::Store;

use super::{CopyOptions, mark};
use crate::config::{self, read_small};
use crate::maintain::Authority;
use crate::{Error, Kind, Repository, Result, names};

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is empty.
    New,
    /// It was being made a replica, and that was cut off.
    Begun,
    /// It has the same repository, and is to be a replica from now on.
    Unmarked,
    /// It is a replica.
    Replica,
}

fn refused(text: String) -> Error {
    Error::new(Kind::Refused, text)
}

/// # Errors
/// When it is something else.
pub(super) fn of(from: &Repository, target: &dyn Store, options: &CopyOptions<'_>) -> Result<Standing> {
    let place = target.place();
    let marked = marked(from, target)?;
    if marked.is_some() && marked == from.replica {
        return Err(Error::new(Kind::Usage, format!("cannot copy {place} to itself; name another target")));
    }
    let theirs = match read_small(target, names::CONFIG) {
        Err(err) if err.kind == Kind::NotFound => return without_config(from, target, marked.is_some(), options),
        other => other.map_err(|err| err.context(&format!("cannot copy to {place}")))?,
    };
    if theirs != read_small(&*from.store, names::CONFIG)? {
        return Err(another(from, target));
    }
    match (marked, options.init) {
        (Some(_), _) => Ok(Standing::Replica),
        (None, true) => Ok(Standing::Unmarked),
        (None, false) => Err(refused(format!(
            "cannot copy to {place}: it is {} itself, or a primary with the same keys, and no replica; if it was copied by other \
             means and nobody backs up to it, \"--init\" makes it a replica",
            from.place()
        ))),
    }
}

/// The id of the replica, if the target says that it is one and that counts.
fn marked(from: &Repository, target: &dyn Store) -> Result<Option<[u8; 16]>> {
    match read_small(target, names::REPLICA) {
        Ok(bytes) => match mark::parse(&bytes, Authority::of(&from.keyring, &from.roster)) {
            Ok(id) => Ok(Some(id)),
            Err(err) if err.kind == Kind::Damaged => Ok(None),
            Err(err) => Err(err.context(names::REPLICA)),
        },
        Err(err) if err.kind == Kind::NotFound => Ok(None),
        Err(err) => Err(err.context(&format!("cannot copy to {}", target.place()))),
    }
}

fn without_config(from: &Repository, target: &dyn Store, marked: bool, options: &CopyOptions<'_>) -> Result<Standing> {
    let place = target.place();
    if marked {
        return Ok(Standing::Begun);
    }
    let mut first = None;
    target.list("", &mut |entry| {
        first.get_or_insert_with(|| entry.name.clone());
        Ok(())
    })?;
    if let Some(name) = first {
        return Err(refused(format!(
            "cannot copy to {place}: it holds something else, {name}; choose a new or an empty folder"
        )));
    }
    if from.had_replica_at(&place) && !options.init {
        return Err(refused(format!(
            "cannot copy to {place}: there was a replica before, and it is empty now; if the disk is not mounted, mount it; if \
             it is a new one, \"--init\" makes another replica"
        )));
    }
    Ok(Standing::New)
}

fn another(from: &Repository, target: &dyn Store) -> Error {
    let place = target.place();
    match config::read(target) {
        Ok((config, _)) if config.id != from.keyring.config.id => refused(format!(
            "cannot copy {} to {place}: there is another repository, {}; choose an empty folder",
            from.place(),
            &names::hex(&config.id)[..8]
        )),
        Ok(_) => refused(format!(
            "cannot copy to {place}: its configuration is not the one of {}, though it says that it is the same repository",
            from.place()
        )),
        Err(err) => refused(format!(
            "cannot copy to {place}: {err}; if it is a replica of {}, remove the object \"config\" there and run it again",
            from.place()
        )),
    }
}
