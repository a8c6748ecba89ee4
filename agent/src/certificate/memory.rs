//! What is remembered of each certificate, in `certificates` in the state folder: `memory.json`, and a chain that came and is
//! not settled yet as `NAME.pem`. Everything else is where it is used: the keys and the pairs are in the certificate's folder.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use atalaya_certificate::file;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::durable;

const FOLDER: &str = "certificates";
const MEMORY: &str = "memory.json";
/// Nothing is put off for longer.
const REST_SECONDS_MAX: i64 = 86_400;

/// See the module. What is lost of it costs a look, never a key or a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The request that stands, DER in base64.
    pub(super) request: String,
    /// For which key and names that is.
    pub(super) mark: String,
    /// SHA-256 of the certificate that is installed and counts; empty where there is none.
    pub(super) installed: String,
    /// Since when the pair in its place waits to be seen served, in seconds since 1970.
    pub(super) waits: Option<i64>,
    /// Its service was not made to read it yet.
    pub(super) reload: bool,
    /// How often in a row the certificate `tried` was not seen, and the one before was put back.
    pub(super) returned: u32,
    pub(super) tried: String,
    /// Failures in a row.
    pub(super) failed: u32,
    /// What failed or was put back is not tried before; seconds since 1970.
    pub(super) next: i64,
    /// What is wrong.
    pub(super) why: String,
    /// Whether it was not seen for longer than it may take, and there is none before it.
    pub(super) unseen: bool,
    /// Why the last chain that came is not installed, until one is.
    pub(super) refused: String,
}

impl Memory {
    /// Whether there is nothing to be done now by itself. A clock that went back makes nobody rest for longer than ever.
    pub(super) fn rests(&self, now: i64) -> bool {
        let is_quiet = self.waits.is_none() && !self.reload && self.failed == 0 && self.returned == 0;
        let is_put_off = self.waits.is_none() && now < self.next && self.next - now <= REST_SECONDS_MAX;
        !self.request.is_empty() && is_quiet || is_put_off
    }
}

pub(super) type All = BTreeMap<String, Memory>;

/// What is remembered, held against whoever else might act.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Held as long as it is open.
    _lock: Option<File>,
}

impl Store {
    /// For acting, which one does at a time.
    ///
    /// # Errors
    ///
    /// One line: somebody else acts, or the folder cannot be used.
    pub(super) fn lock(state: &Path) -> Result<Self, String> {
        let folder = state.join(FOLDER);
        let cannot = |err: io::Error| format!("cannot use {}: {err}", folder.display());
        make(&folder).map_err(cannot)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"));
        let lock = lock.map_err(cannot)?;
        lock.try_lock().map_err(|_| "another process of the agent is at work on it".to_owned())?;
        Ok(Self { folder, _lock: Some(lock) })
    }

    /// For looking.
    pub(super) fn look(state: &Path) -> Self {
        Self { folder: state.join(FOLDER), _lock: None }
    }

    /// What is remembered. What cannot be read is begun anew.
    pub(super) fn load(&self) -> All {
        let bytes = file::read(&self.folder.join(MEMORY)).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// On the disk when this returns.
    ///
    /// # Errors
    ///
    /// One line.
    pub(super) fn save(&self, all: &All) -> Result<(), String> {
        let path = self.folder.join(MEMORY);
        let written = serde_json::to_vec(all).map_err(io::Error::from).and_then(|text| durable::replace(&path, &text));
        written.map_err(|err| format!("cannot write {}: {err}", path.display()))
    }

    /// The chain that came, if it is not settled yet.
    pub(super) fn offer(&self, name: &str) -> Result<Option<String>, String> {
        let path = offer(&self.folder, name);
        let read = file::read(&path).map_err(|err| format!("cannot read {}: {err}", path.display()))?;
        Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    pub(super) fn forget_offer(&self, name: &str) -> Result<(), String> {
        let path = offer(&self.folder, name);
        file::remove(&path).map_err(|err| format!("cannot remove {}: {err}", path.display()))
    }
}

/// Where chains are put that come.
#[derive(Debug)]
pub(crate) struct Offers(PathBuf);

impl Offers {
    pub(crate) fn new(state: &Path) -> Self {
        Self(state.join(FOLDER))
    }

    /// Puts a chain where the next turn finds it; on the disk when this returns.
    ///
    /// # Errors
    ///
    /// It is not there, and what was there is.
    pub(crate) fn put(&self, name: &str, pem: &str) -> io::Result<()> {
        make(&self.0)?;
        durable::replace(&offer(&self.0, name), pem.as_bytes())
    }

    /// When the last turn wrote what it remembers.
    pub(crate) fn turned(&self) -> Option<SystemTime> {
        fs::metadata(self.0.join(MEMORY)).ok()?.modified().ok()
    }

    /// Whether one came since.
    pub(super) fn has_news(&self, name: &str) -> bool {
        let came = fs::metadata(offer(&self.0, name)).and_then(|found| found.modified()).ok();
        came.is_some_and(|came| self.turned().is_none_or(|turned| came >= turned))
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A certificate's name is one that files can have.
fn offer(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.pem"))
}

/// What the sidecar is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of which certificate.
    pub(crate) name: String,
    /// DER.
    pub(crate) request: Vec<u8>,
    /// SHA-256 of the one that is installed; empty for none.
    pub(crate) installed: String,
}

/// What the last turn left to be told.
pub(crate) fn asked(state: &Path) -> Vec<Asked> {
    let all = Store::look(state).load();
    let one = |(name, memory): (String, Memory)| {
        let request = BASE64.decode(&memory.request).ok().filter(|request| !request.is_empty())?;
        Some(Asked { name, request, installed: memory.installed })
    };
    all.into_iter().filter_map(one).collect()
}
