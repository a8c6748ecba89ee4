//! `[[channel]]` of a configuration: what every channel has, and one kind's own. A new kind is a file and a line here.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error};

use crate::channel::Channel;
use crate::rate::Rate;
use crate::words::{Language, Reader};
use crate::{gotify, mail, mqtt, ntfy, slack, telegram, webhook};

/// The kinds: name, settings, what is made of them (nothing where the sidecar's own connection sends), rates.
macro_rules! kinds {
    ($($name:literal $kind:ident($settings:ty) => $made:expr, [$($rate:expr),+];)+) => {
        /// A kind of channel, and its own settings.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Settings {
            $(
                #[doc = concat!("`kind = \"", $name, "\"`")]
                #[serde(rename = $name)]
                $kind($settings),
            )+
        }

        impl Settings {
            /// As it is written.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)+ }
            }

            /// What sends. `None` for MQTT, which the sidecar's own connection sends. Nothing is read or asked yet.
            #[must_use]
            pub fn open(self) -> Option<Box<dyn Channel>> {
                match self { $(Self::$kind(settings) => $made(settings),)+ }
            }

            /// How often it may send where nothing else is set: what the service allows, or a person can read.
            #[must_use]
            pub fn rates(&self) -> Vec<Rate> {
                match self { $(Self::$kind(_) => vec![$($rate),+],)+ }
            }
        }
    };
}

const fn seconds(burst: u32, every: u64) -> Rate {
    Rate::new(burst, Duration::from_secs(every))
}

kinds! {
    "mail" Mail(mail::Settings) => |it| boxed(mail::Mail::new(it)), [seconds(10, 6)];
    "slack" Slack(slack::Settings) => |it| boxed(slack::Slack::new(it)), [seconds(1, 1)];
    "telegram" Telegram(telegram::Settings) => |it| boxed(telegram::Telegram::new(it)), [seconds(1, 1), seconds(20, 3)];
    "ntfy" Ntfy(ntfy::Settings) => |it| boxed(ntfy::Ntfy::new(it)), [seconds(30, 5)];
    "gotify" Gotify(gotify::Settings) => |it| boxed(gotify::Gotify::new(it)), [seconds(1, 1)];
    "webhook" Webhook(webhook::Settings) => |it| boxed(webhook::Webhook::new(it)), [seconds(1, 1)];
    "mqtt" Mqtt(mqtt::Settings) => |_| None, [Rate::new(100, Duration::from_millis(10))];
}

fn boxed(channel: impl Channel + 'static) -> Option<Box<dyn Channel>> {
    Some(Box::new(channel))
}

/// What every channel has.
#[derive(Clone, Debug)]
pub struct Common {
    /// Names it in sets, on pages and in commands.
    pub name: String,
    /// Its reader's; `None`: the sidecar's.
    pub language: Option<Language>,
    /// Its reader's; `None`: the sidecar's.
    pub zone: Option<TimeZone>,
    /// Instead of [`Settings::rates`].
    pub rate: Option<Rate>,
}

/// A `[[channel]]`.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// What every channel has.
    pub common: Common,
    /// What this kind has.
    pub own: Settings,
}

impl ChannelSettings {
    /// Who reads it, where the sidecar speaks `language` and has `zone`.
    #[must_use]
    pub fn reader(&self, language: Language, zone: &TimeZone) -> Reader {
        Reader {
            language: self.common.language.unwrap_or(language),
            zone: self.common.zone.clone().unwrap_or_else(|| zone.clone()),
        }
    }

    /// How often it may send.
    #[must_use]
    pub fn rates(&self) -> Vec<Rate> {
        self.common.rate.map_or_else(|| self.own.rates(), |rate| vec![rate])
    }
}

#[derive(Deserialize)]
struct WrittenCommon {
    name: String,
    language: Option<Language>,
    zone: Option<String>,
    rate: Option<Rate>,
}

const COMMON: [&str; 4] = ["name", "language", "zone", "rate"];

impl<'de> Deserialize<'de> for ChannelSettings {
    /// In two parts, so that each refuses what it does not know.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut own = toml::Table::deserialize(from)?;
        let common: toml::Table = COMMON.iter().filter_map(|key| own.remove_entry(*key)).collect();
        let common: WrittenCommon = common.try_into().map_err(|err| D::Error::custom(one_line(&err)))?;
        let called = |err: &str| D::Error::custom(format!("channel {:?}: {err}", common.name));
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !(1..=32).contains(&common.name.len()) || !common.name.bytes().all(fits) {
            return Err(called("a name has 1 to 32 of a-z, 0-9, _ and -"));
        }
        let zone = common.zone.as_deref().map(|zone| {
            TimeZone::get(zone).map_err(|_| called(&format!("{zone:?} is no time zone, such as \"Europe/Madrid\"")))
        });
        Ok(Self {
            own: own.try_into().map_err(|err| called(&one_line(&err)))?,
            common: Common { zone: zone.transpose()?, name: common.name, language: common.language, rate: common.rate },
        })
    }
}

fn one_line(err: &toml::de::Error) -> String {
    err.to_string().trim().replace("\nin `", ", in `").replace('\n', " ")
}

#[cfg(test)]
mod tests;
