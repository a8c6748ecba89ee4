//! Keys and values of views, and what counts as a change.

use crate::Text;
use crate::view::View;

/// A key of a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// As it stands in JSON; ends in its unit.
    pub key: &'static str,
    /// What it means, for people.
    pub about: &'static str,
    /// `number`, `whole number`, `true or false` or `text`.
    pub shape: &'static str,
    /// When another value is worth telling.
    pub change: Change,
}

/// When another value of a key is worth telling before the heartbeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Any other value.
    Any,
    /// One that differs by so much.
    Step(f64),
    /// One that differs by this share of the larger.
    Share(f64),
    /// None: what always changes, such as a counter.
    Quiet,
}

/// What a key has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known.
    Unknown,
    /// A number with a fraction.
    Number(f32),
    /// One that may be large.
    Whole(u64),
    /// One that may be negative.
    Signed(i64),
    /// Yes or no.
    Flag(bool),
    /// Words.
    Text(&'a str),
}

/// What may stand in a view's table.
pub(super) trait Cell {
    const SHAPE: &'static str;
    fn value(&self) -> Value<'_>;
}

macro_rules! cells {
    ($($kind:ty, $shape:literal, $make:expr;)*) => {
        $(impl Cell for $kind {
            const SHAPE: &'static str = $shape;
            fn value(&self) -> Value<'_> {
                $make(self)
            }
        })*
    };
}

cells! {
    f32, "number", |x: &f32| if x.is_finite() { Value::Number(*x) } else { Value::Unknown };
    u64, "whole number", |x: &u64| Value::Whole(*x);
    i64, "whole number", |x: &i64| Value::Signed(*x);
    bool, "true or false", |x: &bool| Value::Flag(*x);
}

impl Cell for Text {
    const SHAPE: &'static str = "text";
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Value<'_> {
    #[expect(clippy::cast_precision_loss, reason = "compared with a step that is far larger than what is lost")]
    fn number(self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(f64::from(x)),
            Self::Whole(x) => Some(x as f64),
            Self::Signed(x) => Some(x as f64),
            _ => None,
        }
    }
}

impl Change {
    fn between(self, old: Value<'_>, new: Value<'_>) -> bool {
        let (Some(before), Some(after)) = (old.number(), new.number()) else {
            return old != new && (self != Self::Quiet || old == Value::Unknown || new == Value::Unknown);
        };
        match self {
            Self::Any => old != new,
            Self::Step(step) => (before - after).abs() >= step,
            Self::Share(share) => (before - after).abs() > share * before.abs().max(after.abs()),
            Self::Quiet => false,
        }
    }
}

/// The keys by which `new` is worth telling to somebody who knows `old`.
pub fn differs<'a, V: View>(old: &'a V, new: &'a V) -> impl Iterator<Item = &'static str> + 'a {
    let fields = V::FIELDS.iter().enumerate();
    fields.filter(|(at, field)| field.change.between(old.value(*at), new.value(*at))).map(|(_, field)| field.key)
}
