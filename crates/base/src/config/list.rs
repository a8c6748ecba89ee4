//! Lists of things that have names, such as patterns and checks. What only the parts of one together can get wrong is
//! told with its line, too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An element of such a list.
pub trait Entry: Sized {
    /// As it is written.
    type Raw: DeserializeOwned;

    /// What it is.
    ///
    /// # Errors
    ///
    /// Why it is nothing that works.
    fn check(raw: Self::Raw) -> Result<Self, String>;

    /// By which it is known in views and topics.
    fn name(&self) -> &str;
}

/// All of them; each name is there once. For a field: `#[serde(deserialize_with = "entries")]`.
///
/// # Errors
///
/// Of the parser, with the line of the entry that is wrong.
pub fn entries<'de, D: Deserializer<'de>, T: Entry>(from: D) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(All(PhantomData))
}

struct All<T>(PhantomData<T>);

impl<'de, T: Entry> Visitor<'de> for All<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = list.next_element_seed(Next(&all))? {
            all.push(entry);
        }
        Ok(all)
    }
}

/// The one behind those that were read.
struct Next<'a, T>(&'a [T]);

impl<'de, T: Entry> DeserializeSeed<'de> for Next<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let entry = T::check(T::Raw::deserialize(from)?).map_err(D::Error::custom)?;
        if self.0.iter().any(|other| other.name() == entry.name()) {
            let name = entry.name();
            return Err(D::Error::custom(format!("one before it is called {name:?}, too; give it another name")));
        }
        Ok(entry)
    }
}
