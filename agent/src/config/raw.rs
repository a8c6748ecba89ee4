//! The configuration as it is written: each value is checked by its type while it is read, and here what only shows
//! beside others.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use atalaya_base::config::{
    Above, DAY, Length, Mistake, Named, Place, Shown, Spanned, Written, Zone, entries, read_from_text, section,
};
use atalaya_base::zone;
use atalaya_wire::unhex;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::job::{self, RawJob};
use super::mqtt::{self, RawMqtt};
use super::names::Id;
use super::policy::RawPolicy;
use super::upkeep::{self, RawUpkeep};
use super::{Config, Pause};
use crate::certificate::{CERTIFICATES_MAX, Certificate};
use crate::noip::ClientConfig;

/// What a socket's address has room for.
const SOCKET_BYTES_MAX: usize = 107;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(default, deserialize_with = "section")]
    node: RawNode,
    #[serde(default, deserialize_with = "section")]
    watch: RawWatch,
    #[serde(default)]
    mqtt: Vec<RawMqtt>,
    #[serde(default, deserialize_with = "section")]
    sidecar: RawSidecar,
    #[serde(default, deserialize_with = "section")]
    pause: RawPause,
    #[serde(default, rename = "job")]
    jobs: Vec<RawJob>,
    #[serde(default, deserialize_with = "section")]
    policy: RawPolicy,
    #[serde(default, rename = "upkeep")]
    upkeeps: Vec<RawUpkeep>,
    /// Each section is read by its probe.
    #[serde(default)]
    probes: BTreeMap<String, Spanned<IgnoredAny>>,
    noip_client: Option<Spanned<ClientConfig>>,
    #[serde(default, rename = "certificate", deserialize_with = "entries")]
    certificates: Vec<Certificate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawNode {
    name: Option<Shown>,
    id: Option<Id>,
    state_dir: Option<Spanned<Place>>,
    socket: Option<Spanned<Place>>,
    zone: Option<Zone>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawWatch {
    interval: Length<5, DAY>,
    heartbeat: Length<5, { 7 * DAY }>,
}

impl Default for RawWatch {
    fn default() -> Self {
        Self { interval: Length(Duration::from_secs(60)), heartbeat: Length(Duration::from_secs(900)) }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSidecar {
    key: Option<SidecarKey>,
}

const SIDECAR_KEY: &str = "64 hexadecimal digits, as \"atalaya-sidecar node add\" prints them";

#[derive(Debug)]
struct SidecarKey([u8; 32]);

impl FromStr for SidecarKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let key = unhex(text).and_then(|bytes| bytes.try_into().ok());
        key.map(Self).ok_or_else(|| format!("this is no key, which is {SIDECAR_KEY}"))
    }
}

read_from_text!(SidecarKey, SIDECAR_KEY);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPause {
    above_celsius: Above<150>,
    above_busy_percent: Above<100>,
}

impl Default for RawPause {
    fn default() -> Self {
        Self { above_celsius: Above(Some(85.0)), above_busy_percent: Above(Some(90.0)) }
    }
}

impl Raw {
    pub(super) fn check(self, written: Written) -> Result<Config, Mistake> {
        let (state, socket) = self.node.places()?;
        let zone = self.node.zone.map_or_else(zone::local, |zone| zone.0);
        let name = self.node.name.map_or_else(host, |name| name.0);
        let noip = self.noip_client.as_ref();
        if let Some(noip) = noip {
            noip.get_ref().check().map_err(|what| Mistake::at("noip_client", noip, what))?;
        }
        certificates(&self.certificates, self.sidecar.key.is_some())?;
        let files = self.mqtt.iter().flat_map(RawMqtt::files);
        let without = "No-IP is told nothing";
        let named = noip.filter(|noip| noip.get_ref().is_on()).into_iter().flat_map(|noip| {
            Named::of("noip_client.password_file", noip.get_ref().password_file.as_ref(), without).chain(Named::of(
                "noip_client.ca_file",
                noip.get_ref().ca_file.as_ref(),
                without,
            ))
        });
        let access = self.jobs.iter().map(RawJob::access).chain(self.upkeeps.iter().map(RawUpkeep::access));
        Ok(Config {
            name,
            node: self.node.id.map(|id| id.0),
            interval: self.watch.interval.0,
            heartbeat: self.watch.heartbeat.0,
            sidecar: self.sidecar.key.map(|key| key.0),
            files: files.chain(named).collect(),
            job_files: access
                .flat_map(|access| access.named())
                .chain(self.upkeeps.iter().flat_map(RawUpkeep::named))
                .collect(),
            keys: self.upkeeps.iter().filter_map(RawUpkeep::key).collect(),
            jobs: job::check(&self.jobs, &state, &zone, &written)?,
            chores: upkeep::check(&self.upkeeps, &self.jobs, &state, &zone, &written)?,
            policy: self.policy.policy(),
            outputs: mqtt::check(self.mqtt, &written)?,
            socket,
            state,
            probes: self.probes,
            certificates: self.certificates,
            noip_client: self.noip_client.map(Spanned::into_inner).unwrap_or_default(),
            pause: Pause {
                above_celsius: self.pause.above_celsius.0,
                above_busy_percent: self.pause.above_busy_percent.0,
            },
            zone,
            written,
        })
    }
}

/// What only shows beside others.
fn certificates(all: &[Certificate], has_sidecar: bool) -> Result<(), Mistake> {
    let wrong = |why: String| Err(Mistake::whole("certificate", why));
    if all.len() > CERTIFICATES_MAX {
        return wrong(format!("there are more than {CERTIFICATES_MAX}"));
    }
    if !all.is_empty() && !has_sidecar {
        return wrong("certificates need the key of a sidecar in [sidecar]: it orders them".into());
    }
    for (at, one) in all.iter().enumerate() {
        if let Some(other) = all.iter().take(at).find(|other| other.folder == one.folder) {
            return wrong(format!("{} and {} are in the same folder; each needs its own", other.name, one.name));
        }
    }
    Ok(())
}

impl RawNode {
    /// The state folder and the socket.
    fn places(&self) -> Result<(PathBuf, PathBuf), Mistake> {
        let path = |place: &Spanned<Place>| place.get_ref().0.clone();
        let state = self.state_dir.as_ref().map_or_else(|| "/var/lib/atalaya".into(), path);
        let socket = self.socket.as_ref().map_or_else(|| state.join("control.sock"), path);
        if let Some(place) = self.socket.as_ref().or(self.state_dir.as_ref())
            && socket.as_os_str().as_bytes().len() > SOCKET_BYTES_MAX
        {
            let what = format!("the socket {} is longer than {SOCKET_BYTES_MAX} bytes", socket.display());
            return Err(Mistake::at("node", place, format!("{what}, which is all that a socket's name may have")));
        }
        Ok((state, socket))
    }
}

/// What this machine calls itself.
fn host() -> String {
    nix::unistd::gethostname().map_or_else(|_| "nas".into(), |name| name.to_string_lossy().into_owned())
}
