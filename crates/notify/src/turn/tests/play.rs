//! Scenarios as text: each line does something, and says after `=` what is to come of it.
//!
//! `+5` lets five seconds pass; `add N@CHANNEL KIND SEVERITY ALERTS [SET] [here|nowhere|elsewhere]`; `next`; `done N@CHANNEL`, and in
//! the same way `later`, `later/SECONDS`, `wrong`, `never`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use atalaya_alert::{Kind, Severity, Wall};
use jiff::tz::TimeZone;

use super::super::*;
use crate::message::What;
use crate::{Outcome, Rate};

/// Monday, 2 November 2026, 00:00 UTC.
pub(super) const MONDAY: i64 = 1_793_577_600;

pub(super) struct Play {
    pub(super) turn: Turn,
    seconds: u64,
    /// Digests by their short names.
    digests: HashMap<String, String>,
}

impl Play {
    /// Channels `mail` and `push`, whose rates say nothing, and `slow`, with one a minute; the set `office` has hours.
    pub(super) fn new() -> Self {
        let mut turn = Turn::new();
        let channel = |name: &str, every| (name.to_owned(), vec![Rate::new(1, Duration::from_secs(every))]);
        let hours = Hours::new("mon-fri 08:00-20:00", TimeZone::UTC).unwrap();
        turn.configure(
            [channel("mail", 0), channel("push", 0), channel("slow", 60)],
            BTreeMap::from([("office".into(), hours)]),
        );
        Self { turn, seconds: 0, digests: HashMap::new() }
    }

    pub(super) fn now(&self) -> Now {
        let seconds = i64::try_from(self.seconds).unwrap();
        Now { moment: Duration::from_secs(1_000 + self.seconds), wall: Wall(MONDAY + seconds) }
    }

    pub(super) fn run(mut self, script: &str) {
        for (number, line) in script.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
            if let Some(seconds) = line.strip_prefix('+') {
                self.seconds += seconds.parse::<u64>().unwrap();
                continue;
            }
            let (what, expected) = line.split_once('=').unwrap_or((line, ""));
            let got = self.step(what.trim());
            assert_eq!(got, expected.trim(), "line {number}: {line}");
        }
    }

    fn step(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let now = self.now();
        match words.as_slice() {
            ["next"] => {
                let next = self.turn.next(now);
                self.shown(next)
            }
            ["add", id, kind, severity, alerts, rest @ ..] => {
                let delivery = self.delivery(id, kind, severity, alerts, rest);
                let changes = self.turn.add(delivery, now);
                self.changes(changes)
            }
            [result, id] => {
                let (result, after) = result.split_once('/').unwrap_or((result, ""));
                let after = after.parse().ok().map(Duration::from_secs);
                let outcome = match result {
                    "done" => Outcome::Done("ok".into()),
                    "later" => Outcome::Later { why: "busy".into(), after },
                    "wrong" => Outcome::WrongSetUp("token".into()),
                    "never" => Outcome::Never("no".into()),
                    other => panic!("{other}"),
                };
                let id = self.id(id);
                let changes = self.turn.result(&id, outcome, now);
                self.changes(changes)
            }
            other => panic!("{other:?}"),
        }
    }

    fn id(&self, text: &str) -> DeliveryId {
        let (name, channel) = text.split_once('@').unwrap();
        let name = self.digests.iter().find(|(_, short)| *short == name).map_or(name, |(id, _)| id);
        DeliveryId { notification: name.into(), channel: channel.into() }
    }

    fn delivery(&self, id: &str, kind: &str, severity: &str, alerts: &str, rest: &[&str]) -> Delivery {
        let kind = match kind {
            "fired" => Kind::Fired,
            "still" => Kind::StillFiring,
            "escalated" => Kind::Escalated,
            "resolved" => Kind::Resolved,
            other => panic!("{other}"),
        };
        let begun = match rest {
            [.., "nowhere"] => Begun::Nowhere,
            [.., "elsewhere"] => Begun::Elsewhere,
            _ => Begun::Here,
        };
        let set = if rest.contains(&"office") { "office" } else { "default" };
        Delivery {
            id: self.id(id),
            what: What::Alert(kind),
            severity: grade(severity),
            at: self.now().wall,
            sets: vec![set.into()],
            alerts: episodes(alerts),
            begun,
            tries: 0,
            next: self.now().wall,
        }
    }

    fn shown(&mut self, next: Next) -> String {
        match next {
            Next::Send { id, over } => format!("send {}{}", self.name(&id), if over { " over" } else { "" }),
            Next::Merge(digest) => self.digest(&digest),
            Next::Trouble(Trouble { channel, state }) => match state {
                State::WrongSetUp(why) => format!("{channel} is wrong: {why}"),
                State::Failing(why) => format!("{channel} fails: {why}"),
                State::Works => format!("{channel} works"),
            },
            Next::Wait(None) => "wait".into(),
            Next::Wait(Some(until)) => format!("wait {}", until.saturating_sub(self.now().moment).as_secs()),
        }
    }

    fn name(&self, id: &DeliveryId) -> String {
        format!("{}@{}", self.digests.get(&id.notification).unwrap_or(&id.notification), id.channel)
    }

    fn digest(&mut self, digest: &Digest) -> String {
        let short = format!("D{}", self.digests.len() + 1);
        self.digests.insert(digest.id.notification.clone(), short.clone());
        format!("digest {short} of {}, {:?}, the first {}", digest.of.len(), digest.severity, digest.of[0])
    }

    fn changes(&mut self, changes: Vec<Change>) -> String {
        changes.into_iter().map(|change| self.change(change)).collect::<Vec<_>>().join(", ")
    }

    fn change(&mut self, change: Change) -> String {
        match change {
            Change::Settled { id, how } => {
                let how = match how {
                    Settled::Sent(_) => "sent".into(),
                    Settled::Failed(_) => "failed".into(),
                    Settled::Merged(into) => format!("in {into}"),
                    Settled::Untold => "untold".into(),
                };
                format!("{} {how}", self.name(&id))
            }
            Change::Again { id, tries, next, .. } => {
                format!("{} again {tries} in {}", self.name(&id), next.0 - self.now().wall.0)
            }
            Change::Digest(digest) => self.digest(&digest),
        }
    }
}

pub(super) fn grade(text: &str) -> Severity {
    match text {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        other => panic!("{other}"),
    }
}

/// One for each letter.
pub(super) fn episodes(letters: &str) -> Vec<Episode> {
    let mut out: Vec<Episode> = letters.bytes().map(|letter| Episode::test(u64::from(letter))).collect();
    out.sort_unstable();
    out
}
