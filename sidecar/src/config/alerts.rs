//! `[alerts]`, `[[set]]` and `[[channel]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use atalaya_alert::Severity;
use atalaya_base::config::{Mistake, Place, Spanned, Written};
use atalaya_notify::turn::Hours;
use atalaya_notify::{ChannelSettings, Secret};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error};

use super::names::Name;
use crate::tower::{DEFAULT_SET, SetTerms, Sets};

const SETS_MAX: usize = 32;
const CHANNELS_MAX: usize = 32;

/// Who is told.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    /// Where further rules lie.
    pub dir: Option<PathBuf>,
    /// Ways to tell somebody.
    pub channels: Vec<Channel>,
    /// Which of them are told together.
    pub sets: Vec<Set>,
}

/// A way to tell somebody.
#[derive(Clone, Debug)]
pub struct Channel {
    /// What its kind wants to know.
    pub settings: ChannelSettings,
    /// What it reads at each sending, by key.
    files: Vec<(String, Needed)>,
    /// The byte that it begins at.
    at: usize,
}

/// A file that a channel reads.
#[derive(Clone, Debug)]
enum Needed {
    Secret(Secret),
    Other(PathBuf),
}

/// Channels that are told together.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// Its name, as rules use it.
    pub name: String,
    /// Names of channels.
    pub channels: Vec<String>,
    /// When they may be heard; `None`: always.
    pub hours: Option<Hours>,
    /// What is less grave is not told.
    pub severity: Severity,
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
    hours: Option<Spanned<String>>,
    severity: Option<Severity>,
}

/// A channel whose kind took its settings, with the files that it names.
#[derive(Debug)]
pub(super) struct RawChannel {
    settings: ChannelSettings,
    files: Vec<(String, Needed)>,
}

impl<'de> Deserialize<'de> for RawChannel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(from)?;
        let settings = table.clone().try_into::<ChannelSettings>().map_err(|err| D::Error::custom(err.message()))?;
        let named = table.into_iter().filter(|(key, _)| key.ends_with("_file"));
        let files = named.filter_map(|(key, file)| {
            let needed = match key.as_str() {
                "ca_file" => Needed::Other(file.as_str()?.into()),
                _ => Needed::Secret(file.try_into().ok()?),
            };
            Some((key, needed))
        });
        Ok(Self { settings, files: files.collect() })
    }
}

/// Names stand once, and sets name channels that are there. Hours are those of `zone`.
pub(super) fn check(
    raw: Raw,
    sets: Vec<RawSet>,
    channels: Vec<Spanned<RawChannel>>,
    zone: &TimeZone,
) -> Result<Alerts, Mistake> {
    let mut names = BTreeSet::new();
    for channel in &channels {
        let name = channel.get_ref().settings.common.name.clone();
        if names.len() >= CHANNELS_MAX {
            return Err(Mistake::at("channel", channel, format!("{name:?} is one too many; at most {CHANNELS_MAX}")));
        }
        if names.contains(&name) {
            let what = format!("{name:?} is there already; each name stands once");
            return Err(Mistake::at("channel.name", channel, what));
        }
        names.insert(name);
    }
    let mut seen = BTreeSet::new();
    let sets = sets.into_iter().map(|set| set.check(&names, &mut seen, zone)).collect::<Result<_, _>>()?;
    let channels = channels.into_iter().map(|channel| {
        let at = channel.span().start;
        let RawChannel { settings, files } = channel.into_inner();
        Channel { settings, files, at }
    });
    Ok(Alerts { dir: raw.dir.map(|dir| dir.0), channels: channels.collect(), sets })
}

impl RawSet {
    fn check(self, channels: &BTreeSet<String>, seen: &mut BTreeSet<String>, zone: &TimeZone) -> Result<Set, Mistake> {
        let name = self.name.get_ref().0.clone();
        if seen.len() >= SETS_MAX || !seen.insert(name.clone()) {
            let what = format!("{name:?} is there already, or one of more than {SETS_MAX}");
            return Err(Mistake::at("set.name", &self.name, what));
        }
        if let Some(missing) = self.channels.iter().find(|channel| !channels.contains(&channel.get_ref().0)) {
            let what = format!("there is no channel {:?}", missing.get_ref().0);
            return Err(Mistake::at("set.channels", missing, what));
        }
        let hours = self.hours.map(|hours| {
            Hours::new(hours.get_ref(), zone.clone()).map_err(|why| Mistake::at("set.hours", &hours, why))
        });
        Ok(Set {
            name,
            channels: self.channels.into_iter().map(|channel| channel.into_inner().0).collect(),
            hours: hours.transpose()?,
            severity: self.severity.unwrap_or(Severity::Low),
        })
    }
}

impl Alerts {
    /// Sets with their channels; without a set `default` that one has all channels.
    #[must_use]
    pub fn sets(&self) -> Sets {
        let heard = |set: &Set| SetTerms { channels: set.channels.clone(), severity: set.severity };
        let mut sets: Sets = self.sets.iter().map(|set| (set.name.clone(), heard(set))).collect();
        let all = || self.channels.iter().map(|channel| channel.settings.common.name.clone()).collect();
        sets.entry(DEFAULT_SET.into()).or_insert_with(|| SetTerms { channels: all(), severity: Severity::Low });
        sets
    }

    /// Quiet hours of the sets that have some.
    #[must_use]
    pub fn hours(&self) -> BTreeMap<String, Hours> {
        self.sets.iter().filter_map(|set| Some((set.name.clone(), set.hours.clone()?))).collect()
    }

    /// Channels by which nobody is told anything, a line each.
    pub(super) fn unnamed(&self, written: &Written) -> impl Iterator<Item = String> {
        let sets = self.sets();
        self.channels.iter().filter_map(move |channel| {
            let name = &channel.settings.common.name;
            let is_named = sets.values().any(|set| set.channels.contains(name));
            let place = written.place(Some(channel.at));
            (!is_named).then(|| format!("{place}: channel {name:?}: no [[set]] names it, so nobody is told by it"))
        })
    }

    /// Files that cannot be read now, a line each.
    pub(super) fn warnings(&self, written: &Written) -> impl Iterator<Item = String> {
        self.channels.iter().flat_map(move |channel| {
            let place = written.place(Some(channel.at));
            let name = &channel.settings.common.name;
            let tell = move |key: &str, why: &str| {
                format!("{place}: channel {name:?}: {key}: {why}; until it can be read, nobody is told by it")
            };
            channel.files.iter().filter_map(move |(key, needed)| Some(tell(key, &needed.trouble()?)))
        })
    }
}

/// Tells a file from what lay there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    file: (u64, u64),
    changed: (i64, i64),
    bytes: u64,
}

impl Channel {
    /// Of the files that it reads, as they are now; `None` of one that is not there.
    #[must_use]
    pub fn stamps(&self) -> Vec<Option<Stamp>> {
        self.files.iter().map(|(_, needed)| needed.stamp()).collect()
    }
}

impl Needed {
    fn stamp(&self) -> Option<Stamp> {
        let meta = match self {
            Self::Secret(secret) => secret.metadata(),
            Self::Other(path) => std::fs::metadata(path).ok(),
        };
        let stamp = |meta: std::fs::Metadata| Stamp {
            file: (meta.dev(), meta.ino()),
            changed: (meta.mtime(), meta.mtime_nsec()),
            bytes: meta.len(),
        };
        meta.map(stamp)
    }

    fn trouble(&self) -> Option<String> {
        match self {
            Self::Secret(secret) => secret.read().err(),
            Self::Other(path) => {
                let why = File::open(path).err()?.to_string();
                let why = why.split(" (os").next().unwrap_or_default();
                Some(format!("cannot read {}: {why}", path.display()))
            }
        }
    }
}
