//! All snapshots of a repository.

use atalaya_store::Store;

use super::fence::Fences;
use super::object::{Info, load};
use crate::keys::{Keyring, Roster};
use crate::maintain::{Authority, ids};
use crate::{Error, Result, names};

/// Every snapshot, oldest first, and those that do not verify, with the reason.
pub(crate) fn read_all(store: &dyn Store, keyring: &Keyring, roster: &Roster) -> Result<(Vec<Info>, Vec<Error>)> {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for id in ids(store, names::SNAPSHOTS)? {
        match load(store, keyring, roster, id) {
            Ok(mut info) => {
                // A listing needs no private part; it is read again when the snapshot is opened.
                info.sealed = Vec::new();
                good.push(info);
            }
            // One that is damaged, newer, on a bad sector, or was deleted since it was listed, hides no other.
            Err(err) => bad.push(err),
        }
    }
    let fences = Fences::read(store, Authority::of(keyring, roster))?;
    good.iter_mut().for_each(|info| info.fenced = fences.stands(&info.catalogue.session));
    good.sort_by_key(|info| (info.catalogue.started, info.id));
    Ok((good, bad))
}
