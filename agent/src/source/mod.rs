//! What is backed up: listing it sorted ([`Walker`]), opening and reading it ([`Opener`]).
//!
//! Memory does not grow with the width or depth of a folder: a listing that is too large is sorted
//! through the spool folder, and so are the listings of upper levels while a deep one is walked.

mod cached;
mod cachedir;
mod excludes;
mod glob;
pub(crate) mod keep;
pub(crate) mod listing;
mod merge;
mod open_file;
mod opener;
pub(crate) mod record;
mod roots;
pub(crate) mod scan;
mod shares;
pub(crate) mod stack;
mod walker;
mod xattrs;

pub use excludes::Excludes;
pub use open_file::OpenFile;
pub use opener::Opener;
pub(crate) use roots::locate;
pub use shares::Shares;
pub use walker::{Options, Walker};
