//! Who may do what: key material by role, key files, the signed roster.

mod file;
mod ring;
mod roster;

pub(crate) use file::{KeyFile, Protection};
pub(crate) use ring::{Keyring, Material};
pub(crate) use roster::{Member, Roster};

pub use ring::Role;
