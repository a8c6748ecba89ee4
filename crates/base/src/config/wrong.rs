//! What cannot be made of a value, and where that stands.

use std::fmt::{self, Display};

use serde::de::Error;

/// What is wrong. In a box: a result of everything that is read holds one.
#[derive(Debug)]
pub(super) struct Wrong(Box<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    /// The byte that it begins at.
    pub(super) at: Option<usize>,
    /// The keys that lead there, with dots between them.
    pub(super) keys: String,
    pub(super) what: String,
}

impl Wrong {
    fn new(what: String) -> Self {
        Self(Box::new(Inner { at: None, keys: String::new(), what }))
    }

    /// It is in what begins at this byte, unless it is known better.
    pub(super) fn at(mut self, at: Option<usize>) -> Self {
        self.0.at = self.0.at.or(at);
        self
    }

    /// It is in the value of `key`.
    pub(super) fn under(mut self, key: &str) -> Self {
        let keys = &mut self.0.keys;
        if !keys.is_empty() {
            keys.insert(0, '.');
        }
        keys.insert_str(0, key);
        self
    }

    pub(super) fn into_inner(self) -> Inner {
        *self.0
    }
}

/// What the parser cannot take for TOML.
impl From<toml::de::Error> for Wrong {
    fn from(err: toml::de::Error) -> Self {
        Self::new(err.message().to_owned()).at(err.span().map(|span| span.start))
    }
}

impl Error for Wrong {
    fn custom<T: Display>(what: T) -> Self {
        Self::new(what.to_string())
    }
}

impl Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl std::error::Error for Wrong {}
