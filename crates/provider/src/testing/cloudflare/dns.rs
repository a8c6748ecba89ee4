//! Records of zones, each with an id.

use serde_json::{Value, json};

use super::{Row, State, error, page, result};
use crate::testing::server::{Reply, Request};

/// Those that can be written here, of the description's `type`.
const KINDS: [&str; 3] = ["A", "AAAA", "TXT"];

impl State {
    /// Below `/zones/{zone}/dns_records`.
    pub(super) fn dns(&mut self, zone: &str, rest: &[&str], request: &Request) -> Reply {
        if !self.zones.iter().any(|one| one.id == zone) {
            return error(404, 7003, "No route for the URI");
        }
        let fits = |asked: Option<&str>, told: &str| asked.is_none_or(|asked| asked == told);
        match (request.method.as_str(), rest) {
            ("GET", []) => {
                let rows = self.rows.iter().filter(|row| row.zone == zone);
                let rows =
                    rows.filter(|row| fits(request.asks("type"), &row.kind) && fits(request.asks("name"), &row.name));
                page(request, &rows.map(Row::told).collect::<Vec<_>>())
            }
            ("POST", []) => self.add(zone, &request.body),
            ("PATCH", [id]) => self.patch(id, &request.body),
            ("DELETE", [id]) => {
                let before = self.rows.len();
                self.rows.retain(|row| row.id != *id);
                if self.rows.len() == before { no_record() } else { result(200, &json!({ "id": id })) }
            }
            _ => error(405, 10_405, "Method not allowed"),
        }
    }

    fn add(&mut self, zone: &str, body: &Value) -> Reply {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let (Some(kind), Some(name), Some(content)) = (text("type"), text("name"), text("content")) else {
            return error(400, 9_000, "DNS name is invalid");
        };
        let ttl = body["ttl"].as_u64().unwrap_or(1);
        if !KINDS.contains(&kind.as_str()) || (ttl != 1 && !(60..=86_400).contains(&ttl)) {
            return error(400, 9_021, "Invalid TTL or type");
        }
        if self.rows.iter().any(|row| row.kind == kind && row.name == name && row.content == content) {
            return error(400, 81_058, "An identical record already exists.");
        }
        self.next += 1;
        let id = format!("{:032x}", self.next);
        let row = Row { zone: zone.into(), id, kind, name, content, ttl, proxied: false };
        let told = row.told();
        self.rows.push(row);
        result(200, &told)
    }

    fn patch(&mut self, id: &str, body: &Value) -> Reply {
        let Some(row) = self.rows.iter_mut().find(|row| row.id == id) else { return no_record() };
        if let Some(content) = body["content"].as_str() {
            row.content = content.into();
        }
        row.ttl = body["ttl"].as_u64().unwrap_or(row.ttl);
        result(200, &row.told())
    }
}

fn no_record() -> Reply {
    error(404, 81_044, "Record does not exist.")
}

impl Row {
    fn told(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "type": self.kind, "content": self.content, "proxiable": true,
            "proxied": self.proxied, "ttl": self.ttl, "settings": {}, "meta": {}, "comment": null, "tags": [],
            "created_on": "2026-01-02T03:04:05.000000Z", "modified_on": "2026-01-02T03:04:05.000000Z",
        })
    }
}
