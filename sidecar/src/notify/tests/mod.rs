//! From the database to a service that stands in for a real one, with the real writer.

mod kill;
mod paths;
pub(crate) mod service;
mod stand;
mod together;
