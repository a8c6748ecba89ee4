//! `[[mqtt]]`: brokers.

use atalaya_base::config::{Mistake, Named, Place, Secret, Spanned, Url, Written};
use serde::Deserialize;

use super::Output;
use super::names::{Discovery, Prefix};

/// Brokers.
const OUTPUTS_MAX: usize = 4;
/// Of a file that a connection needs.
const WITHOUT: &str = "there is no connection to the broker";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMqtt {
    url: Spanned<Url>,
    username: Option<String>,
    password_file: Option<Spanned<Place>>,
    ca_file: Option<Spanned<Place>>,
    cert_file: Option<Spanned<Place>>,
    key_file: Option<Spanned<Place>>,
    #[serde(default = "default_prefix")]
    prefix: Prefix,
    #[serde(default = "default_discovery")]
    discovery_prefix: Discovery,
    #[serde(default = "yes")]
    streams: bool,
}

fn default_prefix() -> Prefix {
    Prefix("atalaya".into())
}

fn default_discovery() -> Discovery {
    Discovery(Some("homeassistant".into()))
}

const fn yes() -> bool {
    true
}

/// All brokers. At most one of them gets the streams.
pub(super) fn check(brokers: Vec<RawMqtt>, written: &Written) -> Result<Vec<Output>, Mistake> {
    if let Some(broker) = brokers.get(OUTPUTS_MAX) {
        return Err(Mistake::at("mqtt", &broker.url, format!("this is one too many; at most {OUTPUTS_MAX} brokers")));
    }
    for (number, broker) in brokers.iter().enumerate() {
        let same = |other: &&RawMqtt| other.url.get_ref() == broker.url.get_ref() && other.prefix.0 == broker.prefix.0;
        if let Some(other) = brokers[..number].iter().find(same) {
            let (url, line) = (broker.url.get_ref(), written.line(other.url.span().start));
            let what = format!("{url} with this prefix is there already, on line {line}; each broker stands here once");
            return Err(Mistake::at("mqtt.url", &broker.url, what));
        }
    }
    let mut outputs = brokers.into_iter().map(RawMqtt::check).collect::<Result<Vec<Output>, _>>()?;
    // Numbers of a stream mean something to one reader only.
    outputs.iter_mut().filter(|output| output.streams).skip(1).for_each(|output| output.streams = false);
    Ok(outputs)
}

impl RawMqtt {
    /// The files that each connection reads.
    pub(super) fn files(&self) -> impl Iterator<Item = Named> {
        Named::of("mqtt.password_file", self.password_file.as_ref(), WITHOUT)
            .chain(Named::of("mqtt.ca_file", self.ca_file.as_ref(), WITHOUT))
            .chain(Named::of("mqtt.cert_file", self.cert_file.as_ref(), WITHOUT))
            .chain(Named::of("mqtt.key_file", self.key_file.as_ref(), WITHOUT))
    }

    fn check(self) -> Result<Output, Mistake> {
        let url = self.url.get_ref();
        for (key, file) in
            [("mqtt.ca_file", &self.ca_file), ("mqtt.cert_file", &self.cert_file), ("mqtt.key_file", &self.key_file)]
        {
            if let Some(file) = file.as_ref().filter(|_| !url.tls) {
                return Err(Mistake::at(key, file, format!("certificates are for mqtts://, and the url is {url}")));
            }
        }
        match (&self.cert_file, &self.key_file) {
            (Some(cert), None) => return Err(Mistake::at("mqtt.cert_file", cert, "needs its key_file beside it")),
            (None, Some(key)) => return Err(Mistake::at("mqtt.key_file", key, "needs its cert_file beside it")),
            _ => {}
        }
        if let Some(file) = &self.password_file {
            if self.username.as_ref().is_none_or(String::is_empty) {
                return Err(Mistake::at("mqtt.password_file", file, "needs a username beside it"));
            }
            if !url.tls && !url.is_local() {
                let what = "the password would cross the network in the clear; use an mqtts:// url";
                return Err(Mistake::at("mqtt.password_file", file, what));
            }
        }
        let path = |file: Spanned<Place>| file.into_inner().0;
        Ok(Output {
            url: self.url.into_inner(),
            username: self.username,
            password: self.password_file.map(path).map(Secret::in_file),
            ca: self.ca_file.map(path),
            client: self.cert_file.map(path).zip(self.key_file.map(path)),
            prefix: self.prefix.0,
            discovery: self.discovery_prefix.0,
            streams: self.streams,
        })
    }
}
