//! From the database to a service that stands in for a real one, with the real writer.

mod kill;
mod paths;
mod rest;
pub(crate) mod service;
mod stand;
mod together;
