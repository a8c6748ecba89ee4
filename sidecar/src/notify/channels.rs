//! The configuration's channels, ready to send.

use std::collections::BTreeMap;
use std::sync::Arc;

use atalaya_alert::Wall;
use atalaya_notify::words::{Language, Reader};
use atalaya_notify::{Channel, Message, Outcome, Rate, Settings};

use super::mqtt::Mqtt;
use crate::config::{Config, Stamp};
use crate::program::Shared;

/// A channel with its reader.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) reader: Reader,
    rates: Vec<Rate>,
    settings: Settings,
    stamps: Vec<Option<Stamp>>,
    channel: Arc<dyn Channel>,
}

/// By name.
pub(super) type Ways = BTreeMap<String, Way>;

/// The language that the sidecar speaks.
pub(crate) fn language(config: &Config) -> Language {
    if config.state.language == "es" { Language::Es } else { Language::En }
}

/// All of the configuration's; `mqtt` is what sends by the sidecar's own connection.
pub(super) fn ways(config: &Config, mqtt: &Mqtt) -> Ways {
    let made = config.alerts.channels.iter().map(|written| {
        let settings = &written.settings;
        let own: Option<Arc<dyn Channel>> = settings.own.clone().open().map(Arc::from);
        let way = Way {
            reader: settings.reader(language(config), &config.state.zone),
            rates: settings.rates(),
            settings: settings.own.clone(),
            stamps: written.stamps(),
            channel: own.unwrap_or_else(|| Arc::new(mqtt.named(&settings.common.name))),
        };
        (settings.common.name.clone(), way)
    });
    made.collect()
}

/// As [`atalaya_notify::turn::Turn::configure`] takes them.
pub(super) fn rates(ways: &Ways) -> impl Iterator<Item = (String, Vec<Rate>)> {
    ways.iter().map(|(name, way)| (name.clone(), way.rates.clone()))
}

/// Channels that were there before, and are set up otherwise now, or read another secret.
pub(super) fn changed<'a>(before: &Ways, now: &'a Ways) -> impl Iterator<Item = &'a String> {
    let differs = |name: &str, way: &Way| {
        before.get(name).is_some_and(|was| was.settings != way.settings || was.stamps != way.stamps)
    };
    now.iter().filter(move |(name, way)| differs(name, way)).map(|(name, _)| name)
}

impl Way {
    /// Tries once, where it may block.
    pub(super) async fn send(&self, message: Message, now: Wall) -> Outcome {
        let channel = Arc::clone(&self.channel);
        let sent = tokio::task::spawn_blocking(move || channel.send(&message, now)).await;
        sent.unwrap_or_else(|err| Outcome::Later { why: format!("the channel failed: {err}"), after: None })
    }
}

impl Mqtt {
    /// Through the connection of a running sidecar.
    pub(super) fn of(shared: &Shared) -> Self {
        let topic = format!("{}/{}/event/notification", shared.config.broker.prefix, shared.config.state.id);
        Self::new(topic, shared.out.clone(), shared.board.clone())
    }
}
