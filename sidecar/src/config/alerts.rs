//! `[alerts]`, `[[set]]` and `[[channel]]`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use atalaya_base::config::{Mistake, Place, Spanned};
use serde::Deserialize;

use super::names::Name;

const SETS_MAX: usize = 32;
const CHANNELS_MAX: usize = 32;

/// Who is told.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// Where further rules lie.
    pub dir: Option<PathBuf>,
    /// Channels by name.
    pub channels: Vec<Channel>,
    /// Which of them are told together.
    pub sets: Vec<Set>,
}

/// A way to tell somebody.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Its section as it was written, for the channel's own kind to read.
    pub section: toml::Table,
}

/// Channels that are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its name, as rules use it.
    pub name: String,
    /// Names of channels.
    pub channels: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    dir: Option<Place>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSet {
    name: Spanned<Name>,
    channels: Vec<Spanned<Name>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawChannel {
    name: Spanned<Name>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// Names stand once, and sets name channels that are there.
pub(super) fn check(raw: Raw, sets: Vec<RawSet>, channels: Vec<RawChannel>) -> Result<Alerts, Mistake> {
    let mut names = BTreeSet::new();
    for (at, channel) in channels.iter().enumerate() {
        let name = channel.name.get_ref().0.clone();
        if at >= CHANNELS_MAX || names.contains(&name) {
            let what = if at >= CHANNELS_MAX {
                "is one too many; at most 32"
            } else {
                "is there already; each name stands once"
            };
            return Err(Mistake::at("channel.name", &channel.name, format!("{name:?} {what}")));
        }
        names.insert(name);
    }
    let mut seen = BTreeSet::new();
    for (at, set) in sets.iter().enumerate() {
        let name = set.name.get_ref().0.clone();
        if at >= SETS_MAX || !seen.insert(name.clone()) {
            return Err(Mistake::at(
                "set.name",
                &set.name,
                format!("{name:?} is there already, or one of more than {SETS_MAX}"),
            ));
        }
        if let Some(missing) = set.channels.iter().find(|channel| !names.contains(&channel.get_ref().0)) {
            let what = format!("there is no channel {:?}", missing.get_ref().0);
            return Err(Mistake::at("set.channels", missing, what));
        }
    }
    let section = |channel: RawChannel| Channel { name: channel.name.into_inner().0, section: channel.rest };
    let set = |set: RawSet| Set {
        name: set.name.into_inner().0,
        channels: set.channels.into_iter().map(|channel| channel.into_inner().0).collect(),
    };
    let sets: Vec<Set> = sets.into_iter().map(set).collect();
    Ok(Alerts { dir: raw.dir.map(|dir| dir.0), channels: channels.into_iter().map(section).collect(), sets })
}

impl Alerts {
    /// Sets with their channels; without a set `default` that one has all channels.
    #[must_use]
    pub fn sets(&self) -> crate::tower::Sets {
        let mut sets: crate::tower::Sets =
            self.sets.iter().map(|set| (set.name.clone(), set.channels.clone())).collect();
        let all = || self.channels.iter().map(|channel| channel.name.clone()).collect();
        sets.entry(crate::tower::DEFAULT_SET.into()).or_insert_with(all);
        sets
    }
}
