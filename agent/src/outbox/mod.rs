//! What waits to be sent: records on disk until somebody has them, frames in a ring that thins itself.

mod flight;
mod pace;
mod records;
mod ring;

pub use flight::Flight;
pub use pace::Pace;
pub use records::Records;
pub use ring::Ring;
