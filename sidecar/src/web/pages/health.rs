//! What is wrong with the tower itself, a line each with what to do: on every page until it is over.

use std::collections::BTreeMap;

use atalaya_notify::turn::State;

use super::frame::Frame;
use super::part::Mark;
use crate::db::{Health, Opened};
use crate::people::Customers;

/// A line above every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Banner {
    pub(super) mark: Mark,
    pub(super) text: String,
}

/// The worst first. Channels are named to those who see everything: their names are a matter of all customers.
pub(super) fn banners(
    frame: &Frame,
    health: &Health,
    opened: &Opened,
    channels: &BTreeMap<String, State>,
) -> Vec<Banner> {
    let mut all = Vec::new();
    let mut say = |mark, text| all.push(Banner { mark, text });
    if let Some(why) = &health.problem {
        say(Mark::Critical, frame.fill("banner.disk", &[("why", why)]));
    }
    if let Opened::SetAside { kept, why, copy } = opened {
        let path = kept.display().to_string();
        let key = if *copy { "banner.aside_copy" } else { "banner.aside_new" };
        say(Mark::Critical, frame.fill(key, &[("path", &path), ("why", why)]));
    }
    if let Some(why) = &health.history {
        say(Mark::High, frame.fill("banner.history", &[("why", why)]));
    }
    if frame.whose == Customers::All {
        for (name, state) in channels {
            let (mark, key, why) = match state {
                State::WrongSetUp(why) => (Mark::High, "banner.channel_wrong", why),
                State::Failing(why) => (Mark::Medium, "banner.channel_failing", why),
                State::Works => continue,
            };
            say(mark, frame.fill(key, &[("name", name), ("why", why)]));
        }
    }
    all
}
