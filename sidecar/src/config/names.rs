//! Names in topics and of channels.

use std::str::FromStr;

use atalaya_base::config::read_from_text;
use atalaya_wire::{NodeId, Topics};

/// Before topics; empty only where that is allowed.
#[derive(Clone, Debug)]
pub(super) struct Prefix(pub(super) String);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(String::new()));
        }
        let node = NodeId::from_random([0; 8]);
        Topics::new(text, node).map_err(|err| format!("{text:?} cannot stand before topics: {err}"))?;
        Ok(Self(text.to_owned()))
    }
}

/// A short name: of the sidecar in topics, of a channel, of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=48).contains(&text.len()) || !text.bytes().all(fits) {
            return Err(format!("{text:?} is no name; write 1 to 48 letters, digits, \"_\" and \"-\""));
        }
        Ok(Self(text.to_owned()))
    }
}

/// `en` or `es`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Language(pub(super) &'static str);

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "en" => Ok(Self("en")),
            "es" => Ok(Self("es")),
            _ => Err(format!("{text:?} is no language here; write \"en\" or \"es\"")),
        }
    }
}

read_from_text!(Prefix, "the beginning of topics such as \"atalaya\"");
read_from_text!(Name, "a name such as \"home\"");
read_from_text!(Language, "\"en\" or \"es\"");
