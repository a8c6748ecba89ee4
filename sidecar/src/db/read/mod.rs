//! What is read back, a file for each thing; none of it is cached here.

pub mod figures;
pub(crate) mod history;
pub mod incidents;
pub mod notifications;
pub mod outbox;
pub mod people;
pub mod runs;
