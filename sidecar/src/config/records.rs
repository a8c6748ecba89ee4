//! `[[record]]`: names whose addresses follow a node, in a zone of a provider.
//!
//! ```toml
//! [[record]]
//! name = "nas.example.com"
//! # A [[provider]] of kind cloudflare or godaddy, which holds the zone.
//! provider = "cloudflare"
//! # Whose public address it follows: the node's id. Its agent needs [probe.dns].
//! node = "nas-1"
//! # Without this, both that the node has.
//! # families = ["ipv4", "ipv6"]
//! # For how many seconds others may keep it; without this, what the provider chooses.
//! # ttl = 300
//! # Asked whether a change is there, instead of the servers that the provider names.
//! # servers = ["ns1.example.com"]
//! ```

use std::collections::BTreeSet;

use atalaya_base::config::{Mistake, Spanned};
use atalaya_renew::RecordType;
use serde::Deserialize;

const RECORDS_MAX: usize = 64;
/// What a name server is asked for, in total (RFC 1035, 2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// What both providers take.
const TTL: std::ops::RangeInclusive<u32> = 60..=86_400;

/// A name that follows a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// In lower case, without a dot at its end.
    pub name: String,
    /// Who holds its zone.
    pub provider: String,
    /// Whose address it follows.
    pub node: String,
    /// Of which types.
    pub types: Vec<RecordType>,
    /// Whether these were written: otherwise a type that the node does not have is nothing to wait for.
    pub is_written: bool,
    /// Seconds; 0 lets the provider choose.
    pub ttl: u32,
    /// Who is asked whether a change is there; nobody means those that the provider names.
    pub servers: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Family {
    Ipv4,
    Ipv6,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    name: String,
    provider: String,
    node: String,
    families: Option<Vec<Family>>,
    ttl: Option<u32>,
    #[serde(default)]
    servers: Vec<String>,
}

/// Each name stands once for each family; its provider is among those that hold zones.
pub(super) fn check(written: Vec<Spanned<Raw>>, zones: &BTreeSet<&str>) -> Result<Vec<Record>, Mistake> {
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for one in written {
        let wrong = |why: String| Mistake::at("record", &one, why);
        let record = one.get_ref().check(zones).map_err(wrong)?;
        for kind in &record.types {
            if seen.len() >= 2 * RECORDS_MAX || !seen.insert((record.name.clone(), kind.as_str())) {
                let why = format!("{} {kind} is there already, or one of more than {RECORDS_MAX}", record.name);
                return Err(wrong(why));
            }
        }
        all.push(record);
    }
    Ok(all)
}

impl Raw {
    fn check(&self, zones: &BTreeSet<&str>) -> Result<Record, String> {
        if !zones.contains(self.provider.as_str()) {
            return Err(format!("there is no provider {:?} that holds zones", self.provider));
        }
        if self.node.is_empty() {
            return Err("node is empty: whose address does it follow?".into());
        }
        if let Some(ttl) = self.ttl.filter(|ttl| !TTL.contains(ttl)) {
            return Err(format!("ttl is {ttl}; write {} to {} seconds", TTL.start(), TTL.end()));
        }
        if let Some(odd) = self.servers.iter().find(|server| server.is_empty() || server.contains(char::is_whitespace))
        {
            return Err(format!("{odd:?} is no name server; write its name or address"));
        }
        Ok(Record {
            name: name(&self.name)?,
            provider: self.provider.clone(),
            node: self.node.clone(),
            types: self.types()?,
            is_written: self.families.is_some(),
            ttl: self.ttl.unwrap_or(0),
            servers: self.servers.clone(),
        })
    }

    fn types(&self) -> Result<Vec<RecordType>, String> {
        let Some(families) = &self.families else { return Ok(vec![RecordType::A, RecordType::Aaaa]) };
        if families.is_empty() {
            return Err("families is empty: write \"ipv4\", \"ipv6\" or both, or leave it out".into());
        }
        let kind = |family: &Family| match family {
            Family::Ipv4 => RecordType::A,
            Family::Ipv6 => RecordType::Aaaa,
        };
        Ok(families.iter().map(kind).collect())
    }
}

/// As the providers want it.
fn name(text: &str) -> Result<String, String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(fits);
    if name.len() <= NAME_BYTES_MAX && name.contains('.') && name.split('.').all(label) {
        return Ok(name);
    }
    Err(format!("{text:?} is no name such as nas.example.com; other scripts are written as xn--…"))
}
