//! How the sidecar itself is: for people, programs and the terminal.

use std::collections::BTreeMap;

use atalaya_alert::Presence;
use atalaya_broker::Counters;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Opened;
use crate::limits::NODES_MAX;
use crate::people::limits::{ACCOUNTS_MAX, TOKENS_MAX};
use crate::program::Shared;
use crate::tower::{Link, word};

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Status {
    /// Of the program.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// What it calls itself in topics.
    #[schema(example = "_sidecar")]
    pub id: String,
    /// Where everything is kept.
    #[schema(example = "/var/lib/atalaya-sidecar")]
    pub state_dir: String,
    /// Since it started.
    pub running_seconds: u64,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// Nodes.
    pub nodes: Nodes,
    /// Alerts that are open, by severity.
    pub alerts: BTreeMap<String, u64>,
    /// The database.
    pub database: Database,
    /// The built-in broker; `null` for somebody else's.
    #[schema(required = true)]
    pub broker: Option<Broker>,
    /// Accounts of people.
    pub accounts: Filled,
    /// Tokens of programs.
    pub tokens: Filled,
}

/// How full something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Filled {
    /// So much is there.
    pub now: u64,
    /// There may be so much.
    pub max: u64,
}

/// Nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Nodes {
    /// All of them.
    pub all: Filled,
    /// Those that report.
    pub online: u64,
    /// Those that nobody accepted yet.
    pub waiting: u64,
    /// Messages of theirs that were not taken, since the start.
    pub refused: u64,
}

/// The database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Database {
    /// How it was found at the start: `new`, `clean`, `unclean`, `set_aside`.
    #[schema(example = "clean")]
    pub found: &'static str,
    /// Bytes in use, and how many history may bring it to.
    pub bytes: Filled,
    /// Bytes that are not written back yet.
    pub log_bytes: u64,
    /// Since the start.
    pub commits: u64,
    /// Since the start.
    pub rows: u64,
}

/// The built-in broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Broker {
    /// Where it listens without TLS.
    pub listen: Vec<String>,
    /// And with.
    pub listen_tls: Vec<String>,
    /// Connections.
    pub connections: Filled,
    /// Messages that it keeps.
    pub retained: Filled,
    /// Their bytes.
    pub retained_bytes: Filled,
    /// Clients let in since the start.
    pub welcomed: u64,
    /// What was refused since the start, by why.
    pub refused: BTreeMap<String, u64>,
}

const fn filled(now: usize, max: usize) -> Filled {
    Filled { now: now as u64, max: max as u64 }
}

/// As it is now.
#[must_use]
pub fn of(shared: &Shared) -> Status {
    let people = &shared.identity.people;
    let (nodes, alerts) = fleet(shared);
    Status {
        version: env!("CARGO_PKG_VERSION"),
        id: shared.config.state.id.clone(),
        state_dir: std::path::absolute(&shared.folder).unwrap_or_else(|_| shared.folder.clone()).display().to_string(),
        running_seconds: shared.clock.now().since_start.as_secs(),
        problems: problems(shared),
        nodes,
        alerts,
        database: database(shared),
        broker: broker(shared),
        accounts: filled(people.accounts().len(), ACCOUNTS_MAX),
        tokens: filled(people.tokens().len(), TOKENS_MAX),
    }
}

fn fleet(shared: &Shared) -> (Nodes, BTreeMap<String, u64>) {
    let seen = shared.board.read();
    let count = |is: fn(&crate::tower::NodeState) -> bool| seen.nodes.values().filter(|node| is(node)).count() as u64;
    let nodes = Nodes {
        all: filled(seen.nodes.len(), NODES_MAX),
        online: count(|node| node.presence == Presence::Online),
        waiting: count(|node| node.row.state == "new"),
        refused: seen.nodes.values().map(|node| node.refused.total()).sum(),
    };
    let mut alerts = BTreeMap::new();
    for alert in seen.alerts.values().filter(|alert| alert.phase.fires()) {
        *alerts.entry(word(&alert.severity)).or_default() += 1;
    }
    (nodes, alerts)
}

fn database(shared: &Shared) -> Database {
    let health = shared.desk.health();
    let found = match shared.opened {
        Opened::New => "new",
        Opened::Clean => "clean",
        Opened::Unclean => "unclean",
        Opened::SetAside(_) => "set_aside",
    };
    Database {
        found,
        bytes: Filled { now: health.size_bytes, max: shared.config.history.size_max },
        log_bytes: health.wal_bytes,
        commits: health.commits,
        rows: health.rows,
    }
}

fn broker(shared: &Shared) -> Option<Broker> {
    use atalaya_broker::limits;
    let (addresses, counters) = shared.doorman.looks()?;
    let shown = |all: &[std::net::SocketAddr]| all.iter().map(ToString::to_string).collect();
    let Counters { connections, retained, retained_bytes, welcomed, refused, .. } = counters;
    let mut by_reason = BTreeMap::new();
    for ((_, why), count) in refused {
        *by_reason.entry(why.name().to_owned()).or_default() += count;
    }
    Some(Broker {
        listen: shown(&addresses.plain),
        listen_tls: shown(&addresses.tls),
        connections: filled(connections, limits::CONNECTIONS_MAX),
        retained: filled(retained, limits::RETAINED_MAX),
        retained_bytes: Filled { now: retained_bytes, max: limits::RETAINED_TOTAL_BYTES_MAX },
        welcomed,
        refused: by_reason,
    })
}

fn problems(shared: &Shared) -> Vec<String> {
    let health = shared.desk.health();
    let mut all: Vec<String> = shared.problem().into_iter().chain(health.history).collect();
    let seen = shared.board.read();
    all.extend(seen.aside.as_ref().map(ToString::to_string));
    if let Link::Down(why) = &seen.link {
        all.push(format!("there is no connection to the broker: {why}"));
    }
    drop(seen);
    let channels = shared.channels.troubles().into_iter();
    all.extend(channels.map(|(channel, state)| match state {
        atalaya_notify::turn::State::WrongSetUp(why) => format!("channel {channel} is set up wrongly: {why}"),
        atalaya_notify::turn::State::Failing(why) => format!("channel {channel} does not get through: {why}"),
        atalaya_notify::turn::State::Works => format!("channel {channel} works again"),
    }));
    all
}
