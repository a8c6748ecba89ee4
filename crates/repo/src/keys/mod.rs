//! Who may do what: key material by role, key files, the signed roster.

mod file;
mod manage;
mod ring;
mod roster;
mod seen;
pub(crate) mod unlock;
mod words;

pub(crate) use file::KeyFile;
pub(crate) use ring::{Keyring, Material};
pub(crate) use roster::{Member, Roster};
pub(crate) use seen::Seen;

pub use file::key_role;
pub use manage::KeyInfo;
pub use ring::Role;
pub use words::drawn_words;
