//! Snapshots: what a backup puts last, and how they are listed and chosen.

mod announced;
mod fence;
mod known;
mod list;
mod object;
mod select;
mod session;

pub(crate) use announced::Announced;
pub(crate) use fence::{Fence, Fences, fenced};
pub(crate) use known::Known;
pub(crate) use list::read_all;
pub(crate) use object::{Private, load, parse, store};
pub(crate) use session::{end_session, ended, names_itself, put_session, read_session};

pub use object::{Catalogue, Info};
pub use select::Selector;
