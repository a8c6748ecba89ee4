//! Notifications as MQTT events, by the sidecar's own connection. One is done when the broker has acknowledged it, built in or
//! not; until then it counts as not sent, whatever becomes of the connection or of the program.

use std::time::{Duration, Instant};

use atalaya_alert::Wall;
use atalaya_notify::limits::HTTP;
use atalaya_notify::{Channel, Message, Outcome};
use serde_json::json;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::link::{Out, Receipt};
use crate::tower::{Board, Link};

/// Between two looks whether the broker has it.
const LOOK: Duration = Duration::from_millis(10);

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
        let answer = self.out.hand_over(self.topic.clone(), body.to_string().into_bytes());
        match wait(answer) {
            Ok(()) => Outcome::Done("the broker has it".into()),
            Err(why) => Outcome::Later { why, after: None },
        }
    }
}

/// In this thread, which may block. Nobody who waits no longer is answered: then it is not said later either.
fn wait(mut answer: oneshot::Receiver<Receipt>) -> Receipt {
    let until = Instant::now() + HTTP;
    loop {
        match answer.try_recv() {
            Ok(said) => return said.map_err(|why| format!("the broker did not take it: {why}")),
            Err(TryRecvError::Closed) => return Err("the connection ended before the broker had it".into()),
            Err(TryRecvError::Empty) if Instant::now() > until => {
                return Err(format!("the broker said nothing within {} s", HTTP.as_secs()));
            }
            Err(TryRecvError::Empty) => std::thread::sleep(LOOK),
        }
    }
}
