//! `[beat]`: who watches the watchman.

use std::time::Duration;

use atalaya_base::config::{Length, Mistake, Spanned};
use atalaya_notify::Address;
use serde::Deserialize;

/// A sign of life for somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Asked for at each interval while the sidecar works.
    pub url: Option<Address>,
    /// How often.
    pub interval: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    url: Option<Spanned<String>>,
    interval: Length<10, 3600>,
}

impl Default for Raw {
    fn default() -> Self {
        Self { url: None, interval: Length(Duration::from_secs(60)) }
    }
}

impl Raw {
    pub(super) fn check(self) -> Result<Beat, Mistake> {
        let read = |url: Spanned<String>| {
            let address = url.get_ref().parse();
            address.map_err(|what: &str| Mistake::at("beat.url", &url, what))
        };
        Ok(Beat { url: self.url.map(read).transpose()?, interval: self.interval.0 })
    }
}
