//! Tells browsers what changed, so that they fetch that part of their page again.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as Stream, Bytes, Frame};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::App;
use super::guard::Reader;
use crate::people::Customers;

/// Proxies and browsers give up connections on which nothing comes.
const COMMENT_EVERY: Duration = Duration::from_secs(20);
/// Changes within this time are told together.
const TOGETHER: Duration = Duration::from_millis(300);
/// Events that a slow browser may be behind.
const BEHIND_MAX: usize = 16;
/// Things that one page looks at.
const TOPICS_MAX: usize = 16;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    topics: String,
}

/// Events `fleet`, `alerts`, `node` as they are asked for by `topics=fleet,node:NAS`; `reload` where something was missed.
pub(super) async fn live(
    State(app): State<App>,
    Extension(reader): Extension<Reader>,
    Query(asked): Query<Asked>,
) -> Response {
    let topics: Vec<String> = asked.topics.split(',').take(TOPICS_MAX).map(str::to_owned).collect();
    let (to, events) = mpsc::channel(BEHIND_MAX);
    let (changes, mut stop) = (app.shared.board.listen(), app.stop.clone());
    tokio::spawn(async move {
        let sight = Sight { topics, whose: reader.person.customers.clone(), app, reader };
        tokio::select! {
            () = tell(changes, &sight, to) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(Events(events))).into_response()
}

/// What somebody is told of.
trait Hears {
    /// Whether a change is asked for, and one of theirs.
    fn hears(&self, change: &str) -> bool;

    /// Whether they still are who they were when they came.
    fn stands(&self) -> bool;
}

struct Sight {
    app: App,
    reader: Reader,
    whose: Customers,
    topics: Vec<String>,
}

impl Hears for Sight {
    fn hears(&self, change: &str) -> bool {
        is_asked(&self.topics, change) && self.app.look(&self.whose, |seen| seen.shows(change))
    }

    fn stands(&self) -> bool {
        self.app.shared.identity.people.stands(&self.reader.person)
    }
}

/// `alerts` stands for those of every node, `node:nas` for that one.
fn is_asked(topics: &[String], change: &str) -> bool {
    let kind = change.split(':').next().unwrap_or_default();
    topics.iter().any(|topic| topic == change || topic == kind)
}

/// Until the browser is gone, or its reader may not look any more.
async fn tell(mut changes: Receiver<String>, who: &impl Hears, to: mpsc::Sender<Bytes>) {
    let mut said = to.send(Bytes::from_static(b"retry: 3000\n\n")).await;
    while said.is_ok() && who.stands() {
        let next = tokio::select! {
            next = tokio::time::timeout(COMMENT_EVERY, changes.recv()) => next,
            () = to.closed() => return,
        };
        let events = match next {
            Err(_) => ": still here\n\n".to_owned(),
            Ok(Err(RecvError::Closed)) => return,
            Ok(first) => gather(&mut changes, first, who).await,
        };
        if !events.is_empty() {
            said = to.send(events.into()).await;
        }
    }
}

/// What changed together, said once and after the last of it: nobody fetches for each of many, and nobody misses the end.
async fn gather(changes: &mut Receiver<String>, first: Result<String, RecvError>, who: &impl Hears) -> String {
    let end = Instant::now() + TOGETHER;
    let mut names = BTreeSet::new();
    let mut next = Some(first);
    while let Some(change) = next {
        match change {
            // Without which one: whoever listens knows what it asked for.
            Ok(change) if who.hears(&change) => {
                names.insert(change.split(':').next().unwrap_or_default().to_owned());
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => {
                names.insert("reload".to_owned());
            }
            Err(RecvError::Closed) => break,
        }
        next = tokio::time::timeout_at(end, changes.recv()).await.ok();
    }
    names.iter().map(|name| format!("event: {name}\ndata: {name}\n\n")).collect()
}

/// A body that goes on as long as there are events.
struct Events(mpsc::Receiver<Bytes>);

impl Stream for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;

    struct Asks(Vec<String>);

    impl Hears for Asks {
        fn hears(&self, change: &str) -> bool {
            is_asked(&self.0, change)
        }

        fn stands(&self) -> bool {
            true
        }
    }

    /// What a browser that looks at these topics hears of changes.
    fn hears(topics: &[&str], changes: &[&str], room: usize) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (say, heard) = broadcast::channel(room);
            for change in changes {
                say.send((*change).to_owned()).unwrap();
            }
            drop(say);
            let (to, mut events) = mpsc::channel(64);
            tell(heard, &Asks(topics.iter().map(|topic| (*topic).to_owned()).collect()), to).await;
            let mut all = String::new();
            while let Some(event) = events.recv().await {
                all.push_str(std::str::from_utf8(&event).unwrap());
            }
            all
        })
    }

    #[test]
    fn browsers_hear_of_what_they_look_at() {
        let all = hears(&["fleet", "node:nas"], &["node:other", "node:nas", "alerts", "node:nas"], 8);
        assert_eq!(all, "retry: 3000\n\nevent: node\ndata: node\n\n");
    }

    #[test]
    fn a_topic_stands_for_all_of_its_kind() {
        let all = hears(&["alerts"], &["alerts:nas", "fleet:nas", "alerts"], 8);
        assert_eq!(all, "retry: 3000\n\nevent: alerts\ndata: alerts\n\n");
    }

    #[test]
    fn who_missed_something_looks_at_everything() {
        let all = hears(&["fleet"], &["alerts", "alerts", "alerts", "alerts"], 2);
        assert!(all.contains("event: reload\ndata: reload\n\n"));
    }
}
