//! What is wrong with the tower itself, a line each with what to do: on every page until it is over.

use std::collections::BTreeMap;

use atalaya_notify::turn::State;

use super::frame::Frame;
use super::part::Mark;
use crate::db::{Again, Aside, Health};
use crate::life::{Life, WRITER};
use crate::limits::HANGS_AFTER;
use crate::people::Customers;

/// A line above every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Banner {
    pub(super) mark: Mark,
    pub(super) text: String,
}

/// The worst first. What is wrong with a channel is said to those who see everything: it is a matter of all customers.
pub(super) fn banners(
    frame: &Frame,
    life: &Life,
    health: &Health,
    aside: Option<&Aside>,
    channels: &BTreeMap<String, State>,
) -> Vec<Banner> {
    let mut all = Vec::new();
    let mut say = |mark, text| all.push(Banner { mark, text });
    if let Life::Hangs(part) = life {
        let key = if *part == WRITER { "banner.hangs_writer" } else { "banner.hangs_tower" };
        say(Mark::Critical, frame.fill(key, &[("seconds", &HANGS_AFTER.as_secs().to_string())]));
    }
    if let Some(why) = &health.problem {
        say(Mark::Critical, frame.fill("banner.disk", &[("why", why)]));
    }
    if let Some(why) = &health.damaged {
        say(Mark::Critical, frame.fill("banner.damaged", &[("why", why)]));
    }
    if let Some(Aside { kept, why, from }) = aside {
        let path = kept.display().to_string();
        let key = match from {
            Again::Itself => "banner.aside_itself",
            Again::Copy => "banner.aside_copy",
            Again::Nothing => "banner.aside_new",
        };
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
