//! What a value consists of: the entries of a section, the elements of a list.

use std::slice;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::value::Value;
use super::wrong::Wrong;

/// A key and its value.
struct Entry<'a> {
    key: &'a str,
    /// The byte that the key begins at, if it was written.
    at: Option<usize>,
    value: Value<'a>,
}

/// The entries of a section.
pub(super) struct Fields<'a> {
    left: Box<dyn Iterator<Item = Entry<'a>> + 'a>,
    /// Whose key is known already.
    begun: Option<Entry<'a>>,
}

impl<'a> Fields<'a> {
    /// Those that were written.
    pub(super) fn of(table: &'a DeTable<'a>) -> Self {
        let left = table.iter().map(|(key, value)| Entry {
            key: key.get_ref(),
            at: Some(key.span().start),
            value: Value::Written(value),
        });
        Self { left: Box::new(left), begun: None }
    }

    /// Where a value begins, where it ends, and the value, called so.
    pub(super) fn with_place(names: [&'static str; 3], value: &'a Spanned<DeValue<'a>>) -> Self {
        let span = value.span();
        let values = [Value::Byte(span.start), Value::Byte(span.end), Value::Written(value)];
        let left = names.into_iter().zip(values).map(|(key, value)| Entry { key, at: None, value });
        Self { left: Box::new(left), begun: None }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        let (key, at) = (entry.key, entry.at);
        self.begun = Some(entry);
        seed.deserialize(Value::Key(key)).map(Some).map_err(|wrong| wrong.at(at))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let entry = self.begun.take().ok_or_else(|| Wrong::custom("a value before its key"))?;
        seed.deserialize(entry.value).map_err(|wrong| entry.lead_to(wrong))
    }
}

impl Entry<'_> {
    fn lead_to(&self, wrong: Wrong) -> Wrong {
        let wrong = wrong.at(self.value.at());
        if self.at.is_some() { wrong.under(self.key) } else { wrong }
    }
}

/// The elements of a list.
pub(super) struct Elements<'a>(slice::Iter<'a, Spanned<DeValue<'a>>>);

impl<'a> Elements<'a> {
    pub(super) fn new(list: &'a DeArray<'a>) -> Self {
        Self(list.iter())
    }
}

impl<'a> SeqAccess<'a> for Elements<'a> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(element) = self.0.next() else { return Ok(None) };
        let value = Value::Written(element);
        seed.deserialize(value).map(Some).map_err(|wrong| wrong.at(value.at()))
    }
}
