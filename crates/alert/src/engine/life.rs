//! One alert's way from pending to its end. Nothing here knows of nodes, people or notifications.

use crate::limits::{FLAP_DOWN_SECONDS, FLAP_DOWN_SECONDS_MAX, FLAP_SECONDS, FLAP_UP_SECONDS, FLAP_UP_SECONDS_MAX};
use crate::rule::{Rule, Severity, Truth};
use crate::state::{Phase, Track};
use crate::time::{Moment, Timer};

/// What is to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing that others see, but worth saving.
    Moved,
    /// Firing or recovering: worth publishing.
    Wavered,
    /// It is to fire. The caller does that, if there is room.
    Fires,
    /// It is to end.
    Ends,
}

/// What a sample says: whether the condition holds, and whether that for recovery does.
pub(super) fn saw(track: &mut Track, rule: &Rule, when: Truth, clear: Truth, now: Moment) -> Option<Change> {
    track.truth = if track.phase.fires() { clear } else { when };
    let change = match (track.phase, track.truth) {
        (Phase::Idle, Truth::Yes) => begin(track, Phase::Pending, now),
        (Phase::Firing, Truth::Yes) => begin(track, Phase::Recovering, now),
        (Phase::Pending, Truth::No) => begin(track, Phase::Idle, now),
        (Phase::Recovering, Truth::No) => begin(track, Phase::Firing, now),
        (Phase::Pending | Phase::Recovering, Truth::Unknown) => {
            track.timer.pause(now);
            None
        }
        (Phase::Pending | Phase::Recovering, Truth::Yes) => {
            track.timer.go_on(now);
            None
        }
        (Phase::Idle | Phase::Firing, _) => None,
    };
    due(track, rule, now).or(change)
}

fn begin(track: &mut Track, phase: Phase, now: Moment) -> Option<Change> {
    let change = if track.phase.fires() { Change::Wavered } else { Change::Moved };
    track.phase = phase;
    track.timer = Timer::started(now);
    Some(change)
}

/// Nobody knows any more: neither good nor bad.
pub(super) fn lost(track: &mut Track, now: Moment) {
    if track.truth != Truth::Unknown {
        track.truth = Truth::Unknown;
        track.timer.pause(now);
    }
    track.flips = None;
}

/// What the passing of time does.
pub(super) fn due(track: &Track, rule: &Rule, now: Moment) -> Option<Change> {
    if track.truth != Truth::Yes {
        return None;
    }
    let ran = track.timer.ran(now);
    match track.phase {
        Phase::Pending if ran >= up(track, rule, now) => Some(Change::Fires),
        Phase::Recovering if ran >= down(track, rule) => Some(Change::Ends),
        _ => None,
    }
}

/// How often it came back, counting the time that is about to begin.
pub(super) fn flaps(track: &Track, now: Moment) -> u32 {
    match track.ended {
        Some(ended) if now.since(ended) <= FLAP_SECONDS => track.flaps.saturating_add(1),
        _ => 0,
    }
}

/// Seconds until it fires. What is critical never waits for having flapped.
fn up(track: &Track, rule: &Rule, now: Moment) -> u64 {
    if rule.severity == Severity::Critical {
        return rule.up;
    }
    rule.up + (u64::from(flaps(track, now)) * FLAP_UP_SECONDS).min(FLAP_UP_SECONDS_MAX)
}

/// Seconds until it ends: once it came back a quarter of an hour at least, and half as long again for each further time.
fn down(track: &Track, rule: &Rule) -> u64 {
    let most = rule.down.max(FLAP_DOWN_SECONDS_MAX);
    match track.flaps {
        0 => rule.down,
        flaps => (1..flaps).fold(rule.down.max(FLAP_DOWN_SECONDS), |span, _| (span * 3 / 2).min(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{DEFAULT, Rules};

    fn rule(severity: Severity) -> Rule {
        let mut rule = Rules::parse(&[DEFAULT]).unwrap().iter().next().unwrap().clone();
        (rule.severity, rule.up, rule.down) = (severity, 120, 300);
        rule
    }

    #[test]
    fn flapping_waits_longer_each_time_and_not_for_ever() {
        let (calm, grave) = (rule(Severity::High), rule(Severity::Critical));
        let spans = [0, 1, 2, 5, 50].map(|flaps: u32| {
            // Of what is pending the time to come is not counted yet.
            let ended = (flaps > 0).then_some(Moment(0));
            let before = Track { flaps: flaps.saturating_sub(1), ended, ..Track::default() };
            (up(&before, &calm, Moment(5)), down(&Track { flaps, ..before }, &calm))
        });
        assert_eq!(spans, [(120, 300), (180, 900), (240, 1_350), (420, 3_600), (720, 3_600)]);
        let track = Track { flaps: 9, ended: Some(Moment(0)), ..Track::default() };
        assert_eq!(up(&track, &grave, Moment(5)), 120);
        assert_eq!(flaps(&track, Moment(FLAP_SECONDS + 1)), 0);
    }

    #[test]
    fn unknown_neither_raises_nor_clears() {
        let (rule, mut track) = (rule(Severity::High), Track::default());
        let mut see = |truth, at| saw(&mut track, &rule, truth, Truth::not(truth), Moment(at));
        assert_eq!(see(Truth::Unknown, 0), None);
        assert_eq!(see(Truth::Yes, 10), Some(Change::Moved));
        assert_eq!(see(Truth::Unknown, 100), None);
        assert_eq!(see(Truth::Unknown, 9_000), None);
        assert_eq!(see(Truth::Yes, 9_010), None, "90 of 120 seconds were seen");
        assert_eq!(see(Truth::Yes, 9_040), Some(Change::Fires));
    }
}
