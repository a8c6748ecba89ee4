//! What came of a try.

use std::time::Duration;

use crate::clean::{clean, cut};
use crate::limits::KEPT_BYTES_MAX;

/// What came of a try. Texts are for people, one line of [`KEPT_BYTES_MAX`] bytes at most, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service says that it has it; the beginning of its answer.
    Done(String),
    /// Not now; it may be different in a while.
    Later {
        /// Why.
        why: String,
        /// What the service asks to wait for.
        after: Option<Duration>,
    },
    /// The service will never take this.
    Never(String),
    /// The channel's settings, or the server's certificate, are wrong: tried again as [`Outcome::Later`], and somebody has
    /// to look at it.
    WrongSetUp(String),
}

impl Outcome {
    pub(crate) fn done(answer: &str) -> Self {
        Self::Done(shown(answer))
    }

    pub(crate) fn later(why: impl AsRef<str>) -> Self {
        Self::Later { why: shown(why.as_ref()), after: None }
    }

    pub(crate) fn later_after(why: impl AsRef<str>, after: Option<Duration>) -> Self {
        Self::Later { why: shown(why.as_ref()), after }
    }

    pub(crate) fn never(why: impl AsRef<str>) -> Self {
        Self::Never(shown(why.as_ref()))
    }

    pub(crate) fn wrong(why: impl AsRef<str>) -> Self {
        Self::WrongSetUp(shown(why.as_ref()))
    }

    /// The text, whichever it is.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Done(text) | Self::Later { why: text, .. } | Self::Never(text) | Self::WrongSetUp(text) => text,
        }
    }
}

/// A server's words, to be kept.
fn shown(text: &str) -> String {
    cut(&clean(text), KEPT_BYTES_MAX).to_owned()
}
