//! The task: one event after another, what is to be kept on the disk first, then what is to be done.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use atalaya_renew::{Action, Ask, Bought, Event, State, Terms, step, withheld};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::market::Market;
use super::{Denied, Heard, Word, ask, keep};
use crate::clock::Clock;
use crate::db::{Desk, Row};
use crate::error::{Error, Kind, Result};

/// Time is told so often.
const TICK: Duration = Duration::from_secs(10);
/// What could not be written is written again after.
const AGAIN: Duration = Duration::from_secs(2);
/// What a person wants waits for so long: less than until the request is answered that it took too long.
const WANTED: Duration = Duration::from_secs(10);
/// Providers that are asked at the same time: the others wait, and so do people's pages never.
const ASKED_MAX: usize = 2;

/// What it is made of.
pub struct Parts {
    /// What it knows.
    pub state: State,
    /// What it is told, and where it shows what it knows.
    pub heard: Heard,
    /// Who is asked, as the newest configuration says.
    pub market: watch::Receiver<Arc<dyn Market>>,
    /// Where it writes.
    pub desk: Desk,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Until it is ended.
pub async fn run(parts: Parts) {
    let Parts { state, heard, market, desk, clock } = parts;
    let mut planner =
        Planner { state, market, desk, clock, asks: JoinSet::new(), waiting: Vec::new(), seen: heard.seen };
    let mut words = heard.words;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            word = words.recv() => match word {
                Some(word) => planner.hear(word).await,
                None => return,
            },
            Some(done) = planner.asks.join_next() => if let Ok(event) = done { planner.take(event).await },
            _ = ticks.tick() => planner.take(Event::Tick).await,
        }
        planner.send();
    }
}

struct Planner {
    state: State,
    market: watch::Receiver<Arc<dyn Market>>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    asks: JoinSet<Event>,
    /// What is asked for when there is room.
    waiting: Vec<Ask>,
    seen: Arc<std::sync::RwLock<Arc<State>>>,
}

impl Planner {
    fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    fn terms(&self) -> Terms {
        self.market.borrow().terms()
    }

    async fn hear(&mut self, word: Word) {
        match word {
            Word::Happened(event) => self.take(event).await,
            // Whoever asked was told that it took too long: what they wanted does not happen hours later. To stop always may.
            Word::Done { event, said, answer, .. }
                if said.elapsed() > WANTED
                    && !matches!(event, Event::Switch { on: false, .. } | Event::Reject { .. }) =>
            {
                let why = Error::new(Kind::Full, "it waited too long for the disk; nothing was done");
                let _ = answer.send(Err(Denied::Failed(why)));
            }
            Word::Done { event, audit, answer, .. } => self.act(event, Row::Audit(audit), answer).await,
            Word::Kept(event, answer) => {
                self.take(event).await;
                let _ = answer.send(Ok(()));
            }
            Word::Check(answer) => {
                self.state.providers.values_mut().for_each(|provider| provider.next = 0);
                self.take(Event::Tick).await;
                let _ = answer.send(Ok(()));
            }
        }
    }

    /// What happens whether it can be written or not: nothing of it is done until it is.
    async fn take(&mut self, event: Event) {
        let terms = self.terms();
        let now = self.now();
        let actions = step(&mut self.state, &terms, event, now);
        let rows = self.rows(&actions);
        self.keep_at_last(rows).await;
        self.follow(actions);
    }

    /// However long that takes: the database's own alert tells that nothing can be written.
    async fn keep_at_last(&self, rows: Vec<Row>) {
        while let Err(why) = self.keep(rows.clone()).await {
            tracing::debug!(%why, "what is known of renewals waits to be written");
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// What a person does is done and written, or neither.
    async fn act(&mut self, event: Event, audit: Row, answer: oneshot::Sender<std::result::Result<(), Denied>>) {
        let (before, terms) = (self.state.clone(), self.terms());
        let now = self.now();
        let actions = step(&mut self.state, &terms, event, now);
        let refused = actions.iter().find_map(|action| match action {
            Action::Refused(why) => Some(why.clone()),
            _ => None,
        });
        let mut rows = self.rows(&actions);
        if refused.is_none() {
            rows.push(audit);
        }
        let done = match (self.keep(rows).await, refused) {
            (Err(why), _) => {
                self.state = before;
                Err(Denied::Failed(why))
            }
            (Ok(()), refused) => {
                self.follow(actions);
                refused.map_or(Ok(()), |why| Err(Denied::Refused(why)))
            }
        };
        let _ = answer.send(done);
    }

    fn rows(&self, actions: &[Action]) -> Vec<Row> {
        let saved = actions.iter().filter_map(|action| match action {
            Action::Save(part) => Some(keep::row(&self.state, part)),
            _ => None,
        });
        saved.collect()
    }

    async fn keep(&self, rows: Vec<Row>) -> Result<()> {
        if rows.is_empty() { Ok(()) } else { self.desk.write(rows).await }
    }

    fn follow(&mut self, actions: Vec<Action>) {
        let changed = actions.iter().any(|action| matches!(action, Action::Save(_)));
        for action in actions {
            match action {
                Action::Ask(ask) => self.waiting.push(ask),
                // Alerts tell people: `own.rs` hands them how everything stands.
                Action::Tell(what) => tracing::info!(?what, "renewals"),
                Action::Save(_) | Action::Refused(_) => {}
            }
        }
        if changed {
            *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.state.clone());
        }
    }

    /// Asks as many as may be asked at the same time. What was approved and paid for goes first.
    fn send(&mut self) {
        loop {
            // Lists take minutes where servers do not answer: what was approved, and a price that somebody waits for, has a
            // place of its own.
            let urgent = self.waiting.iter().position(|ask| match ask {
                Ask::List(_) => false,
                Ask::Quote(want) => want.who.is_some(),
                Ask::Price(..) | Ask::Buy(..) | Ask::Look(..) => true,
            });
            let room = if urgent.is_some() { ASKED_MAX + 1 } else { ASKED_MAX };
            if self.waiting.is_empty() || self.asks.len() >= room {
                return;
            }
            let ask = self.waiting.remove(urgent.unwrap_or(0));
            if let Ask::Buy(id, ..) = &ask
                && let Some(why) = withheld(&self.state, &self.terms(), *id, self.now())
            {
                let event = Event::Bought(*id, Bought::Not(why));
                self.asks.spawn(std::future::ready(event));
                continue;
            }
            let (market, clock) = (Arc::clone(&self.market.borrow()), Arc::clone(&self.clock));
            self.asks.spawn_blocking(move || ask::answer(&*market, &ask, clock.now().seconds()));
        }
    }
}
