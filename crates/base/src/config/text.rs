//! Values that stand in the configuration as text. They are understood while it is read, so that the parser tells the
//! line of a wrong one, and nobody who holds one has to look again.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads text and makes a value of it. `expected` is what may stand there, such as `a length of time such as "15m"`.
///
/// # Errors
///
/// What `T` says of the text, or that it is none and what is expected.
pub fn read<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    from: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    from.deserialize_str(Text(expected, PhantomData))
}

struct Text<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Makes a type that can be parsed one that can be read: `read_from_text!(Colour, "a colour such as \"red\"")`. Whoever
/// uses it has `serde` among its crates.
#[macro_export]
macro_rules! read_from_text {
    ($type:ty, $expected:expr) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::config::read_text(from, $expected)
            }
        }
    };
}
