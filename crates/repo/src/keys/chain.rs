//! Numbered objects that the owner signs, each of which names the hash of the one before: so a gap, another one in a place,
//! or an older end of it shows.

use std::collections::BTreeSet;

use atalaya_store::Store;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::ring::Keyring;
use super::seen::{Seen, Version};
use crate::config::{RepoId, read_small};
use crate::envelope::{self, Purpose};
use crate::{Error, Kind, Result, names};

/// One sort of such objects.
pub(crate) struct Chain {
    pub(crate) folder: &'static str,
    pub(crate) purpose: Purpose,
    /// For messages, of all of them: "the list of members".
    pub(crate) what: &'static str,
    /// Whether the last one counts as none where it does not verify. Else whoever may put objects could keep everybody from
    /// opening the repository; whoever saw a sound one there notices all the same.
    pub(crate) lenient: bool,
}

/// What every one of them begins with.
#[derive(Deserialize)]
pub(super) struct Head {
    repo: RepoId,
    pub(super) number: u32,
    /// SHA-256 of the object before; zero for the first.
    previous: [u8; 32],
}

/// Whose chain it is.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) repo: RepoId,
    pub(crate) owner: &'a [u8; 32],
}

impl<'a> Whose<'a> {
    pub(crate) fn of(store: &'a dyn Store, keyring: &'a Keyring) -> Self {
        Self { store, repo: keyring.config.id, owner: &keyring.material.owner_public }
    }
}

impl Chain {
    /// Gives `each` the body of every one in order. Gives number and hash of the last; each is verified; a gap or a broken
    /// link is damage, and so is a chain without what was `seen` before. What is no part of it is told.
    pub(crate) fn read(
        &self,
        whose: Whose<'_>,
        seen: &mut Seen,
        tell: &mut dyn FnMut(String),
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<Version> {
        let listed = self.newest(whose, tell)?;
        let (mut newest, mut previous) = (0, [0; 32]);
        for number in 1..=listed {
            let name = names::numbered(self.folder, number);
            let judged = self.read_one(whose, number).and_then(|(head, bytes)| {
                if head.previous == previous && head.number == number {
                    return Ok(bytes);
                }
                Err(Error::damaged("it was replaced or put out of order"))
            });
            let bytes = match judged {
                Err(err) if self.lenient && number == listed && err.kind == Kind::Damaged => {
                    tell(format!("{name} does not count: {err}; it is passed over, and may be removed"));
                    break;
                }
                other => other.map_err(|err| err.context(&format!("cannot read {}, {name}", self.what)))?,
            };
            let hash = Sha256::digest(&bytes).into();
            if seen.version.is_some_and(|(at, known)| at == number && known != hash) {
                return Err(seen.rolled_back(self.what));
            }
            each(envelope::parse(self.purpose, &bytes)?.body)?;
            (newest, previous) = (number, hash);
        }
        if seen.version.is_some_and(|(at, _)| at > newest) {
            return Err(seen.rolled_back(self.what));
        }
        if newest > 0 {
            seen.learn((newest, previous))?;
        }
        Ok((newest, previous))
    }

    /// One of them, as far as it can be verified by itself.
    fn read_one(&self, whose: Whose<'_>, number: u32) -> Result<(Head, Vec<u8>)> {
        let bytes = read_small(whose.store, &names::numbered(self.folder, number))?;
        Ok((self.head(&bytes, whose.owner, &whose.repo)?, bytes))
    }

    /// The beginning of one that the owner signed.
    pub(super) fn head(&self, bytes: &[u8], owner: &[u8; 32], repo: &RepoId) -> Result<Head> {
        let body = envelope::parse(self.purpose, bytes)?.verified_by(owner)?;
        let (head, _) = postcard::take_from_bytes::<Head>(body)
            .map_err(|err| Error::damaged(format!("it does not decode: {err}")))?;
        if head.repo == *repo { Ok(head) } else { Err(Error::damaged("it belongs to another repository")) }
    }

    /// The highest number up to which all are there. What stands behind a gap is either no part of it at all, which is told
    /// and harms nothing, or one is missing, which must not pass unseen. What claims to be of a newer format cannot be
    /// verified, and anybody may put it there: it counts only where it is the next one.
    fn newest(&self, whose: Whose<'_>, tell: &mut dyn FnMut(String)) -> Result<u32> {
        let mut numbers = BTreeSet::new();
        whose.store.list(self.folder, &mut |entry| {
            numbers.extend(names::number_of(self.folder, &entry.name));
            Ok(())
        })?;
        let newest = (1..).take_while(|number| numbers.contains(number)).last().unwrap_or(0);
        let next = names::numbered(self.folder, newest + 1);
        for number in numbers.range(newest + 1..) {
            let name = names::numbered(self.folder, *number);
            let why = match self.read_one(whose, *number) {
                Ok((head, _)) if head.number == *number => {
                    return Err(Error::damaged(format!("{} has {name}, but not {next}, which is gone", self.what)));
                }
                Ok((head, _)) => format!("it is a copy of {}", names::numbered(self.folder, head.number)),
                Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew | Kind::NotFound) => err.text,
                Err(err) => return Err(err),
            };
            tell(format!(
                "{name} is no part of {}: {next} is not there, and {why}; it is passed over and may be removed",
                self.what
            ));
        }
        Ok(newest)
    }
}
