//! Which snapshots are kept, and why.
//!
//! Pure: times, policy and zone come in, a verdict for each snapshot goes out. Each member's snapshots of each job are
//! judged apart, so that nobody's push out another's.

#![forbid(unsafe_code)]

mod decide;
mod period;
mod policy;
mod sudden;

pub use decide::{Reason, Snapshot, Verdict, decide};
pub use period::Period;
pub use policy::Policy;
pub use sudden::{Facts, Sudden, sudden};
