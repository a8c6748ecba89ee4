//! How the tower itself is: what it is told of the program around it becomes readings of the node [`OWN`], and alerts of
//! these are alerts like any other.

use std::collections::BTreeMap;

use atalaya_alert::{Event, Kind, Notification, Object, Target, Value, Values, Wall};

use super::presence::OWN;
use super::{Tower, Why};
use crate::clock::Now;
use crate::db::{self, Row};
use crate::renewals::Readings;

/// Views of which there may be several, and the one of the database.
const CHANNEL: &str = "channel";
const RENEWAL: &str = "renewal";
const PLAN: &str = "plan";
const PROVIDER: &str = "provider";
const RECORD: &str = "record";
const DATABASE: &str = "database";
/// The rule whose alert ends when somebody acknowledges it.
const SET_ASIDE: &str = "database-set-aside";

/// What goes on around the tower.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// Why the database cannot be written.
    pub unwritable: Option<String>,
    /// What was met of damage in the database.
    pub damaged: Option<String>,
    /// Why no history is taken.
    pub stopped: Option<String>,
    /// Room on the file system of the state folder.
    pub free_bytes: Option<u64>,
    /// Messages that found no room since the start.
    pub dropped: u64,
    /// How full the built-in broker's room for retained messages is, and what was not retained since the start.
    pub broker: Option<(f64, u64)>,
    /// Channels by name.
    pub channels: BTreeMap<String, OwnChannel>,
    /// What expires.
    pub renewals: Readings,
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnChannel {
    /// `works`, `failing`, `wrong`.
    pub state: &'static str,
    /// Why it does not work.
    pub problem: String,
    /// Deliveries that were given up since the start.
    pub given_up: u64,
}

impl Tower {
    /// Looks at itself.
    pub(super) fn own(&mut self, own: &Own, now: Now) {
        let aside = self.board.read().aside.as_ref().map(db::Aside::to_string);
        let problem = own.damaged.as_ref().or(own.unwritable.as_ref()).or(aside.as_ref());
        self.own_reading(
            Object::from(DATABASE),
            [
                ("writable", Value::Flag(own.unwritable.is_none())),
                ("damaged", Value::Flag(own.damaged.is_some())),
                ("free_bytes", own.free_bytes.map_or(Value::Unknown, number)),
                ("set_aside", Value::Flag(aside.is_some())),
                ("problem", text(problem)),
            ],
            now,
        );
        let stopped = [("stopped", Value::Flag(own.stopped.is_some())), ("problem", text(own.stopped.as_ref()))];
        self.own_reading(Object::from("history"), stopped, now);
        let floods = self.board.read().nodes.values().map(|node| node.refused.of(Why::Flood)).sum();
        let intake = [("dropped_count", number(own.dropped)), ("flood_count", number(floods))];
        self.own_reading(Object::from("intake"), intake, now);
        if let Some((percent, not_retained)) = own.broker {
            let broker = [("retained_percent", Value::Number(percent)), ("not_retained_count", number(not_retained))];
            self.own_reading(Object::from("broker"), broker, now);
        }
        for (name, channel) in &own.channels {
            let reading = [
                ("name", Value::Text(name.clone())),
                ("state", Value::Text(channel.state.to_owned())),
                ("given_up_count", number(channel.given_up)),
                ("problem", text(Some(&channel.problem))),
            ];
            self.own_reading(Object::new(CHANNEL, name), reading, now);
        }
        self.renewals(&own.renewals, now);
        self.gone_of_own(own, now);
    }

    #[expect(clippy::cast_precision_loss, reason = "limits are far coarser than what is lost above 2^53")]
    fn renewals(&mut self, said: &Readings, now: Now) {
        for one in &said.renewals {
            let left = |of: fn((i64, f64)) -> f64| one.left.map_or(Value::Unknown, |left| Value::Number(of(left)));
            let reading = [
                ("name", Value::Text(one.name.clone())),
                ("standing", Value::Text(one.standing.to_owned())),
                ("left_seconds", left(|(seconds, _)| seconds as f64)),
                ("left_percent", left(|(_, percent)| percent)),
                ("problem", text(Some(&one.problem))),
            ];
            self.own_reading(Object::new(RENEWAL, &one.id), reading, now);
        }
        for plan in &said.plans {
            let reading = [("name", Value::Text(plan.name.clone())), ("state", Value::Text(plan.state.to_owned()))];
            self.own_reading(Object::new(PLAN, &plan.id), reading, now);
        }
        for provider in &said.providers {
            let reading = [
                ("name", Value::Text(provider.name.clone())),
                ("state", Value::Text(provider.state.to_owned())),
                ("problem", text(Some(&provider.problem))),
            ];
            self.own_reading(Object::new(PROVIDER, &provider.name), reading, now);
        }
        for record in &said.records {
            let reading = [
                ("name", Value::Text(record.name.clone())),
                ("state", Value::Text(record.state.to_owned())),
                ("problem", text(Some(&record.problem))),
            ];
            self.own_reading(Object::new(RECORD, &record.id), reading, now);
        }
    }

    fn own_reading<const N: usize>(&mut self, object: Object, keys: [(&'static str, Value); N], now: Now) {
        let mut values = Values::default();
        keys.into_iter().for_each(|(key, value)| values.set(key, value));
        self.engine(&Event::Sample { node: OWN.into(), object, values, at: Wall(now.seconds()) }, now);
    }

    /// A channel, a renewal, a plan, a provider, a record that is no more takes its alerts along.
    fn gone_of_own(&mut self, own: &Own, now: Now) {
        let is_there = |object: &Object| match object.view() {
            CHANNEL => own.channels.contains_key(object.id()),
            RENEWAL => own.renewals.renewals.iter().any(|one| one.id == object.id()),
            PLAN => own.renewals.plans.iter().any(|plan| plan.id == object.id()),
            PROVIDER => own.renewals.providers.iter().any(|one| one.name == object.id()),
            RECORD => own.renewals.records.iter().any(|one| one.id == object.id()),
            _ => true,
        };
        let gone: Vec<Object> = {
            let seen = self.board.read();
            let ours = seen.alerts.keys().filter(|key| key.node.as_str() == OWN && !is_there(&key.object));
            ours.map(|key| key.object.clone()).collect()
        };
        for object in gone {
            self.engine(&Event::Gone { node: OWN.into(), object: Some(object) }, now);
        }
    }

    /// Somebody took note: that a damaged database was set aside is over with that, in the same transaction.
    pub(super) fn took_note(&mut self, what: &Target, now: Now) {
        let is_noted = {
            let seen = self.board.read();
            let noted = seen.alerts.values().filter(|alert| match what {
                Target::Alert(key) => alert.alert == *key,
                Target::Incident(id) => alert.incident == *id,
            });
            let mut ours = noted.filter(|alert| alert.alert.node.as_str() == OWN && alert.ack.is_some());
            seen.aside.is_some() && ours.any(|alert| alert.alert.rule.as_str() == SET_ASIDE)
        };
        if is_noted {
            self.board.write().aside = None;
            self.row(Row::Meta { key: db::ASIDE, value: String::new() }, now);
        }
    }
}

/// Whether all of it is that this channel tells nobody: then it is the last to be asked to tell.
pub(super) fn is_about_channel(told: &Notification, channel: &str) -> bool {
    let is_it = |object: &Object| object.view() == CHANNEL && object.id() == channel;
    let begins = told.kind != Kind::Resolved && !told.alerts.is_empty();
    begins && told.alerts.iter().all(|told| told.alert.node.as_str() == OWN && is_it(&told.alert.object))
}

/// Whether all of it is about channels, whichever.
pub(crate) fn is_about_channels(told: &Notification) -> bool {
    let is_one = |told: &atalaya_alert::Told| told.alert.node.as_str() == OWN && told.alert.object.view() == CHANNEL;
    !told.alerts.is_empty() && told.alerts.iter().all(is_one)
}

#[expect(clippy::cast_precision_loss, reason = "limits are far coarser than what is lost above 2^53")]
const fn number(whole: u64) -> Value {
    Value::Number(whole as f64)
}

fn text(said: Option<&String>) -> Value {
    said.filter(|said| !said.is_empty()).map_or(Value::Unknown, |said| Value::Text(said.clone()))
}
