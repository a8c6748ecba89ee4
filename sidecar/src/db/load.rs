//! What the tower was when it stopped.

use std::collections::BTreeMap;

use atalaya_alert as alert;
use atalaya_wire::StreamId;
use rusqlite::{Connection, Row as SqlRow};
use serde::de::DeserializeOwned;

use super::{ASIDE, Aside, Node};
use crate::error::{Error, Kind, Result};
use crate::tower::Request;
use crate::window::Window;

/// A node with what goes on behind it.
#[derive(Clone, Debug)]
pub struct NodeRow {
    /// As it was written.
    pub node: Node,
    /// When it was last heard, in seconds since 1970.
    pub seen: i64,
    /// Id of its last known boot, and when that was in milliseconds since 1970 by the sidecar's clock.
    pub boot: Option<([u8; 16], i64)>,
}

/// How far a stream was.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Whose.
    pub node: u16,
    /// 1 frames, 2 records.
    pub kind: u8,
    /// Which.
    pub stream: StreamId,
    /// The last one that was taken.
    pub seq: u64,
    /// What was missing, as it was written.
    pub missing: Vec<u8>,
}

/// Maintenance that is announced, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowRow {
    /// What.
    pub window: Window,
    /// When the occurrence began that the engine was told of last, in seconds since 1970.
    pub begun: Option<i64>,
}

/// What a node wants a certificate for.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// Whose.
    pub node: u16,
    /// Of which name.
    pub certificate: String,
    /// What it was.
    pub request: Request,
}

/// Everything that the tower goes on from.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Nodes that are not retired.
    pub nodes: Vec<NodeRow>,
    /// Their streams.
    pub streams: Vec<StreamRow>,
    /// What they want certificates for.
    pub requests: Vec<RequestRow>,
    /// The engine's state.
    pub alerts: alert::State,
    /// Maintenance that is announced.
    pub windows: Vec<WindowRow>,
    /// Of the last thing that was given a number, nodes that are retired among them.
    pub last_node: u16,
    /// Nodes that are retired, by name: one that comes back goes on with its past.
    pub retired: BTreeMap<String, u16>,
    /// Number of the last signed command.
    pub last_command: u64,
    /// A damaged database that was set aside, of which nobody took note yet.
    pub aside: Option<Aside>,
}

/// Reads it.
///
/// # Errors
///
/// [`Kind::Damaged`] if something is not what was written.
pub fn load(connection: &Connection) -> Result<Loaded> {
    let sql = "SELECT node.id, node.name, title, customer.name, site, parent, state, coalesce(joined, 0),
        max(seen, coalesce((SELECT max(heard) FROM stream WHERE stream.node = node.id), 0)), boot, boot_at_millis
        FROM node JOIN customer ON customer.id = node.customer WHERE state <> 'retired'";
    let nodes = connection.prepare(sql)?.query_map([], node)?.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT node, kind, stream, seq, missing FROM stream";
    let streams = connection.prepare(sql)?.query_map([], stream)?.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT node, certificate, at, installed, body FROM request";
    let requests = connection.prepare(sql)?.query_map([], request)?.collect::<rusqlite::Result<_>>()?;
    let last_node = connection.query_row("SELECT coalesce(max(id), 0) FROM node", [], |row| row.get(0))?;
    let sql = "SELECT name, id FROM node WHERE state = 'retired'";
    let pair = |row: &SqlRow<'_>| Ok((row.get(0)?, row.get(1)?));
    let retired = connection.prepare(sql)?.query_map([], pair)?.collect::<rusqlite::Result<_>>()?;
    let sql = "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM meta WHERE key = 'last_command'";
    let last_command = connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
    let last_command = u64::try_from(last_command).unwrap_or_default();
    let (alerts, windows, aside) = (alerts(connection)?, windows(connection)?, aside(connection)?);
    Ok(Loaded { nodes, streams, requests, alerts, windows, last_node, retired, last_command, aside })
}

fn aside(connection: &Connection) -> Result<Option<Aside>> {
    let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = ?1), '')";
    let said: String = connection.query_row(sql, [ASIDE], |row| row.get(0))?;
    Ok(serde_json::from_str(&said).ok())
}

fn node(row: &SqlRow<'_>) -> rusqlite::Result<NodeRow> {
    let state: String = row.get(6)?;
    let node = Node {
        id: row.get(0)?,
        name: row.get(1)?,
        title: row.get(2)?,
        customer: row.get(3)?,
        site: row.get(4)?,
        parent: row.get(5)?,
        state: if state == "new" { "new" } else { "member" },
        joined: row.get(7)?,
    };
    let boot: (Option<[u8; 16]>, Option<i64>) = (row.get(9)?, row.get(10)?);
    Ok(NodeRow { node, seen: row.get(8)?, boot: boot.0.zip(boot.1) })
}

fn stream(row: &SqlRow<'_>) -> rusqlite::Result<StreamRow> {
    Ok(StreamRow {
        node: row.get(0)?,
        kind: row.get(1)?,
        stream: StreamId(row.get(2)?),
        seq: row.get::<_, i64>(3)?.try_into().unwrap_or(0),
        missing: row.get(4)?,
    })
}

fn request(row: &SqlRow<'_>) -> rusqlite::Result<RequestRow> {
    let request = Request { at: row.get(2)?, installed: row.get(3)?, body: row.get(4)? };
    Ok(RequestRow { node: row.get(0)?, certificate: row.get(1)?, request })
}

/// Kinds of parts in the table `alert_part`.
pub(crate) const HEAD: u8 = 1;
pub(crate) const NODE: u8 = 2;
pub(crate) const INCIDENT: u8 = 3;

fn alerts(connection: &Connection) -> Result<alert::State> {
    let head = parts::<alert::Head>(connection, HEAD)?.into_iter().next().map(|(_, head)| head).unwrap_or_default();
    let nodes = parts::<alert::Node>(connection, NODE)?;
    let incidents = parts::<alert::Incident>(connection, INCIDENT)?;
    let nodes = nodes.into_iter().map(|(key, node)| (alert::NodeId::from(key.as_str()), node));
    Ok(alert::State::from_parts(head, nodes, incidents.into_iter().map(|(_, incident)| (incident.id, incident))))
}

fn parts<T: DeserializeOwned>(connection: &Connection, kind: u8) -> Result<Vec<(String, T)>> {
    let mut statement = connection.prepare("SELECT key, body FROM alert_part WHERE kind = ?1")?;
    let rows = statement.query_map([kind], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut read = Vec::new();
    for row in rows {
        let (key, body) = row?;
        let part = serde_json::from_str(&body).map_err(|err| {
            Error::new(Kind::Damaged, format!("the part {kind} {key:?} of the alerts is unreadable: {err}"))
        })?;
        read.push((key, part));
    }
    Ok(read)
}

fn windows(connection: &Connection) -> Result<Vec<WindowRow>> {
    let mut statement = connection.prepare("SELECT id, body, begun FROM maintenance")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
    let mut read = Vec::new();
    for row in rows {
        let (id, body, begun) = row?;
        let window = serde_json::from_str(&body)
            .map_err(|err| Error::new(Kind::Damaged, format!("the window {id:?} is unreadable: {err}")))?;
        read.push(WindowRow { window, begun });
    }
    Ok(read)
}

/// Parts of what is known of renewals: kind, key, body.
///
/// # Errors
///
/// What the database says.
pub fn renewals(connection: &Connection) -> Result<Vec<(u8, String, String)>> {
    let mut statement = connection.prepare("SELECT kind, key, body FROM renewal ORDER BY kind, key")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the broker kept.
///
/// # Errors
///
/// What the database says.
pub fn retained(connection: &Connection) -> Result<Vec<atalaya_broker::Kept>> {
    let mut statement = connection.prepare("SELECT topic, qos, expires, props, payload FROM retained")?;
    let rows = statement.query_map([], |row| {
        Ok(atalaya_broker::Kept {
            topic: row.get(0)?,
            qos: row.get(1)?,
            expires: row.get(2)?,
            props: row.get(3)?,
            payload: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
