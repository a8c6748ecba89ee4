//! Who may do what: key material by role, key files, the signed roster.

mod chain;
mod epoch;
mod file;
mod manage;
pub(crate) mod objects;
mod ring;
mod roster;
mod rotate;
pub(crate) mod seen;
pub(crate) mod unlock;
mod words;

pub(crate) use chain::Whose;
pub(crate) use epoch::Epochs;
pub(crate) use file::KeyFile;
pub(crate) use ring::{Keyring, Material};
pub(crate) use roster::{Member, Roster};
pub(crate) use rotate::publish;
pub(crate) use seen::Seen;

pub use file::key_role;
pub use manage::KeyInfo;
pub use ring::Role;
pub use words::drawn_words;
