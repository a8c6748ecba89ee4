//! Zones and their records. Each record has an id of its own.

use atalaya_renew::{Record, RecordType, Trouble};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::Cloudflare;
use super::api::{IDENTICAL, Said, id};
use crate::limits::{CLOUDFLARE_TTL_MAX, CLOUDFLARE_TTL_MIN, CLOUDFLARE_ZONES_MAX};
use crate::provider::Zone;
use crate::{names, records};

/// A zone.
#[derive(Deserialize)]
pub(super) struct Holding {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) account: Option<Account>,
    #[serde(default)]
    name_servers: Option<Vec<String>>,
}

/// Whose it is.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) id: String,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    content: String,
    ttl: u32,
    #[serde(default)]
    proxied: Option<bool>,
}

/// What is to be changed so that a set is as it should be.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Add(String, u32),
    Change(String, String, u32),
    Remove(String),
}

impl Zone for Cloudflare {
    fn records(&self, name: &str, kind: RecordType) -> Result<Vec<Record>, Trouble> {
        let (zone, name) = self.find(name)?;
        let rows = self.rows(&zone, &name, kind)?.into_iter();
        let record =
            |row: Row| Record { name: name.clone(), kind, data: records::told(kind, &row.content), ttl: row.ttl };
        Ok(rows.map(record).collect())
    }

    fn set(&self, name: &str, kind: RecordType, wanted: &[Record]) -> Result<(), Trouble> {
        let (zone, name) = self.find(name)?;
        let wanted: Result<Vec<_>, _> =
            wanted.iter().map(|record| Ok((records::checked(kind, &record.data)?, ttl(record.ttl)))).collect();
        let rows = self.rows(&zone, &name, kind)?;
        steps(kind, &rows, wanted?).iter().try_for_each(|step| self.take(&zone, &name, kind, step))
    }

    fn add_txt(&self, name: &str, data: &str) -> Result<(), Trouble> {
        let (zone, name) = self.find(name)?;
        let data = records::checked(RecordType::Txt, data)?;
        let rows = self.rows(&zone, &name, RecordType::Txt)?;
        if rows.iter().any(|row| records::told(RecordType::Txt, &row.content) == data) {
            return Ok(());
        }
        self.take(&zone, &name, RecordType::Txt, &Step::Add(data, CLOUDFLARE_TTL_MIN))
    }

    fn remove_txt(&self, name: &str, data: &str) -> Result<(), Trouble> {
        let (zone, name) = self.find(name)?;
        let rows = self.rows(&zone, &name, RecordType::Txt)?;
        let fits = |row: &Row| records::told(RecordType::Txt, &row.content) == data;
        let gone = rows.into_iter().filter(fits).map(|row| Step::Remove(row.id));
        gone.into_iter().try_for_each(|step| self.take(&zone, &name, RecordType::Txt, &step))
    }

    fn servers(&self, name: &str) -> Result<Vec<String>, Trouble> {
        let (zone, _) = self.find(name)?;
        let servers = zone.name_servers.unwrap_or_default();
        let odd = |_| Trouble::Garbled("one of its name servers is no name".into());
        servers.iter().map(|server| names::name(server).map_err(odd)).collect()
    }
}

impl Cloudflare {
    /// All that the token may see.
    pub(super) fn zones(&self) -> Result<Vec<Holding>, Trouble> {
        let zones: Vec<Holding> = self.pages("/zones?per_page=50")?;
        if zones.len() > CLOUDFLARE_ZONES_MAX {
            return Err(Trouble::Refused(format!(
                "the token sees more than {CLOUDFLARE_ZONES_MAX} zones; restrict it to those that matter here"
            )));
        }
        Ok(zones)
    }

    fn find(&self, name: &str) -> Result<(Holding, String), Trouble> {
        let name = names::name(name)?;
        let mut zones = self.zones()?;
        zones.iter_mut().for_each(|zone| zone.name.make_ascii_lowercase());
        let found = names::zone_of(&name, zones.iter().map(|zone| zone.name.as_str())).map(str::to_owned);
        let zone = zones.into_iter().find(|zone| Some(&zone.name) == found.as_ref());
        let zone = zone.ok_or_else(|| Trouble::NotThere(format!("{name} is in no zone that this token sees")))?;
        id(&zone.id)?;
        Ok((zone, name))
    }

    fn rows(&self, zone: &Holding, name: &str, kind: RecordType) -> Result<Vec<Row>, Trouble> {
        self.pages(&format!("/zones/{}/dns_records?type={kind}&name={name}&per_page=100", zone.id))
    }

    fn take(&self, zone: &Holding, name: &str, kind: RecordType, step: &Step) -> Result<(), Trouble> {
        let all = format!("/zones/{}/dns_records", zone.id);
        let content = |data: &str| if kind == RecordType::Txt { format!("\"{data}\"") } else { data.to_owned() };
        let (method, path, body) = match step {
            Step::Add(data, ttl) => {
                let body = json!({ "type": kind.as_str(), "name": name, "content": content(data), "ttl": ttl });
                (Method::POST, all, Some(body))
            }
            Step::Change(row, data, ttl) => {
                (Method::PATCH, format!("{all}/{}", id(row)?), Some(json!({ "content": content(data), "ttl": ttl })))
            }
            Step::Remove(row) => (Method::DELETE, format!("{all}/{}", id(row)?), None),
        };
        let removes = method == Method::DELETE;
        let answer = self.send(&self.token, method, &path, body.as_ref())?;
        if matches!(answer.status, 408 | 500..=599) {
            return Err(Trouble::Unclear(format!("Cloudflare was in trouble ({})", answer.status)));
        }
        match self.read::<Value>(&answer) {
            Ok(Said::Yes(..)) => Ok(()),
            Ok(Said::No(_, codes)) if codes.contains(&IDENTICAL) => Ok(()),
            Ok(Said::No(Trouble::NotThere(_), _)) if removes => Ok(()),
            Ok(Said::No(trouble, _)) => Err(trouble),
            Err(Trouble::Garbled(why)) => Err(Trouble::Unclear(why)),
            Err(trouble) => Err(trouble),
        }
    }
}

/// How `rows` become `wanted`, with what is there changed before something is added or removed.
fn steps(kind: RecordType, rows: &[Row], mut wanted: Vec<(String, u32)>) -> Vec<Step> {
    wanted.sort();
    wanted.dedup_by(|one, other| one.0 == other.0);
    let (mut steps, mut free) = (Vec::new(), Vec::new());
    for row in rows {
        let data = records::told(kind, &row.content);
        match wanted.iter().position(|(wanted, _)| *wanted == data) {
            None => free.push(row.id.clone()),
            Some(at) => {
                let (data, ttl) = wanted.remove(at);
                // One that Cloudflare answers for has the time that it chooses.
                if row.ttl != ttl && row.proxied != Some(true) {
                    steps.push(Step::Change(row.id.clone(), data, ttl));
                }
            }
        }
    }
    let mut free = free.into_iter();
    for (data, ttl) in wanted {
        steps.push(match free.next() {
            Some(row) => Step::Change(row, data, ttl),
            None => Step::Add(data, ttl),
        });
    }
    steps.extend(free.map(Step::Remove));
    steps
}

/// What it takes. It chooses itself where nothing is wanted.
fn ttl(wanted: u32) -> u32 {
    if wanted == 0 { 1 } else { wanted.clamp(CLOUDFLARE_TTL_MIN, CLOUDFLARE_TTL_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_changed_before_something_is_added() {
        let row = |id: &str, content: &str, proxied| Row { id: id.into(), content: content.into(), ttl: 1, proxied };
        let rows = [row("1", "203.0.113.1", None), row("2", "203.0.113.2", Some(true))];
        let of = |wanted: &[(&str, u32)]| {
            steps(RecordType::A, &rows, wanted.iter().map(|(data, ttl)| ((*data).to_owned(), *ttl)).collect())
        };
        assert_eq!(of(&[("203.0.113.1", 1), ("203.0.113.2", 300)]), []);
        assert_eq!(
            of(&[("203.0.113.9", 1)]),
            [Step::Change("1".into(), "203.0.113.9".into(), 1), Step::Remove("2".into())]
        );
        assert_eq!(
            of(&[("203.0.113.1", 60), ("203.0.113.2", 1), ("203.0.113.3", 1), ("203.0.113.3", 1)]),
            [Step::Change("1".into(), "203.0.113.1".into(), 60), Step::Add("203.0.113.3".into(), 1)]
        );
    }
}
