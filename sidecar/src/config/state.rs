//! `[state]`.

use std::path::PathBuf;

use atalaya_base::config::{Place, Zone};
use atalaya_base::zone;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::names::{Language, Name};

/// Where what is remembered lies, and what the sidecar calls itself.
#[derive(Clone, Debug)]
pub struct State {
    /// The folder; `None` for the usual one.
    pub dir: Option<PathBuf>,
    /// In topics, with its underscore.
    pub id: String,
    /// `en` or `es`, for who did not choose.
    pub language: &'static str,
    /// For who did not choose.
    pub zone: TimeZone,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    dir: Option<Place>,
    id: Option<Name>,
    language: Option<Language>,
    zone: Option<Zone>,
}

impl Raw {
    pub(super) fn check(self) -> State {
        State {
            dir: self.dir.map(|dir| dir.0),
            id: format!("_{}", self.id.map_or_else(|| "sidecar".into(), |id| id.0)),
            language: self.language.map_or("en", |language| language.0),
            zone: self.zone.map_or_else(zone::local, |zone| zone.0),
        }
    }
}

impl State {
    /// The folder: as it was written, else the system's for root and the user's for others.
    ///
    /// # Errors
    ///
    /// That there is none, and what to do.
    pub fn folder(&self) -> Result<PathBuf, String> {
        if let Some(dir) = &self.dir {
            return Ok(dir.clone());
        }
        if let Some(dir) = std::env::var_os("STATE_DIRECTORY") {
            return Ok(PathBuf::from(dir));
        }
        if nix::unistd::geteuid().is_root() {
            return Ok("/var/lib/atalaya-sidecar".into());
        }
        let absolute = |path: std::ffi::OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let own = std::env::var_os("XDG_STATE_HOME").and_then(absolute);
        let home = || std::env::var_os("HOME").and_then(absolute).map(|home| home.join(".local/state"));
        let base = own.or_else(home).ok_or("there is no home folder to keep anything in; give --state-dir")?;
        Ok(base.join("atalaya-sidecar"))
    }
}
