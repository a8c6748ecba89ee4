//! `[[provider]]` of a configuration: the name that every provider has, and one kind's own. A new kind is a file, or a folder,
//! and a line in the table here.

use serde::{Deserialize, Deserializer, de::Error};

use crate::http::Outgoing;
use crate::provider::Provider;
use crate::{cloudflare, file, godaddy, hand, noip, rdap, tls};

/// The kinds: name, settings, and what is made of them.
macro_rules! kinds {
    ($($name:literal $kind:ident($settings:ty) => $made:expr;)+) => {
        /// A kind of provider, and its own settings.
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

            /// What asks. Nothing is read or asked yet.
            #[must_use]
            pub fn open(self, outgoing: &Outgoing) -> Box<dyn Provider> {
                match self { $(Self::$kind(settings) => Box::new($made(settings, outgoing.clone())),)+ }
            }

            /// What keeps its files from being read now: the key that names each, and why. They are read again when they are
            /// needed. The key that may spend is not read here either.
            #[must_use]
            pub fn unreadable(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$kind(settings) => settings.unreadable(),)+ }
            }
        }
    };
}

kinds! {
    "cloudflare" Cloudflare(cloudflare::Settings) => cloudflare::Cloudflare::new;
    "file" File(file::Settings) => file::Files::new;
    "godaddy" GoDaddy(godaddy::Settings) => godaddy::GoDaddy::new;
    "hand" Hand(hand::Settings) => hand::Hand::new;
    "noip" NoIp(noip::Settings) => noip::NoIp::new;
    "rdap" Rdap(rdap::Settings) => rdap::Rdap::new;
    "tls" Tls(tls::Settings) => tls::Tls::new;
}

/// A provider by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Names it on pages, in commands and in plans.
    pub name: String,
    /// The rest.
    pub own: Settings,
}

impl<'de> Deserialize<'de> for ProviderSettings {
    /// In two parts, so that each refuses what it does not know.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut own = toml::Table::deserialize(from)?;
        let name = match own.remove("name") {
            Some(toml::Value::String(name)) => name,
            _ => return Err(D::Error::custom("a provider has a name, such as name = \"registrar\"")),
        };
        let called = |err: &str| D::Error::custom(format!("provider {name:?}: {err}"));
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !(1..=32).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(called("a name has 1 to 32 of a-z, 0-9, _ and -"));
        }
        let own = own.try_into().map_err(|err: toml::de::Error| called(&one_line(&err)))?;
        Ok(Self { name, own })
    }
}

fn one_line(err: &toml::de::Error) -> String {
    err.to_string().trim().replace("\nin `", ", in `").replace('\n', " ")
}

/// All that are set up, by their names.
#[must_use]
pub fn all(settings: &[ProviderSettings], outgoing: &Outgoing) -> Vec<(String, Box<dyn Provider>)> {
    settings.iter().map(|one| (one.name.clone(), one.own.clone().open(outgoing))).collect()
}

/// The files of `named` that cannot be read.
pub(crate) fn missing(named: &[(&'static str, Option<&crate::secret::Secret>)]) -> Vec<(&'static str, String)> {
    named.iter().filter_map(|(key, secret)| Some((*key, (*secret)?.trouble()?))).collect()
}
