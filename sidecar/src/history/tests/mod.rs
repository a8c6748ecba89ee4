//! History over a real database and a made-up clock, beside a list that says what should be there.

mod bench;
mod clock;
mod damage;
mod graphs;
mod levels;
mod limits;
mod year;
