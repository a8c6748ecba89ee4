//! Records of zones.

use serde_json::{Value, json};

use super::{Row, State, error};
use crate::testing::server::{Reply, Request};

/// Those that can be written, of the description's `type`.
const KINDS: [&str; 3] = ["A", "AAAA", "TXT"];

impl State {
    /// Below `/v1/domains/{zone}/records`.
    pub(super) fn records(&mut self, zone: &str, rest: &[&str], request: &Request) -> Reply {
        if !self.domains.iter().any(|one| one.name == zone) {
            return error(404, "UNKNOWN_DOMAIN", "The given domain is not registered, or does not have a zone file");
        }
        match (request.method.as_str(), rest) {
            ("PATCH", []) => self.append(zone, &request.body),
            ("GET", [kind, name]) => {
                let fits = |row: &&Row| row.is(zone, kind, name);
                let tell = |row: &Row| json!({ "type": row.kind, "name": row.name, "data": row.data, "ttl": row.ttl });
                Reply::json(200, &self.rows.iter().filter(fits).map(tell).collect::<Vec<Value>>().into())
            }
            ("PUT", [kind, name]) => {
                let Some(rows) = rows(zone, Some((kind, name)), &request.body) else { return malformed() };
                self.rows.retain(|row| !row.is(zone, kind, name));
                self.rows.extend(rows);
                Reply::empty(200)
            }
            ("DELETE", [kind, name]) => {
                self.rows.retain(|row| !row.is(zone, kind, name));
                Reply::empty(204)
            }
            _ => error(404, "NOT_FOUND", "Not Found"),
        }
    }

    fn append(&mut self, zone: &str, body: &Value) -> Reply {
        let Some(rows) = rows(zone, None, body) else { return malformed() };
        let twice = |new: &Row| self.rows.iter().any(|old| old.is(zone, &new.kind, &new.name) && old.data == new.data);
        if rows.iter().any(twice) {
            return error(422, "DUPLICATE_RECORD", "Another record with the same attributes already exists");
        }
        self.rows.extend(rows);
        Reply::empty(200)
    }
}

impl Row {
    fn is(&self, zone: &str, kind: &str, name: &str) -> bool {
        self.zone == zone && self.kind == kind && self.name == name
    }
}

/// `DNSRecordCreateTypeName`, or `DNSRecord` where type and name are not in the path.
fn rows(zone: &str, path: Option<(&str, &str)>, body: &Value) -> Option<Vec<Row>> {
    let row = |one: &Value| {
        let (kind, name) = path.or_else(|| Some((one["type"].as_str()?, one["name"].as_str()?)))?;
        let good = KINDS.contains(&kind) && one["data"].is_string() && one["ttl"].as_u64().unwrap_or(600) >= 600;
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let ttl = one["ttl"].as_u64().unwrap_or(600).into();
        good.then(|| Row { zone: zone.into(), kind, name, data: one["data"].clone(), ttl })
    };
    body.as_array().filter(|rows| !rows.is_empty())?.iter().map(row).collect()
}

fn malformed() -> Reply {
    error(422, "INVALID_BODY", "`record` does not fulfill the schema")
}
