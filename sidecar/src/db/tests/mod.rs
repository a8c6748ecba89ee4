//! The database on bad days.

mod care;
mod damage;
mod full;
mod kill;
mod writer;
