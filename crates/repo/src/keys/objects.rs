//! Signed objects about keys besides the list of members: which names there are, and whether what stands there counts.

use super::epoch::{CHAIN, Grant, grant_name};
use super::roster::Roster;
use super::rotate::published;
use crate::config::{RepoId, decode};
use crate::envelope::{self, Purpose};
use crate::{Error, Result, names};

/// Where they are.
pub(crate) const FOLDERS: [&str; 3] = [names::MEMBERS, names::EPOCHS, names::GRANTS];

/// Those of them that open what is stored.
pub(crate) const SECRETS: [&str; 2] = [names::EPOCHS, names::GRANTS];

/// What a name says.
enum Named {
    Member(u32),
    Epoch(u32),
    Grant(u32, u32),
}

fn named(name: &str) -> Option<Named> {
    let granted = || {
        let (epoch, member) = name.strip_prefix(names::GRANTS)?.split_once('-')?;
        let (epoch, member) = (epoch.parse().ok()?, member.parse().ok()?);
        (grant_name(epoch, member) == name).then_some(Named::Grant(epoch, member))
    };
    let member = names::number_of(names::MEMBERS, name).map(Named::Member);
    member.or_else(|| names::number_of(names::EPOCHS, name).map(Named::Epoch)).or_else(granted)
}

/// Whether it is the name of one.
pub(crate) fn is_name(name: &str) -> bool {
    named(name).is_some()
}

/// Whether `bytes` are what `name` says: a member's own, or the owner's.
pub(crate) fn verify(name: &str, bytes: &[u8], repo: &RepoId, owner: &[u8; 32], roster: &Roster) -> Result<()> {
    let sound = match named(name) {
        Some(Named::Member(number)) => published(bytes, roster.member(number)?).map(|_| true)?,
        Some(Named::Epoch(number)) => CHAIN.head(bytes, owner, repo)?.number == number,
        Some(Named::Grant(epoch, member)) => {
            let grant: Grant = decode(envelope::parse(Purpose::Grant, bytes)?.verified_by(owner)?)?;
            (grant.epoch, grant.member) == (epoch, member)
        }
        None => false,
    };
    if sound { Ok(()) } else { Err(Error::damaged("it is not what its name says")) }
}
