//! The numbered list of members, signed by the owner: whose signatures count.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ring::Role;
use super::seen::Seen;
use crate::config::{RepoId, decode, encode, read_small};
use crate::crypto::Signer;
use crate::envelope::{self, OWNER, Purpose};
use crate::{Error, Kind, Result, names};
use atalaya_store::{Body, Store};

/// One holder of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) number: u32,
    pub(crate) role: Role,
    pub(crate) public: [u8; 32],
    pub(crate) label: String,
    pub(crate) created_secs: i64,
    /// When the key was removed; what it signed before still counts.
    pub(crate) revoked_secs: Option<i64>,
}

/// One version of the list. Every change is a new object with the next number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    pub(crate) repo: RepoId,
    pub(crate) number: u32,
    /// SHA-256 of the version before; zero for the first.
    pub(crate) previous: [u8; 32],
    pub(crate) members: Vec<Member>,
}

impl Roster {
    pub(crate) fn member(&self, number: u32) -> Result<&Member> {
        self.members
            .iter()
            .find(|m| m.number == number)
            .ok_or_else(|| Error::damaged(format!("it is signed by member {number}, whom the owner never listed")))
    }

    /// Signs and stores this version. Two owners at once: one of them gets `Kind::AlreadyThere`.
    pub(crate) fn write(&self, store: &dyn Store, owner: &Signer) -> Result<()> {
        let bytes = envelope::seal(Purpose::Roster, OWNER, owner, &encode(self)?);
        store.put(&names::roster(self.number), Body::Bytes(&bytes))?;
        store.sync()?;
        Ok(())
    }

    /// The newest version and its hash. Each is verified; a gap or a broken link is damage, and so is a list
    /// without the version that was `seen` before. What is no version of it is told.
    pub(crate) fn read(
        store: &dyn Store,
        repo: RepoId,
        owner: &[u8; 32],
        seen: &mut Seen,
        tell: &mut dyn FnMut(String),
    ) -> Result<(Self, [u8; 32])> {
        let newest = newest(store, repo, owner, tell)?;
        let mut previous = [0; 32];
        let mut roster = None;
        for number in 1..=newest {
            let (next, hash) = Self::read_one(store, repo, owner, number)
                .map_err(|err| err.context(&format!("cannot read the list of members, {}", names::roster(number))))?;
            if next.previous != previous || next.number != number {
                return Err(Error::damaged("the list of members was replaced or put out of order"));
            }
            if seen.version.is_some_and(|(at, known)| at == number && known != hash) {
                return Err(seen.rolled_back());
            }
            previous = hash;
            roster = Some(next);
        }
        let roster = roster.ok_or_else(|| Error::new(Kind::NotFound, "the list of members is gone"))?;
        if seen.version.is_some_and(|(at, _)| at > newest) {
            return Err(seen.rolled_back());
        }
        seen.learn((newest, previous))?;
        Ok((roster, previous))
    }

    /// Version `number`, as far as it can be verified by itself.
    fn read_one(store: &dyn Store, repo: RepoId, owner: &[u8; 32], number: u32) -> Result<(Self, [u8; 32])> {
        let bytes = read_small(store, &names::roster(number))?;
        let roster: Self = decode(envelope::parse(Purpose::Roster, &bytes)?.verified_by(owner)?)?;
        if roster.repo != repo {
            return Err(Error::damaged("it belongs to another repository"));
        }
        Ok((roster, Sha256::digest(&bytes).into()))
    }
}

/// The highest version that is there. Numbers follow each other without a gap, so what stands behind one is either no
/// version at all, which is told and harms nothing, or a version is missing, which must not pass unseen. What claims to
/// be of a newer format cannot be verified, and anybody may put it there: it counts only where it is the next one.
fn newest(store: &dyn Store, repo: RepoId, owner: &[u8; 32], tell: &mut dyn FnMut(String)) -> Result<u32> {
    let mut numbers = BTreeSet::new();
    store.list(names::ROSTER, &mut |entry| {
        let number = entry.name.rsplit('/').next().and_then(|n| n.parse().ok());
        numbers.extend(number.filter(|number| names::roster(*number) == entry.name));
        Ok(())
    })?;
    let newest = (1..).take_while(|number| numbers.contains(number)).last().unwrap_or(0);
    for number in numbers.range(newest + 1..) {
        let name = names::roster(*number);
        let why = match Roster::read_one(store, repo, owner, *number) {
            Ok((roster, _)) if roster.number == *number => {
                let text =
                    format!("the list of members has {name}, but not {}, which is gone", names::roster(newest + 1));
                return Err(Error::damaged(text));
            }
            Ok((roster, _)) => format!("it is a copy of {}", names::roster(roster.number)),
            Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew | Kind::NotFound) => err.text,
            Err(err) => return Err(err),
        };
        tell(format!(
            "{name} is no list of members: {} is not there, and {why}; it is passed over and may be removed",
            names::roster(newest + 1)
        ));
    }
    Ok(newest)
}
