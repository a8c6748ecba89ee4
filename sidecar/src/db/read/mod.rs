//! What is read back, a file for each thing; none of it is cached here.

pub mod notifications;
pub mod outbox;
pub mod people;
pub mod incidents;
pub(crate) mod history;
pub mod runs;
