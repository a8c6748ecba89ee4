//! Whether what is backed up exists often enough, on different media and at different places: the rule called 3-2-1.
//!
//! ```text
//! configuration, histories ▸ copies.rs: which copies a job has, and how old they are ▸ judge.rs: whether that is enough
//! ```
//!
//! Pure: what is known is handed in, and so is the present. What nobody declared or checked is never taken for good.

mod copies;
mod judge;

pub(crate) use copies::{Seen, copies};
pub(crate) use judge::{Judgement, judge};

use std::fmt;

use jiff::Timestamp;

/// On what something lies, and where: words that people choose; `None` where nobody said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    /// Such as `usb` or `cloud`.
    pub medium: Option<String>,
    /// Such as `home` or `office`.
    pub place: Option<String>,
}

/// What `[policy]` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Copies, the original among them.
    pub copies: usize,
    /// Different media among those.
    pub media: usize,
    /// Different places among those, besides that of the original.
    pub places: usize,
    /// On what and where the original is: this machine.
    pub original: Lies,
}

/// Whether a copy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does.
    Counts,
    /// Nothing was ever stored there.
    Never,
    /// What was stored last is older than it may be.
    Stale,
    /// A check found damage.
    Damaged,
}

/// A copy of what a job backs up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// The repository.
    pub(crate) repo: String,
    pub(crate) lies: Lies,
    pub(crate) standing: Standing,
    /// Of when it is.
    pub(crate) made: Option<Timestamp>,
    /// When a check last found that everything can be restored from it, if one ever did.
    pub(crate) verified: Option<Timestamp>,
}

/// How it stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Whatever nobody declared, it is not enough.
    Broken,
    /// It may be enough: media or places are not declared.
    Undeclared,
    /// It would be enough; whether anything can be restored was never checked.
    Unverified,
    /// It is enough.
    Holds,
}

impl Verdict {
    /// As it stands in the view `policy`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Undeclared => "undeclared",
            Self::Unverified => "unverified",
            Self::Holds => "holds",
        }
    }
}

/// What there is of something, and what there should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// For sure.
    pub(crate) sure: usize,
    /// If what is not declared were as good as it can be.
    pub(crate) possible: usize,
    pub(crate) wanted: usize,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// So many copies of so many.
    Copies(Count),
    Media(Count),
    Places(Count),
    /// Nobody said on what the original is.
    OriginalMedium,
    /// Nobody said where the original is.
    OriginalPlace,
    /// Nobody said on what this copy is.
    Medium(String),
    /// Nobody said where this copy is.
    Place(String),
    /// This copy does not count.
    Not(String, Standing),
    /// No check ever found that anything can be restored.
    Check,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copies(count) => write!(f, "{} of {} copies", count.sure, count.wanted),
            Self::Media(count) => write!(f, "{} of {} media", count.sure, count.wanted),
            Self::Places(count) => write!(f, "{} of {} other places", count.sure, count.wanted),
            Self::OriginalMedium => f.write_str("policy.medium is not declared"),
            Self::OriginalPlace => f.write_str("policy.place is not declared"),
            Self::Medium(repo) => write!(f, "the medium of {repo} is not declared"),
            Self::Place(repo) => write!(f, "the place of {repo} is not declared"),
            Self::Not(repo, Standing::Never) => write!(f, "nothing was copied to {repo} yet"),
            Self::Not(repo, Standing::Stale) => write!(f, "{repo} is out of date"),
            Self::Not(repo, _) => write!(f, "{repo} is damaged"),
            Self::Check => f.write_str("no check has ever read back what is stored"),
        }
    }
}

#[cfg(test)]
mod tests;
