//! The tower on a virtual clock, with scripted nodes and a real database.

mod alerts;
mod bench;
mod hostile;
mod own;
mod requests;
mod streams;
mod time;
mod upkeep;
mod views;
mod windows;
