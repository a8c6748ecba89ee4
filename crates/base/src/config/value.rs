//! Types are made of what the parser found.
//!
//! `toml` can do that, too. Here a value is the same type wherever it stands, and a type is shown nothing but what it asks
//! for, so that the code which each type needs of its own is a third of that; a configuration has dozens of them.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{Error, Expected, IntoDeserializer, Unexpected, Visitor};
use toml::Spanned;
use toml::de::DeValue;

use super::parts::{Elements, Fields};
use super::wrong::Wrong;

/// As [`Spanned`] says that it wants to know a place. A test would tell if it said otherwise.
const SPANNED: &str = "$__serde_spanned_private_Spanned";

const LARGE: Unexpected<'_> = Unexpected::Other("a number that is too large");

/// Something that a type can be made of.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    /// A key.
    Key(&'a str),
    /// Where something begins or ends.
    Byte(usize),
    /// What was written.
    Written(&'a Spanned<DeValue<'a>>),
}

impl<'a> Value<'a> {
    /// The byte that it begins at.
    pub(super) fn at(self) -> Option<usize> {
        self.written().map(|value| value.span().start)
    }

    fn written(self) -> Option<&'a Spanned<DeValue<'a>>> {
        match self {
            Self::Written(value) => Some(value),
            Self::Key(_) | Self::Byte(_) => None,
        }
    }

    fn value(self) -> Option<&'a DeValue<'a>> {
        self.written().map(Spanned::get_ref)
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Key(key) => Some(key),
            _ => self.value()?.as_str(),
        }
    }

    fn whole(self) -> Option<i64> {
        match (self, self.value()) {
            (Self::Byte(at), _) => i64::try_from(at).ok(),
            (_, Some(DeValue::Integer(number))) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    fn fraction(self) -> Option<f64> {
        let number = self.value()?.as_float()?.as_str();
        let known = number.parse().ok()?;
        // What has too many digits before its point becomes infinite.
        (!f64::is_infinite(known) || number.contains("inf")).then_some(known)
    }

    /// That it is not what is expected.
    fn refused(self, expected: &dyn Expected) -> Wrong {
        let is = match self.value() {
            Some(DeValue::Integer(_)) => self.whole().map_or(LARGE, Unexpected::Signed),
            Some(DeValue::Float(_)) => self.fraction().map_or(LARGE, Unexpected::Float),
            Some(DeValue::Boolean(is)) => Unexpected::Bool(*is),
            Some(DeValue::Datetime(_)) => Unexpected::Other("date"),
            Some(DeValue::Array(_)) => Unexpected::Seq,
            Some(DeValue::Table(_)) => Unexpected::Map,
            _ => Unexpected::Str(self.text().unwrap_or_default()),
        };
        Wrong::invalid_type(is, expected)
    }
}

/// What does the same as another.
macro_rules! forward {
    ($($to:ident: $($from:ident)+;)+) => { $($(
        fn $from<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.$to(visitor)
        }
    )+)+ };
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Wrong;

    /// A date is the text that it is written as.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value() {
            Some(DeValue::Integer(_) | DeValue::Float(_)) => self.deserialize_f64(visitor),
            Some(DeValue::Boolean(is)) => visitor.visit_bool(*is),
            Some(DeValue::Datetime(date)) => visitor.visit_string(date.to_string()),
            Some(DeValue::Array(_)) => self.deserialize_seq(visitor),
            Some(DeValue::Table(_)) => self.deserialize_map(visitor),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => Err(self.refused(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.whole() {
            Some(number) => visitor.visit_i64(number),
            None => Err(self.refused(&visitor)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.fraction() {
            Some(number) => visitor.visit_f64(number),
            None => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value().and_then(DeValue::as_bool) {
            Some(is) => visitor.visit_bool(is),
            None => Err(self.refused(&visitor)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value().and_then(DeValue::as_array) {
            Some(list) => visitor.visit_seq(Elements::new(list)),
            None => Err(self.refused(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value().and_then(DeValue::as_table) {
            Some(table) => visitor.visit_map(Fields::of(table)),
            None => Err(self.refused(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match (self.written(), fields) {
            (Some(value), [start, end, inner]) if name == SPANNED => {
                visitor.visit_map(Fields::with_place([start, end, inner], value))
            }
            _ => self.deserialize_map(visitor),
        }
    }

    /// What is not written is not there.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    /// One of some words.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let word: Option<StrDeserializer<'_, Wrong>> = self.text().map(IntoDeserializer::into_deserializer);
        visitor.visit_enum(word.ok_or_else(|| self.refused(&"a word in quotes"))?)
    }

    /// Whatever it is.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    forward! {
        deserialize_str: deserialize_string deserialize_identifier;
        deserialize_i64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        deserialize_f64: deserialize_f32;
    }

    serde::forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple_struct }
}
