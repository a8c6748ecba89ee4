//! Maintenance that is announced: once ahead, or again and again. When it begins and ends is a pure question of a window and
//! a moment; `tower::windows` asks it.

mod every;
mod plan;

pub use every::{Days, Every, Nth};
pub use plan::{Asked, Lasts, Place, Plan, Span, Wrong};

use atalaya_alert::{Matcher, Quiet, QuietId, Wall};
use serde::{Deserialize, Serialize};

/// What is announced, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Also of the maintenance that it becomes in the engine, so that there is one at a time.
    pub id: QuietId,
    /// What it is about.
    pub matcher: Matcher,
    /// When.
    pub plan: Plan,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
}

impl Window {
    /// What the engine is told when it begins.
    #[must_use]
    pub fn quiet(&self, span: Span) -> Quiet {
        Quiet {
            id: self.id.clone(),
            maintenance: true,
            matcher: self.matcher.clone(),
            until: Wall(span.ends),
            who: self.who.clone(),
            why: self.why.clone(),
            ends: Default::default(),
        }
    }
}

#[cfg(test)]
mod tests;
