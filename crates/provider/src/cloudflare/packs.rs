//! Certificates that it shows for a zone. It replaces its own; those that were brought it does not.

use atalaya_renew::limits::{DAY_SECONDS, short};
use atalaya_renew::{ByItself, Ends, Flag, Found, Kind, Trouble};
use serde::Deserialize;

use super::Cloudflare;
use super::api::id;
use super::zone::Holding;
use crate::time;

#[derive(Deserialize)]
struct Pack {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    certificate_authority: Option<String>,
    #[serde(default)]
    validity_days: Option<i64>,
    #[serde(default)]
    certificates: Vec<Certificate>,
    #[serde(default)]
    validation_errors: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
struct Certificate {
    #[serde(default)]
    issuer: Option<String>,
    expires_on: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: String,
}

impl Cloudflare {
    /// Those of a zone. One that is over and has a successor is none.
    pub(super) fn packs(&self, zone: &Holding) -> Result<Vec<Found>, Trouble> {
        let path = format!("/zones/{}/ssl/certificate_packs?status=all", id(&zone.id)?);
        let packs: Vec<Pack> = self.get(&path)?;
        let same = |one: &Pack, other: &Pack| one.kind == other.kind && one.hosts == other.hosts;
        let followed = |one: &Pack| packs.iter().any(|other| other.status == "active" && same(one, other));
        let counts = |pack: &&Pack| match pack.status.as_str() {
            "deleted" | "inactive" | "pending_deletion" | "deactivating" => false,
            "active" => true,
            _ => !followed(pack),
        };
        packs.iter().filter(counts).map(|pack| pack.found(&zone.name)).collect()
    }
}

impl Pack {
    fn found(&self, zone: &str) -> Result<Found, Trouble> {
        let times = self.certificates.iter().filter_map(|one| one.expires_on.as_deref()).map(time::seconds);
        let first = times.collect::<Result<Vec<_>, _>>().map_err(Trouble::Garbled)?.into_iter().min();
        let failure = self.validation_errors.iter().flatten().map(|failure| failure.message.as_str()).next();
        let stopped = failure.is_some() || self.status.ends_with("_timed_out");
        let ends = first.map_or_else(
            || Ends::Unknown(short(&format!("there is no certificate yet; its status is {}", self.status))),
            Ends::At,
        );
        // `custom` and the like were brought by somebody, who has to bring the next.
        let ours =
            matches!(self.kind.as_str(), "universal" | "advanced" | "total_tls" | "dedicated" | "dedicated_custom");
        let issuer = self.certificates.iter().find_map(|one| one.issuer.clone());
        let mut note = format!("at Cloudflare, {}", self.kind);
        for more in [issuer.or_else(|| self.certificate_authority.clone()).as_deref(), failure].into_iter().flatten() {
            note.push_str(&format!(", {more}"));
        }
        let days = self.validity_days.filter(|days| (1..=3_650).contains(days));
        Ok(Found {
            begun: first.zip(days).map(|(end, days)| end - days * DAY_SECONDS),
            by_itself: if ours { ByItself::ProviderReplaces } else { ByItself::Nothing },
            flags: if stopped { vec![Flag::Suspended] } else { Vec::new() },
            note: short(&note),
            ..Found::new(Kind::Certificate, short(&self.name(zone)), ends)
        })
    }

    fn name(&self, zone: &str) -> String {
        format!("{} ({})", self.hosts.first().map_or(zone, String::as_str), self.kind)
    }
}
