//! What is wrong.

use std::fmt;

/// In one line, for people. There is one thing to do about any of it: to set it right here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self(why)
    }
}

impl From<&str> for Wrong {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}
