//! The numbered list of members, signed by the owner: whose signatures count.

use serde::{Deserialize, Serialize};

use super::chain::{Chain, Whose};
use super::ring::Role;
use super::seen::Seen;
use crate::config::{RepoId, decode, encode};
use crate::crypto::Signer;
use crate::envelope::{self, OWNER, Purpose};
use crate::{Error, Kind, Result, names};
use atalaya_store::{Body, Store};

const CHAIN: Chain =
    Chain { folder: names::ROSTER, purpose: Purpose::Roster, what: "the list of members", lenient: false };

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
        store.put(&names::numbered(names::ROSTER, self.number), Body::Bytes(&bytes))?;
        store.sync()?;
        Ok(())
    }

    /// The newest version and its hash.
    pub(crate) fn read(whose: Whose<'_>, seen: &mut Seen, tell: &mut dyn FnMut(String)) -> Result<(Self, [u8; 32])> {
        let mut last = None;
        let (_, hash) = CHAIN.read(whose, seen, tell, &mut |body| {
            last = Some(decode(body)?);
            Ok(())
        })?;
        let roster = last.ok_or_else(|| Error::new(Kind::NotFound, "the list of members is gone"))?;
        Ok((roster, hash))
    }
}
