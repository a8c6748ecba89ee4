//! The broker as its clients see it.

mod mosquitto;
mod serve;
