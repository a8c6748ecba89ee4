//! The database on bad days.

mod damage;
mod full;
mod kill;
mod writer;
