//! When jobs run. Pure: what time it is, and what happened, come from outside.

mod calendar;
mod plan;
mod window;

pub use calendar::Calendar;
pub use plan::{Action, Cause, Event, History, Job, Outcome, Plan, State};
pub use window::Window;
