//! Snapshots: what a backup puts last, and how they are listed and chosen.

mod fence;
mod known;
mod list;
mod object;
mod select;
mod session;

pub(crate) use fence::{Fence, Fences, fenced};
pub(crate) use known::Known;
pub(crate) use list::read_all;
pub(crate) use object::{Private, load, store};
pub(crate) use session::{end_session, names_itself, open_session, put_session, read_session};

pub use object::{Catalogue, Info};
pub use select::Selector;
