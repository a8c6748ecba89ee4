//! What can be written. A row says everything, so that a batch that failed can be written again.

use atalaya_wire::StreamId;
use rusqlite::Transaction;

/// A node as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// In ids of blocks.
    pub id: u16,
    /// As in topics.
    pub name: String,
    /// For people.
    pub title: String,
    /// Whose it is; empty for nobody's.
    pub customer: String,
    /// Where it stands.
    pub site: String,
    /// What stands between it and us.
    pub parent: Option<u16>,
    /// `new`, `member` or `retired`.
    pub state: &'static str,
    /// When it came.
    pub joined: i64,
}

/// A run of a job, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Whose.
    pub node: u16,
    /// Random.
    pub run: [u8; 16],
    /// Of which job.
    pub job: String,
    /// Who or what began it.
    pub cause: Option<String>,
    /// When.
    pub began: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// `ok`, `warnings`, `failed`, `stopped`.
    pub result: Option<String>,
    /// Of its process.
    pub exit: Option<i32>,
    /// Why.
    pub problem: Option<String>,
    /// Its figures, as the view's JSON.
    pub view: Option<String>,
}

/// Who did what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: i64,
    /// Name of the account or token; empty for the sidecar itself.
    pub who: String,
    /// `page`, `api`, `command`, `self`.
    pub how: String,
    /// From which address.
    pub peer: String,
    /// What was done, such as `alert.acknowledge`.
    pub what: String,
    /// To what.
    pub target: String,
    /// More of it.
    pub detail: String,
}

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its name.
    pub name: String,
    /// Of its password.
    pub hash: String,
    /// `viewer`, `operator` or `approver`.
    pub role: String,
    /// Which customers, as a JSON list; all without one.
    pub customers: Option<String>,
    /// `en` or `es`.
    pub language: String,
    /// Name of a time zone.
    pub zone: String,
    /// When it was made.
    pub made: i64,
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its name.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// A JSON list.
    pub scopes: String,
    /// Which customers, as a JSON list; all without one.
    pub customers: Option<String>,
    /// When it was made.
    pub made: i64,
    /// When it ends.
    pub ends: Option<i64>,
}

/// See the module. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the columns of the schema")]
pub enum Row {
    Node(Node),
    NodeGone {
        node: u16,
        at: i64,
        forget: bool,
    },
    NodeCert {
        node: u16,
        cert: Option<[u8; 32]>,
        secret: Option<[u8; 32]>,
    },
    Boot {
        node: u16,
        boot: [u8; 16],
        at_millis: i64,
        seen: i64,
    },
    Stream {
        node: u16,
        kind: u8,
        stream: StreamId,
        seq: u64,
        missing: Vec<u8>,
        /// When the node was last heard, in seconds since 1970.
        heard: i64,
    },
    Frame {
        node: u16,
        at_millis: i64,
        flags: u8,
        body: Vec<u8>,
    },
    Record {
        node: u16,
        stream: StreamId,
        seq: u64,
        at: i64,
        wall_millis: i64,
        body: Vec<u8>,
    },
    Event {
        node: u16,
        at: i64,
        kind: &'static str,
        object: String,
        body: String,
    },
    /// What a node wants a certificate for.
    Request {
        node: u16,
        certificate: String,
        at: i64,
        installed: String,
        body: Vec<u8>,
    },
    Run(Run),
    Gap {
        node: u16,
        since: i64,
        until: i64,
        why: &'static str,
    },
    AlertPart {
        kind: u8,
        key: String,
        body: Option<String>,
    },
    Incident {
        id: u64,
        node: String,
        severity: String,
        began: i64,
        ended: Option<i64>,
        stage: String,
        title_en: String,
        title_es: String,
    },
    IncidentOwner {
        id: u64,
        owner: Option<Option<String>>,
        due: Option<Option<i64>>,
        ticket: Option<Option<String>>,
    },
    Timeline {
        incident: u64,
        number: u64,
        at: i64,
        body: String,
    },
    Notification {
        id: String,
        at: i64,
        kind: String,
        severity: String,
        body: String,
    },
    Delivery {
        notification: String,
        channel: String,
        next: i64,
    },
    Delivered {
        notification: String,
        channel: String,
        state: &'static str,
        tries: u32,
        next: i64,
        done: Option<i64>,
        answer: Option<String>,
        merged: Option<String>,
    },
    /// What waits for a channel is tried at this time, unless it is sooner anyhow.
    Woken {
        channel: String,
        next: i64,
    },
    Maintenance {
        id: String,
        body: Option<String>,
        begun: Option<i64>,
    },
    /// A part of what is known of renewals; gone without a body.
    Renewal {
        kind: u8,
        key: String,
        body: Option<String>,
    },
    Account(AccountRow),
    AccountGone {
        name: String,
        at: i64,
    },
    Password {
        name: String,
        hash: String,
    },
    Preferences {
        name: String,
        language: String,
        zone: String,
    },
    Session {
        hash: [u8; 32],
        account: String,
        csrf: [u8; 32],
        made: i64,
        ends: i64,
        peer: String,
    },
    SessionSeen {
        hash: [u8; 32],
        seen: i64,
    },
    SessionGone {
        hash: [u8; 32],
    },
    SessionsGone {
        account: String,
        but: Option<[u8; 32]>,
    },
    Token(TokenRow),
    TokenSeen {
        hash: [u8; 32],
        seen: i64,
    },
    TokenGone {
        name: String,
        at: i64,
    },
    Once {
        hash: [u8; 32],
        what: &'static str,
        body: String,
        ends: i64,
    },
    OnceUsed {
        hash: [u8; 32],
        at: i64,
    },
    Audit(Audit),
    Retained {
        topic: String,
        qos: u8,
        expires: Option<i64>,
        props: String,
        payload: Vec<u8>,
    },
    RetainedGone {
        topic: String,
    },
    Meta {
        key: &'static str,
        value: String,
    },
}

impl Row {
    /// Whether somebody relies on it once the batch is committed. Frames are asked for again after a power cut.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        !matches!(
            self,
            Self::Frame { .. }
                | Self::Boot { .. }
                | Self::Gap { .. }
                | Self::Stream { kind: 1, .. }
                | Self::SessionSeen { .. }
                | Self::TokenSeen { .. }
                | Self::Retained { .. }
                | Self::RetainedGone { .. }
        )
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        64 + match self {
            Self::Frame { body, .. } | Self::Record { body, .. } | Self::Request { body, .. } => body.len(),
            Self::Retained { payload, props, topic, .. } => payload.len() + props.len() + topic.len(),
            Self::AlertPart { body: Some(body), .. }
            | Self::Timeline { body, .. }
            | Self::Notification { body, .. }
            | Self::Renewal { body: Some(body), .. }
            | Self::Event { body, .. } => body.len(),
            Self::Stream { missing, .. } => missing.len(),
            _ => 128,
        }
    }

    /// Writes it.
    pub(super) fn put(&self, to: &Transaction<'_>) -> rusqlite::Result<()> {
        match self {
            Self::Node(_) | Self::NodeGone { .. } | Self::NodeCert { .. } | Self::Boot { .. } => {
                super::put::nodes(self, to)
            }
            Self::Stream { .. }
            | Self::Frame { .. }
            | Self::Record { .. }
            | Self::Event { .. }
            | Self::Request { .. }
            | Self::Run(_)
            | Self::Gap { .. } => super::put::streams(self, to),
            Self::AlertPart { .. }
            | Self::Incident { .. }
            | Self::IncidentOwner { .. }
            | Self::Timeline { .. }
            | Self::Notification { .. }
            | Self::Delivery { .. }
            | Self::Delivered { .. }
            | Self::Woken { .. }
            | Self::Maintenance { .. }
            | Self::Renewal { .. } => super::put::alerts(self, to),
            _ => super::put::people(self, to),
        }
    }
}
