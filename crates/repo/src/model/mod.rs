//! What a snapshot says about a file: domain types, apart from how they are
//! encoded on disk (`tree::codec`).

mod entry;
mod ids;
mod one_file;
mod path;

pub use entry::{Content, Entry, Flags, Kind, LinkGroup, Meta, Run, Time, Xattr, XattrValue};
pub use ids::{ChunkId, PackId};
pub use path::{cmp as path_cmp, is_within, safe_component};
