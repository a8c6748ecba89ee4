//! Records. Its `PUT` replaces all records of a name and type, its `PATCH` adds to all.

use std::collections::BTreeSet;

use atalaya_renew::{Record, RecordType, Trouble};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::GoDaddy;
use super::api::Change;
use crate::limits::{GODADDY_TTL_MAX, GODADDY_TTL_MIN};
use crate::provider::Zone;
use crate::{names, records};

/// `DNSRecord`
#[derive(Clone, Deserialize)]
struct Row {
    data: String,
    #[serde(default)]
    ttl: u32,
}

/// Where a set of records is.
struct Set {
    zone: String,
    name: String,
    kind: RecordType,
}

impl Zone for GoDaddy {
    fn records(&self, name: &str, kind: RecordType) -> Result<Vec<Record>, Trouble> {
        let set = self.find(name, kind)?;
        let rows = self.rows(&set)?.into_iter();
        Ok(rows
            .map(|row| Record { name: set.name.clone(), kind, data: records::told(kind, &row.data), ttl: row.ttl })
            .collect())
    }

    fn set(&self, name: &str, kind: RecordType, wanted: &[Record]) -> Result<(), Trouble> {
        let set = self.find(name, kind)?;
        let there: BTreeSet<(String, u32)> =
            self.rows(&set)?.into_iter().map(|row| (records::told(kind, &row.data), row.ttl)).collect();
        let wanted = wanted.iter().map(|record| Ok((records::checked(kind, &record.data)?, ttl(record.ttl))));
        let wanted = wanted.collect::<Result<BTreeSet<_>, Trouble>>()?;
        if there == wanted {
            return Ok(());
        }
        self.replace(&set, &wanted.into_iter().map(|(data, ttl)| Row { data, ttl }).collect::<Vec<_>>())
    }

    fn add_txt(&self, name: &str, data: &str) -> Result<(), Trouble> {
        let set = self.find(name, RecordType::Txt)?;
        let data = records::checked(RecordType::Txt, data)?;
        if self.rows(&set)?.iter().any(|row| row.data == data) {
            return Ok(());
        }
        let relative = names::relative(&set.name, &set.zone);
        let body = json!([{ "type": "TXT", "name": relative, "data": data, "ttl": GODADDY_TTL_MIN }]);
        self.write(Method::PATCH, &format!("/v1/domains/{}/records", set.zone), Some(&body))
    }

    fn remove_txt(&self, name: &str, data: &str) -> Result<(), Trouble> {
        let set = self.find(name, RecordType::Txt)?;
        let mut rows = self.rows(&set)?;
        let before = rows.len();
        rows.retain(|row| row.data != data);
        if rows.len() == before { Ok(()) } else { self.replace(&set, &rows) }
    }

    fn servers(&self, name: &str) -> Result<Vec<String>, Trouble> {
        let set = self.find(name, RecordType::Txt)?;
        let servers = self.domain(&set.zone)?.name_servers.unwrap_or_default();
        servers
            .iter()
            .map(|server| names::name(server))
            .collect::<Result<_, _>>()
            .map_err(|_| Trouble::Garbled("one of its name servers is no name".into()))
    }
}

impl GoDaddy {
    fn find(&self, name: &str, kind: RecordType) -> Result<Set, Trouble> {
        let name = names::name(name)?;
        let domains: Vec<String> = self.domains()?.into_iter().map(|one| one.domain.to_lowercase()).collect();
        let zone = names::zone_of(&name, domains.iter().map(String::as_str))
            .ok_or_else(|| Trouble::NotThere(format!("{name} is in no domain of this account")))?;
        Ok(Set { zone: names::name(zone)?, name, kind })
    }

    fn rows(&self, set: &Set) -> Result<Vec<Row>, Trouble> {
        self.get("records", &set.path())?.json()
    }

    fn replace(&self, set: &Set, rows: &[Row]) -> Result<(), Trouble> {
        if rows.is_empty() {
            return self.write(Method::DELETE, &set.path(), None);
        }
        let rows: Vec<Value> = rows.iter().map(|row| json!({ "data": row.data, "ttl": ttl(row.ttl) })).collect();
        self.write(Method::PUT, &set.path(), Some(&rows.into()))
    }

    fn write(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), Trouble> {
        let gone = method == Method::DELETE;
        let change = Change { method, endpoint: "records-change", path, body, reference: None };
        let answer = self.change(&self.key, &change)?;
        match answer.status {
            200..=299 => Ok(()),
            404 if gone => Ok(()),
            500..=599 | 408 => Err(Trouble::Unclear(format!("GoDaddy was in trouble ({})", answer.status))),
            _ => Err(self.judge(&answer)),
        }
    }
}

impl Set {
    fn path(&self) -> String {
        let relative = names::relative(&self.name, &self.zone);
        format!("/v1/domains/{}/records/{}/{relative}", self.zone, self.kind)
    }
}

/// What it takes.
fn ttl(wanted: u32) -> u32 {
    wanted.clamp(GODADDY_TTL_MIN, GODADDY_TTL_MAX)
}
