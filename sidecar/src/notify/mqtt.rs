//! Notifications as MQTT events, by the sidecar's own connection. What that has taken over is done: it says it once the
//! broker can be reached, and a notification that waits there when the program ends is lost with it.

use atalaya_alert::Wall;
use atalaya_notify::{Channel, Message, Outcome};
use serde_json::json;

use crate::link::Out;
use crate::tower::{Board, Link};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Mqtt {
    name: String,
    topic: String,
    out: Out,
    board: Board,
}

impl Mqtt {
    pub(super) const fn new(topic: String, out: Out, board: Board) -> Self {
        Self { name: String::new(), topic, out, board }
    }

    /// The channel of this name.
    pub(super) fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }
}

impl Channel for Mqtt {
    fn send(&self, message: &Message, _: Wall) -> Outcome {
        let why = match &self.board.read().link {
            Link::Up => None,
            Link::Starting => Some("there is no connection to the broker yet".to_owned()),
            Link::Down(why) => Some(format!("no connection to the broker: {why}")),
        };
        if let Some(why) = why {
            return Outcome::Later { why, after: None };
        }
        let items: Vec<&str> = message.items.iter().map(|item| item.headline.as_str()).collect();
        let body = json!({
            "ts": message.at,
            "id": message.id,
            "channel": self.name,
            "event_type": message.what.as_str(),
            "severity": message.severity,
            "customer": message.customer,
            "subject": message.subject,
            "text": message.lead,
            "items": items,
            "more": message.more,
            "incidents": message.incidents,
            "url": message.link.as_ref().map(|link| &link.url),
        });
        self.out.say(self.topic.clone(), body.to_string().into_bytes(), false);
        Outcome::Done("handed to the connection".into())
    }
}
