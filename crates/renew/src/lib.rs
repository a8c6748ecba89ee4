//! What expires, what becomes of it, and what may be bought. What was seen and what was decided go in, what to do comes
//! out; nothing here reads a clock or does I/O. `docs/renewals.md` says what each step means for a person.
//!
//! Providers speak in the words of [`found`], [`shop`], [`zone`] and [`trouble`].

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod ahead;
mod did;
pub mod event;
pub mod found;
pub mod item;
pub mod key;
pub mod limits;
pub mod money;
pub mod plan;
pub mod shop;
pub mod standing;
pub mod state;
mod step;
pub mod trouble;
pub mod when;
mod words;
pub mod zone;

pub use ahead::{Ahead, ahead};
pub use did::Did;
pub use event::{Action, Ask, Event, Part, Refused, Tell, Want};
pub use found::{ByItself, Ends, Flag, Found, Kind, List, Next};
pub use item::{Item, Life, Rank, Sighting, Task};
pub use key::{Key, PlanId};
pub use money::{Currency, Micros, Minor, Money};
pub use plan::{Line, Plan, Stage, Why};
pub use shop::{Act, Bought, Looked, Order, Quote, Sells};
pub use standing::{Standing, due_at, left, problem, standing};
pub use state::{Head, Provider, Seller, State, Terms};
pub use step::{step, withheld};
pub use trouble::Trouble;
pub use zone::{Record, RecordType};
