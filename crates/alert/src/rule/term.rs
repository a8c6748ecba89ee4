//! A condition on one key, with three outcomes: unknown is neither yes nor no.

use serde::{Deserialize, Serialize};

use crate::time::{Moment, Wall};
use crate::value::{Value, Values};

/// What a condition says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Truth {
    Yes,
    No,
    #[default]
    Unknown,
}

impl Truth {
    pub(crate) const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// No if one is no, else unknown if one is unknown.
    pub(crate) fn all(truths: impl Iterator<Item = Self>) -> Self {
        let mut out = Self::Yes;
        for truth in truths {
            match truth {
                Self::No => return Self::No,
                Self::Unknown => out = Self::Unknown,
                Self::Yes => {}
            }
        }
        out
    }

    /// Yes if one is yes, else unknown if one is unknown.
    pub(crate) fn any(truths: impl Iterator<Item = Self>) -> Self {
        Self::all(truths.map(Self::not)).not()
    }
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// A value that a rule compares with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
}

impl Literal {
    fn is(&self, value: &Value) -> Truth {
        match (self, value) {
            (_, Value::Unknown) => Truth::Unknown,
            (Self::Flag(a), Value::Flag(b)) => (a == b).into(),
            (Self::Number(a), Value::Number(b)) => (a == b).into(),
            (Self::Text(a), Value::Text(b)) => (a == b).into(),
            // Another type than the wire promises says nothing.
            _ => Truth::Unknown,
        }
    }
}

/// How old is too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// Seconds.
    pub seconds: u64,
    /// A key whose value in seconds is added.
    pub key: Option<String>,
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// More than this.
    Above(f64),
    /// Less than this.
    Below(f64),
    /// One of these.
    OneOf(Vec<Literal>),
    /// None of these.
    NotOneOf(Vec<Literal>),
    /// Rose by so much within so many seconds. What falls is counted anew.
    Grew {
        /// How much.
        by: f64,
        /// Seconds.
        within: u64,
    },
    /// Would be above this in so many seconds, if it goes on as in the last ones.
    Reaches {
        /// What.
        value: f64,
        /// Seconds to come.
        within: u64,
        /// Seconds that were.
        over: u64,
    },
    /// A time that is longer ago than this, by the node's own clock.
    Older(Age),
}

/// A test of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Of the view.
    pub key: String,
    /// What is asked.
    pub test: Test,
}

/// A value that was, exactly: as bits, so that no text between rounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: Moment,
    bits: u64,
}

impl Point {
    pub(crate) const fn new(at: Moment, value: f64) -> Self {
        Self { at, bits: value.to_bits() }
    }

    pub(crate) const fn value(self) -> f64 {
        f64::from_bits(self.bits)
    }
}

/// What a term is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) values: &'a Values,
    /// When it was read, by the node's clock.
    pub(crate) at: Wall,
    pub(crate) now: Moment,
    /// Of the first term that needs it.
    pub(crate) history: &'a [Point],
}

impl Term {
    /// The window in seconds of which it needs the history.
    pub(crate) const fn window(&self) -> Option<u64> {
        match self.test {
            Test::Grew { within, .. } => Some(within),
            Test::Reaches { over, .. } => Some(over),
            _ => None,
        }
    }

    pub(crate) fn holds(&self, context: &Context<'_>) -> Truth {
        let value = context.values.get(&self.key);
        let number = |yes: &dyn Fn(f64) -> bool| value.number().map_or(Truth::Unknown, |number| yes(number).into());
        match &self.test {
            Test::Above(limit) => number(&|number| number > *limit),
            Test::Below(limit) => number(&|number| number < *limit),
            Test::OneOf(literals) => Truth::any(literals.iter().map(|literal| literal.is(value))),
            Test::NotOneOf(literals) => Truth::any(literals.iter().map(|literal| literal.is(value))).not(),
            Test::Grew { by, within } => number(&|number| grew(context, *within, number) >= *by),
            Test::Reaches { value: limit, within, over } => match slope(context.history, *over) {
                #[expect(clippy::cast_precision_loss, reason = "ten years of seconds fit exactly")]
                Some(slope) => number(&|number| number + slope * (*within as f64) >= *limit),
                None if value.number().is_some() => Truth::No,
                None => Truth::Unknown,
            },
            Test::Older(_) => self.left(context).map_or(Truth::Unknown, |left| (left <= 0).into()),
        }
    }

    /// Seconds until a time is too old; `None` if that is not known, or is not asked.
    pub(crate) fn left(&self, context: &Context<'_>) -> Option<i64> {
        let Test::Older(age) = &self.test else { return None };
        let Value::Text(text) = context.values.get(&self.key) else { return None };
        let then = text.parse::<jiff::Timestamp>().ok()?.as_second();
        let more = match &age.key {
            Some(key) => context.values.get(key).number()?,
            None => 0.0,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
        let most = i64::try_from(age.seconds).ok()?.saturating_add(more as i64);
        Some(then.saturating_add(most).saturating_sub(context.at.0))
    }
}

fn grew(context: &Context<'_>, within: u64, number: f64) -> f64 {
    let recent = context.history.iter().filter(|point| context.now.since(point.at) <= within);
    number - recent.map(|point| point.value()).fold(number, f64::min)
}

/// Per second; `None` while less than half the window is known.
#[expect(clippy::cast_precision_loss, reason = "ten years of seconds fit exactly")]
fn slope(history: &[Point], over: u64) -> Option<f64> {
    let (first, last) = (history.first()?, history.last()?);
    let span = last.at.since(first.at);
    (span > 0 && span >= over / 2).then(|| (last.value() - first.value()) / span as f64)
}

impl Term {
    /// Whether what falls begins anew, as a counter does when its program starts again.
    pub(crate) const fn counts(&self) -> bool {
        matches!(self.test, Test::Grew { .. })
    }
}
