//! What automations are told of what expires: a retained topic for each thing, one for all of it, and Home Assistant's
//! messages. Found by comparing what is known with what was told last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use atalaya_renew::{Item, Standing, State, left, standing};
use atalaya_wire::ObjectId;
use atalaya_wire::discovery::Tower;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::nodes::is_told;
use super::readings::id;
use crate::config::Config;
use crate::program::Shared;
use crate::tower::Link;

/// Looked at so often.
const LOOK: Duration = Duration::from_secs(5);
/// Messages of one look: with more the rest comes with the next.
const AT_ONCE_MAX: usize = 200;

/// Retained messages by topic.
type Messages = BTreeMap<String, Vec<u8>>;

/// Tells until it is ended.
pub async fn tell(shared: Shared, configs: watch::Receiver<Arc<Config>>) {
    // What was known at the last stop was told then: if it goes before it is told again, its topics go, too.
    let now = shared.clock.now().seconds();
    let mut told = Told { messages: forgotten(messages(&shared.renewals.seen(), &configs.borrow(), now)), link: 0 };
    loop {
        tokio::time::sleep(LOOK).await;
        if shared.board.read().link != Link::Up {
            continue;
        }
        let now = shared.clock.now().seconds();
        let wanted = messages(&shared.renewals.seen(), &configs.borrow(), now);
        for (topic, payload) in told.news(wanted, shared.board.links()) {
            shared.out.say(topic, payload, true);
        }
    }
}

/// The same topics, as if nobody had been told what is in them.
fn forgotten(messages: Messages) -> Messages {
    messages.into_keys().map(|topic| (topic, Vec::new())).collect()
}

/// What was told last, and by which connection.
struct Told {
    messages: Messages,
    link: u64,
}

impl Told {
    /// What is to be said so that the broker holds `wanted` and nothing else of ours.
    fn news(&mut self, wanted: Messages, link: u64) -> Vec<(String, Vec<u8>)> {
        // Another broker may have forgotten everything.
        if std::mem::replace(&mut self.link, link) != link {
            self.messages = forgotten(std::mem::take(&mut self.messages));
        }
        let gone = self.messages.keys().filter(|topic| !wanted.contains_key(*topic));
        let mut news: Vec<(String, Vec<u8>)> = gone.map(|topic| (topic.clone(), Vec::new())).collect();
        news.extend(wanted.into_iter().filter(|(topic, payload)| self.messages.get(topic) != Some(payload)));
        news.truncate(AT_ONCE_MAX);
        for (topic, payload) in &news {
            if payload.is_empty() {
                self.messages.remove(topic);
            } else {
                self.messages.insert(topic.clone(), payload.clone());
            }
        }
        news
    }
}

/// Everything that is to be there.
fn messages(state: &State, config: &Config, now: i64) -> Messages {
    let (broker, own) = (&config.broker, &config.state);
    let tower = Tower { prefix: &broker.prefix, id: &own.id, version: env!("CARGO_PKG_VERSION") };
    let home = Some(broker.discovery_prefix.as_str()).filter(|prefix| !prefix.is_empty());
    let mut all = Messages::new();
    for item in state.items.values().filter(|item| !is_told(item)) {
        let object = ObjectId::of(&id(item));
        all.insert(tower.renewal(&object), of(state, item, now).to_string().into_bytes());
        if let Some(home) = home {
            let name = format!("{} {}", item.key.kind.word().replace('_', " "), item.key.name);
            let message = tower.renewal_message(&object, &name, &Standing::ALL.map(Standing::word));
            all.insert(tower.renewal_discovery(home, &object), message.into_bytes());
        }
    }
    if !all.is_empty() {
        all.insert(tower.renewals(), counts(state, now).to_string().into_bytes());
        if let Some(home) = home {
            let message = tower.renewals_message(config.web.url.as_deref());
            all.insert(tower.renewals_discovery(home), message.into_bytes());
        }
    }
    all
}

/// One thing. What changes by the minute is not in it: a broker keeps it, and Home Assistant counts down by itself.
fn of(state: &State, item: &Item, now: i64) -> Value {
    let (stands, life) = (standing(item, now), item.life());
    let plan = state.open_plan(&item.key).map(|plan| {
        json!({ "number": plan.id.0, "stage": plan.stage.word(), "price": plan.price.map(|price| price.to_string()) })
    });
    json!({
        "name": item.key.name,
        "kind": item.key.kind.word(),
        "standing": stands.word(),
        "problem": stands.wants() || stands == Standing::Unknown,
        "ends": life.as_ref().and_then(|life| jiff::Timestamp::from_second(life.ends).ok()).map(|ends| ends.to_string()),
        "left_percent": life.map(|life| (100.0 * left(&life, now)).round()),
        "source": item.best().map(|(name, _)| name),
        "task": item.task.as_ref().map(|task| task.what.as_str()),
        "plan": plan,
    })
}

fn counts(state: &State, now: i64) -> Value {
    let such = |is: fn(Standing) -> bool| state.items.values().filter(|item| is(standing(item, now))).count();
    let waiting = state.plans.values().filter(|plan| matches!(plan.stage.word(), "proposed" | "unsettled")).count();
    json!({ "waiting": waiting, "due": such(Standing::wants), "unknown": such(|stands| stands == Standing::Unknown) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(of: &[(&str, &str)]) -> Messages {
        of.iter().map(|(topic, payload)| ((*topic).to_owned(), payload.as_bytes().to_vec())).collect()
    }

    #[test]
    fn only_what_changed_is_said_and_what_is_gone_is_taken_back() {
        let mut told = Told { messages: forgotten(all(&[("a", "old"), ("gone while it was off", "x")])), link: 0 };
        let first = told.news(all(&[("a", "1"), ("b", "1")]), 0);
        assert_eq!(
            first,
            [("gone while it was off".into(), vec![]), ("a".into(), b"1".to_vec()), ("b".into(), b"1".to_vec())]
        );
        assert_eq!(told.news(all(&[("a", "1"), ("b", "1")]), 0), []);
        assert_eq!(told.news(all(&[("a", "2")]), 0), [("b".into(), vec![]), ("a".into(), b"2".to_vec())]);
        assert_eq!(told.news(all(&[("a", "2")]), 1), [("a".into(), b"2".to_vec())], "another broker");
    }

    #[test]
    fn a_plan_s_price_and_link_are_there_and_nothing_to_press() {
        use atalaya_renew::{Ends, Event, Found, Kind, Rank, step};
        let config = Config::read(std::path::Path::new("s.toml"), "[web]\nurl = \"https://nas.lan\"\n").unwrap();
        let mut state = State::default();
        let providers = super::super::Providers::new(&config, Default::default(), Default::default());
        let terms = super::super::Market::terms(&providers);
        let found = Found::new(Kind::Domain, "example.com", Ends::At(1_800_000_000));
        step(&mut state, &terms, Event::Seen { source: "x".into(), rank: Rank::Holder, found }, 1_790_000_000);
        let all = messages(&state, &config, 1_790_000_000);
        let topics: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(all.len(), 4, "{topics:?}");
        let summary = String::from_utf8(all["homeassistant/device/atalaya_sidecar_renewals/config"].clone()).unwrap();
        assert!(summary.contains("https://nas.lan/renewals"));
        // A word that is not among them leaves Home Assistant with the one before: "fine" of what nobody accepts.
        let one = all.iter().find(|(topic, _)| topic.contains("renewal_domain")).unwrap().1;
        let one: Value = serde_json::from_slice(one).unwrap();
        let words = one["cmps"]["standing"]["ops"].as_array().unwrap();
        assert!(Standing::ALL.iter().all(|standing| words.iter().any(|word| word == standing.word())), "{words:?}");
        let counts: Value = serde_json::from_slice(&all["atalaya/_sidecar/renewals"]).unwrap();
        assert_eq!(counts, json!({ "waiting": 0, "due": 0, "unknown": 0 }));
    }
}
