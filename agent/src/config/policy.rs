//! `[policy]`: how often what is backed up is to exist.

use atalaya_base::config::Whole;
use serde::Deserialize;

use super::names::{Label, lies};
use crate::policy::Policy;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawPolicy {
    enabled: bool,
    copies: Whole<1, 16>,
    media: Whole<1, 16>,
    places: Whole<0, 16>,
    medium: Option<Label>,
    place: Option<Label>,
}

impl Default for RawPolicy {
    fn default() -> Self {
        Self { enabled: true, copies: Whole(3), media: Whole(2), places: Whole(1), medium: None, place: None }
    }
}

impl RawPolicy {
    pub(super) fn policy(&self) -> Option<Policy> {
        self.enabled.then(|| Policy {
            copies: self.copies.0 as usize,
            media: self.media.0 as usize,
            places: self.places.0 as usize,
            original: lies(self.medium.as_ref(), self.place.as_ref()),
        })
    }
}
