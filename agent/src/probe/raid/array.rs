//! An array of md, from wherever it was read, and whether it would survive a disk.

use atalaya_wire::view::Raid;
use atalaya_wire::{Text, text};

use crate::probe::measure::percent;

/// Makers keep a place for every disk that could ever come in their system's arrays; nobody has so many mirrors.
const PLACES_MIN: u64 = 16;

/// What md says of an array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) name: String,
    pub(super) level: Option<String>,
    /// Whether it runs at all.
    pub(super) runs: bool,
    /// Whether md itself gave it up.
    pub(super) broken: bool,
    /// Disks it should have, and how many of those lack; `None` for levels that cannot lack one.
    pub(super) places: Option<u64>,
    pub(super) lacking: u64,
    pub(super) working: u64,
    pub(super) failed: Vec<String>,
    pub(super) spare: u64,
    /// `idle`, `check`, `repair`, `resync`, `recover` or `reshape`.
    pub(super) action: Option<String>,
    /// Sectors or blocks of the action that are done, and all.
    pub(super) done: Option<(u64, u64)>,
    pub(super) left_seconds: Option<u64>,
    pub(super) mismatches: Option<u64>,
    pub(super) errors: Option<u64>,
}

impl Array {
    /// As it is told. `roomy`: some of its places were never taken, which is no fault.
    pub(super) fn view(&self, roomy: bool) -> Raid {
        let mirror = self.level.as_deref() == Some("raid1");
        let roomy = self.failed.is_empty() && self.working > 0 && (roomy || mirror && self.places >= Some(PLACES_MIN));
        let lacking = if roomy { 0 } else { self.lacking };
        let state = self.state(lacking);
        Raid {
            name: Some(text(&self.name)),
            kind: Some(text("md")),
            level: self.level.as_deref().map(text),
            state: Some(text(state)),
            problem: (state != "ok").then(|| self.problem(state, lacking)),
            member_count: if roomy { Some(self.working) } else { self.places },
            working_count: Some(self.working),
            failed_count: Some(self.failed.len() as u64),
            spare_count: Some(self.spare),
            action: self.action.as_deref().map(text),
            action_percent: self.done.and_then(|(done, all)| percent(done, all)),
            action_left_seconds: self.left_seconds,
            mismatch_count: self.mismatches,
            error_count: self.errors,
            checked_at: None,
        }
    }

    fn state(&self, lacking: u64) -> &'static str {
        // How many disks each level can lack.
        let spared = match self.level.as_deref() {
            Some("raid4" | "raid5") => 1,
            Some("raid6") => 2,
            Some("raid1" | "raid10") => self.places.unwrap_or(1).saturating_sub(1),
            _ => 0,
        };
        // A check only reads; it is nobody's worry.
        let rebuilds = matches!(self.action.as_deref(), Some("resync" | "recover" | "reshape"));
        match () {
            () if !self.runs => "inactive",
            () if self.broken || lacking > spared || self.working == 0 && lacking > 0 => "failed",
            () if rebuilds => "rebuilding",
            () if lacking > 0 => "degraded",
            () => "ok",
        }
    }

    fn problem(&self, state: &str, lacking: u64) -> Text {
        let mut words = match state {
            "inactive" => "it does not run".to_owned(),
            "rebuilding" if lacking == 0 => "it is being brought up to date".to_owned(),
            _ if self.broken => "md gave it up".to_owned(),
            _ => format!("{lacking} of {} disks lack", self.places.unwrap_or(0)),
        };
        if !self.failed.is_empty() {
            words.push_str("; failed: ");
            words.push_str(&self.failed.join(" "));
        }
        text(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: &str, places: u64, lacking: u64, action: &str, expected: &str) {
        let (working, action) = (places - lacking, Some(action.to_owned()));
        let level = Some(level.to_owned());
        let array = Array { runs: true, level, places: Some(places), lacking, working, action, ..Array::default() };
        let view = array.view(false);
        assert_eq!(view.state.as_deref(), Some(expected), "{array:?}");
        assert_eq!(view.problem.is_some(), expected != "ok");
    }

    #[test]
    fn states() {
        check("raid1", 2, 0, "idle", "ok");
        check("raid1", 2, 0, "check", "ok");
        check("raid1", 2, 0, "repair", "ok");
        check("raid1", 2, 0, "resync", "rebuilding");
        check("raid1", 2, 1, "idle", "degraded");
        check("raid1", 2, 1, "recover", "rebuilding");
        check("raid1", 2, 2, "idle", "failed");
        check("raid5", 4, 1, "idle", "degraded");
        check("raid5", 4, 2, "recover", "failed");
        check("raid6", 4, 2, "reshape", "rebuilding");
        check("raid6", 4, 3, "idle", "failed");
        check("raid0", 2, 1, "idle", "failed");
        check("raid1", 24, 22, "idle", "ok");
    }

    #[test]
    fn places_that_were_never_taken() {
        let array = Array {
            runs: true,
            level: Some("raid1".into()),
            places: Some(4),
            lacking: 2,
            working: 2,
            ..Array::default()
        };
        assert_eq!(array.view(false).state.as_deref(), Some("degraded"));
        let view = array.view(true);
        assert_eq!((view.state.as_deref(), view.member_count), (Some("ok"), Some(2)));
        let view = Array { failed: vec!["sdb1".into()], working: 1, lacking: 3, ..array }.view(true);
        let told = (view.state.as_deref(), view.problem.as_deref());
        assert_eq!(told, (Some("degraded"), Some("3 of 4 disks lack; failed: sdb1")));
        let still = Array { level: Some("raid5".into()), ..Array::default() }.view(false);
        assert_eq!((still.state.as_deref(), still.problem.as_deref()), (Some("inactive"), Some("it does not run")));
    }
}
