//! What only maintainers and owners do: forget snapshots, and delete what none of the others uses.
//!
//! ```text
//! prune   session ▸ mark ▸ move ▸ condemn ▸ list sessions ▸ wait or fence ▸ mark again ▸ runs without ▸ delete ▸ ended
//! writer  session ▸ read what is condemned ▸ index ▸ … ▸ snapshot ▸ look for a fence
//! ```
//!
//! Either the writer's session is in prune's list of sessions, and prune waits for it or fences it; or it was put after the
//! condemned list, and the writer reads that afterwards. No clock decides that: `docs/format.md`, section 11.

mod authority;
mod doomed;
mod epochs;
mod forget;
mod forgotten;
mod lists;
mod mark;
mod options;
mod pending;
mod plan;
mod prune;
mod relied;
mod repack;
mod sessions;
mod sightings;
mod sweep;

pub(crate) use authority::{Authority, check_role, ids, put, replace};
pub(crate) use doomed::Doomed;
pub(crate) use forgotten::Forgotten;
pub(crate) use lists::{Deleted, Forget, Unfence, pack_of};
pub(crate) use pending::alone;
pub(crate) use sightings::pass_on;
pub(crate) use sweep::tidy_sessions;

pub use forget::Forgetting;
pub use options::{PruneOptions, PruneProgress, PruneSummary};
pub use sightings::Sighting;
