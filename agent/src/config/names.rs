//! Names: of nodes, of jobs, of topics.

use std::str::FromStr;

use atalaya_base::config::read_from_text;
use atalaya_wire::{NodeId, Topics};

use crate::policy::Lies;
use crate::source::Excludes;

/// A node's id.
#[derive(Debug)]
pub(super) struct Id(pub(super) NodeId);

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|err| format!("{text:?} is no id: {err}"))
    }
}

/// Of a job: it becomes the name of files and topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JobName(pub(super) String);

impl FromStr for JobName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=64).contains(&text.len()) || !text.bytes().all(fits) {
            return Err(format!("{text:?} is no name for a job; write 1 to 64 letters, digits, \"_\" and \"-\""));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What something lies on, or where: a word that people choose. Large and small letters are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label(pub(super) String);

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim().to_lowercase();
        if word.is_empty() || word.len() > 32 || word.chars().any(char::is_control) {
            return Err(format!("{text:?} is no word for it; write 1 to 32 bytes that can be shown, such as \"usb\""));
        }
        Ok(Self(word))
    }
}

/// Of both.
pub(super) fn lies(medium: Option<&Label>, place: Option<&Label>) -> Lies {
    let word = |label: Option<&Label>| label.map(|label| label.0.clone());
    Lies { medium: word(medium), place: word(place) }
}

/// What is left out of a backup.
#[derive(Debug)]
pub(super) struct Exclude(pub(super) String);

impl FromStr for Exclude {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Excludes::parse([text]).map(|_| Self(text.to_owned())).map_err(|err| err.text)
    }
}

/// Before topics.
#[derive(Debug)]
pub(super) struct Prefix(pub(super) String);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let node = NodeId::from_random([0; 8]);
        Topics::new(text, node).map_err(|err| format!("{text:?} cannot stand before topics: {err}"))?;
        Ok(Self(text.to_owned()))
    }
}

/// Before Home Assistant's topics; `None` where there is none.
#[derive(Debug)]
pub(super) struct Discovery(pub(super) Option<String>);

impl FromStr for Discovery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(Self(None)) } else { text.parse::<Prefix>().map(|prefix| Self(Some(prefix.0))) }
    }
}

/// Of what is stored, as `check --read-data` takes it.
#[derive(Debug)]
pub(super) struct Share(pub(super) String);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A number alone would be percent on the command line; here it says of what.
        let says = text.ends_with(|last: char| last == '%' || last.is_ascii_alphabetic());
        match text.parse::<crate::share::Share>() {
            Ok(_) if says => Ok(Self(text.to_owned())),
            _ => Err(format!("{text:?} is no share; write \"5%\", \"20G\" or \"2h\"")),
        }
    }
}

/// Whole percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Percent(pub(super) u8);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(|number| number.parse().ok()).filter(|percent| *percent <= 100);
        percent.map(Self).ok_or_else(|| format!("{text:?} is no share in whole percent; write \"40%\""))
    }
}

read_from_text!(Percent, "a share in whole percent such as \"40%\"");
read_from_text!(Id, "a node's id such as \"0123456789abcdef\"");
read_from_text!(JobName, "a name such as \"photos\"");
read_from_text!(Exclude, "a pattern such as \"*.tmp\"");
read_from_text!(Prefix, "the beginning of topics such as \"atalaya\"");
read_from_text!(Discovery, "the beginning of Home Assistant's topics, or \"\"");
read_from_text!(Label, "a word such as \"usb\" or \"office\"");
read_from_text!(Share, "a share such as \"5%\", \"20G\" or \"2h\"");
