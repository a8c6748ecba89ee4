//! What waits to be sent: records on disk until somebody has them, frames in a ring that thins itself.

mod records;
mod ring;

pub use records::Records;
pub use ring::Ring;
