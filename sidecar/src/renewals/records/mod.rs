//! DNS records that follow a node's public address, in zones of the providers: looked at again and again in memory, written
//! when an address is another one, and verified at the zone's own servers.

mod decide;
mod kept;
mod memory;
mod said;
mod turn;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atalaya_renew::RecordType;
use tokio::sync::watch;

use super::Market;
use crate::config::{self, Config};
use crate::program::Shared;
use decide::{Decision, Wait};
use kept::Kept;
use memory::Memory;
use turn::Turn;

/// A look costs no request where nothing changed, and a few decoded views where it did not.
const LOOK: Duration = Duration::from_secs(5);

/// How a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its provider does not do what it should, or its node is not there.
    Failing,
    /// Its servers do not show what was set.
    NotVerified,
    /// There is nothing to be set now.
    Waiting,
    /// Its servers showed it.
    Ok,
}

impl State {
    /// In topics, alerts and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::NotVerified => "not_verified",
            Self::Waiting => "waiting",
            Self::Ok => "ok",
        }
    }
}

/// How a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: RecordType,
    /// How it is.
    pub state: State,
    /// Why it is not well.
    pub problem: String,
    /// What it holds, as far as is known.
    pub address: Option<IpAddr>,
    /// Who holds its zone.
    pub provider: String,
    /// Whom it follows.
    pub node: String,
    /// When its servers last showed it, in seconds since 1970.
    pub verified: Option<i64>,
}

impl Standing {
    /// Nothing where nobody wants it.
    fn new(record: &config::Record, kind: RecordType, decision: &Decision, memory: Memory) -> Option<Self> {
        let (state, problem) = match decision {
            Decision::NotWanted => return None,
            Decision::Right => (State::Ok, String::new()),
            Decision::Wait(why @ Wait::NoSuchNode) => (State::Failing, why.to_string()),
            Decision::Wait(why) => (State::Waiting, why.to_string()),
            Decision::Settling(_) => {
                (State::Waiting, "it was set a moment ago; the address is another one again".into())
            }
            Decision::BackOff(_) | Decision::Look(_) | Decision::Set(_) => (State::Failing, memory.why),
            Decision::Unseen(_) | Decision::Verify(_) => (State::NotVerified, memory.why),
        };
        Some(Self {
            name: record.name.clone(),
            kind,
            state,
            problem,
            address: memory.address,
            provider: record.provider.clone(),
            node: record.node.clone(),
            verified: memory.verified,
        })
    }

    /// Its name and its type.
    #[must_use]
    pub fn key(&self) -> String {
        turn::key(&self.name, self.kind)
    }
}

/// How all of them stand. Shared with whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Records(Arc<Mutex<Vec<Standing>>>);

impl Records {
    /// By name and type.
    #[must_use]
    pub fn list(&self) -> Vec<Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, mut all: Vec<Standing>) {
        all.sort_by_key(Standing::key);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

/// Looks after them until it is ended.
pub async fn keep(shared: Shared, configs: watch::Receiver<Arc<Config>>, market: watch::Receiver<Arc<dyn Market>>) {
    let mut kept = Kept::read(&shared.folder);
    loop {
        let config = Arc::clone(&configs.borrow());
        let mut all = Vec::new();
        for record in &config.records {
            let said = said::said(&shared.board.read(), &record.node);
            for kind in record.types.iter().copied() {
                let (market, now) = (Arc::clone(&market.borrow()), shared.clock.now().seconds());
                let turn = Turn { record, kind, market, now };
                let (decision, memory) = turn.take(&said, &mut kept).await;
                all.extend(Standing::new(record, kind, &decision, memory));
            }
        }
        kept.keep(&keys(&config.records));
        shared.records.put(all);
        tokio::time::sleep(LOOK).await;
    }
}

fn keys(records: &[config::Record]) -> Vec<String> {
    let of =
        |record: &config::Record| record.types.iter().map(|kind| turn::key(&record.name, *kind)).collect::<Vec<_>>();
    records.iter().flat_map(of).collect()
}
