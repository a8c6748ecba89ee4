//! History as its users see it: what goes in comes out, whatever happens to it on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod damage;
mod docs;
mod forecasts;
mod golden;
mod ids;
mod late;
mod levels;
mod model;
mod nas;
mod picking;
mod queries;
mod rooms;
mod sizes;
