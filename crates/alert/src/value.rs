//! What a sample says of an object: keys and values.

use std::borrow::Cow;

use atalaya_wire::view;

/// What a key has.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nobody knows. Neither good nor bad.
    Unknown,
    /// In the unit that the key's name ends with.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Words; times as RFC 3339.
    Text(String),
}

impl Value {
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) if number.is_finite() => Some(*number),
            _ => None,
        }
    }
}

impl From<view::Value<'_>> for Value {
    #[expect(clippy::cast_precision_loss, reason = "thresholds are far coarser than what is lost above 2^53")]
    fn from(value: view::Value<'_>) -> Self {
        match value {
            view::Value::Unknown => Self::Unknown,
            view::Value::Number(number) => Self::Number(f64::from(number)),
            view::Value::Whole(number) => Self::Number(number as f64),
            view::Value::Signed(number) => Self::Number(number as f64),
            view::Value::Flag(flag) => Self::Flag(flag),
            view::Value::Text(text) => Self::Text(text.to_owned()),
        }
    }
}

/// A view's keys with their values. A key that is missing is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(Cow<'static, str>, Value)>);

impl Values {
    /// What this key has.
    #[must_use]
    pub fn get(&self, key: &str) -> &Value {
        self.0.iter().find(|(name, _)| name == key).map_or(&Value::Unknown, |(_, value)| value)
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// What people call the object, if the view has such a key.
    pub(crate) fn label(&self) -> Option<&str> {
        ["mount", "job", "host", "name"].iter().find_map(|key| match self.get(key) {
            Value::Text(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        })
    }
}

impl From<&atalaya_wire::Sample> for Values {
    fn from(sample: &atalaya_wire::Sample) -> Self {
        let fields = sample.fields().iter().enumerate();
        Self(fields.map(|(at, field)| (Cow::Borrowed(field.key), sample.value(at).into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atalaya_wire::{Sample, view::FileSystem};

    #[test]
    fn a_sample_of_the_wire_has_all_its_keys() {
        let view = FileSystem { used_percent: Some(82.5), read_only: Some(false), ..FileSystem::default() };
        let values = Values::from(&Sample::from(view));
        assert_eq!(values.get("used_percent"), &Value::Number(82.5));
        assert_eq!(values.get("read_only"), &Value::Flag(false));
        assert_eq!((values.get("mount"), values.get("nothing")), (&Value::Unknown, &Value::Unknown));
    }
}
