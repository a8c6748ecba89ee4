//! What is read back, a file for each thing; none of it is cached here.

pub mod people;
pub mod incidents;
pub(crate) mod history;
pub mod runs;
