//! Joining a tower: a key of our own, a question with a code to the tower that the code's string names and to no other, and
//! what is written of the answer. Happens once, by a command; the daemon has no part in it.

mod ask;
mod pinned;
mod section;

pub(crate) use ask::{Joined, ask};
pub(crate) use section::{Section, Spoiled, merged, quoted};
