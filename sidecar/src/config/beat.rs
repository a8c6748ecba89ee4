//! `[beat]`: who watches the watchman.

use std::time::Duration;

use atalaya_base::config::{Length, Mistake, Named, Spanned};
use serde::Deserialize;

/// A sign of life for somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Asked at each interval while the sidecar works.
    pub url: Option<String>,
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
    pub(super) fn files(&self) -> impl Iterator<Item = Named> {
        std::iter::empty()
    }

    pub(super) fn check(self) -> Result<Beat, Mistake> {
        if let Some(url) = &self.url {
            let text = url.get_ref();
            if !text.starts_with("https://") && !text.starts_with("http://") {
                let what = format!("{text:?} is no address to ask; write one such as \"https://hc-ping.com/…\"");
                return Err(Mistake::at("beat.url", url, what));
            }
        }
        Ok(Beat { url: self.url.map(Spanned::into_inner), interval: self.interval.0 })
    }
}
