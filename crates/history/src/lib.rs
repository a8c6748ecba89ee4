//! Series of numbers as blocks of bytes: what is kept of them, how it lies in a row, what a query reads and what goes
//! when there is no more room. Nothing here does I/O, reads a clock or knows SQL; `docs/history.md` has every byte.
//!
//! What comes from a disk may be anything: it is decoded within the bounds of [`limits`], or refused with the reason.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod block;
mod bytes;
mod column;
mod error;
mod forecast;
mod id;
pub mod limits;
mod merge;
mod month;
mod packed;
mod point;
mod query;
mod roll;
mod room;
mod series;
mod table;
mod times;

pub use error::{Error, Result};
pub use forecast::{Forecast, Unclear, forecast};
pub use id::{BlockId, Level, Month, MonthId, NodeNumber, SeriesId};
pub use merge::{merge, parts, replace};
pub use packed::{Decoder, Encoder};
pub use point::Point;
pub use query::{Ask, Drawn, Have, Piece, Plan, Source, plan};
pub use roll::{roll, roll_table, round};
pub use room::{Found, Keep, Next, Tier, Why, next};
pub use table::Table;
