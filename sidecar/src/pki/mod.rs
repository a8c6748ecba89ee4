//! Who is who on the network: the authority that vouches for nodes and for the sidecar itself, how a node is let in, and the
//! key that signs commands.

mod ca;
mod command_key;
mod gate;
mod guard;
mod invite;
mod names;
mod own;

pub use ca::{Authority, Issued};
pub use command_key::CommandKey;
pub use gate::{Gate, Offer, Parts};
pub use invite::Expected;
pub use names::{is_reachable_name, of_this_machine};
pub use own::{Own, Reason, due, renewal};

#[cfg(test)]
mod tests;
