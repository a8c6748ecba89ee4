//! Questions to name servers, one at a time.

mod ask;
mod codec;
#[cfg(feature = "testing")]
pub mod server;

pub use ask::Asker;
pub use codec::{Code, Data, Kind, Question, Record, Reply};
