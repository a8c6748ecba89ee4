//! The database: the only SQL there is. One thread writes, a few connections read.
//!
//! What is committed follows from a [`Batch`] alone; what others may hear of it follows after the commit.

mod backup;
mod batch;
mod check;
mod copy;
mod damage;
mod health;
pub(crate) mod history;
mod load;
mod lock;
mod look;
mod migrate;
mod open;
mod put;
pub mod read;
mod readers;
mod rescue;
pub(crate) mod room;
mod row;
pub(crate) mod series;
pub(crate) mod tidy;
mod times;
mod vacuum;
mod writer;

pub use backup::backup;
pub use batch::{Batch, Effect};
pub use check::{Checked, check, has_accounts};
pub use copy::Copying;
pub use damage::Damage;
pub(crate) use health::free_bytes;
pub(crate) use load::{HEAD, INCIDENT, NODE};
pub use load::{Loaded, NodeRow, RequestRow, StreamRow, WindowRow, load, renewals, retained};
pub use lock::look as look_for_another;
pub use look::{Looked, behind};
pub use open::{ASIDE, Again, Aside, Database, Opened, open};
pub use readers::Readers;
pub use row::{AccountRow, Audit, Node, Row, Run, TokenRow};
pub use times::Times;
pub use vacuum::{Shrunk, Vacuum};
pub use writer::{Chore, Desk, Health, Writer};

/// Of the header of the file, so that nobody else's is taken for ours: "Atal".
const APPLICATION_ID: i32 = 0x4174_616c;
#[cfg(test)]
mod tests;

/// The file in the state folder.
pub const FILE: &str = "sidecar.db";
