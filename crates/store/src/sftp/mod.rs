//! A store in a folder of a machine that is reached by SSH.
//!
//! OpenSSH's `ssh` carries the bytes, logs in and judges the server's key, as it does for the person who set it up; what is
//! spoken over it is SFTP version 3, with many requests under way at once. `docs/stores.md` says what is promised, and why
//! no library does this. A connection that is lost fails what was under way, and the next call makes another.

mod access;
mod folder;
mod get;
mod limits;
mod list;
mod offers;
mod packet;
mod pipe;
mod put;
mod serve;
mod session;
mod status;
mod sync;
mod trust;
mod words;

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

pub use access::{Access, Answers};
pub use serve::serve;

use crate::url::SftpUrl;
use crate::{Body, Entry, Error, Kind, Result, SpoolFile, Store, check_name, check_prefix, locked, spool_in};
use get::Handles;
use session::Session;

/// Objects as files below one folder of a server.
pub struct SftpStore {
    url: SftpUrl,
    access: Access,
    connection: Mutex<Connection>,
    /// Names that were put and are not known to be durable.
    unsynced: Mutex<Vec<String>>,
    /// Held for a whole `sync`, so that a second one does not return while the first is at work for it.
    syncing: Mutex<()>,
    /// Set once what others left was looked for.
    cleaned: AtomicBool,
}

/// What there is only while there is a connection.
#[derive(Default)]
struct Connection {
    live: Option<Arc<Live>>,
    /// The file system that the folder was on first: another one there now is not this store.
    file_system: Option<u64>,
}

/// A connection, how long its messages may be, and files that are open on it for reading.
struct Live {
    session: Session,
    read_bytes: usize,
    write_bytes: usize,
    handles: Mutex<Handles>,
}

impl fmt::Debug for SftpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SftpStore").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl SftpStore {
    /// Connects, once, to the store in the folder that `url` names.
    ///
    /// # Errors
    /// `Kind::NotFound` when it is not there, `Kind::Denied` when the server's key, the login or the folder's rights are not
    /// what they must be, `Kind::Io` for what may pass.
    pub fn open(url: SftpUrl, access: Access) -> Result<Self> {
        let mut store = Self::new(url, access);
        store.trust()?;
        store.live()?;
        Ok(store)
    }

    /// The same, with the folder made if it is not there. Its parent must exist: a mount that is missing must not become a
    /// folder on the server's system disk.
    ///
    /// # Errors
    /// As `open`, and when the folder cannot be made.
    pub fn create(url: SftpUrl, access: Access) -> Result<Self> {
        let mut store = Self::new(url, access);
        store.trust()?;
        let live = store.connect()?;
        store.make_root(&live)?;
        store.adopt(&mut locked(&store.connection), live)?;
        Ok(store)
    }

    fn new(url: SftpUrl, access: Access) -> Self {
        let connection = Mutex::default();
        Self {
            url,
            access,
            connection,
            unsynced: Mutex::default(),
            syncing: Mutex::default(),
            cleaned: AtomicBool::new(false),
        }
    }

    /// Believes the key that the person named, if that is the one that the server shows.
    fn trust(&mut self) -> Result<()> {
        match self.access.trust.take() {
            Some(fingerprint) => trust::trust(&self.access, &self.url, &fingerprint),
            None => Ok(()),
        }
    }

    /// The server's key (its type and its fingerprint) as it was shown for the connection in use.
    pub fn host_key(&self) -> Option<String> {
        locked(&self.connection).live.as_ref().and_then(|live| live.session.host_key())
    }

    /// What this server does not promise, in words for a person.
    ///
    /// # Errors
    /// There is no connection.
    pub fn shortcomings(&self) -> Result<Vec<&'static str>> {
        let live = self.live()?;
        let offers = live.session.offers;
        let mut short = Vec::new();
        if !offers.fsync {
            short.push("it cannot be told to make files durable: a power cut there may take what was stored last");
        }
        if offers.append_only {
            short.push(
                "this login may add and not delete: forget and prune where the repository lies, or with another login",
            );
        }
        if !offers.statvfs {
            short.push("it does not say how much room is left: a full disk shows only as a refusal");
        }
        Ok(short)
    }

    /// The connection in use, or another one where that is lost.
    fn live(&self) -> Result<Arc<Live>> {
        let mut connection = locked(&self.connection);
        if let Some(live) = connection.live.as_ref().filter(|live| !live.session.is_broken()) {
            return Ok(live.clone());
        }
        connection.live = None;
        let live = self.connect()?;
        self.adopt(&mut connection, live)
    }

    /// Takes `live` into use, if it leads to where the one before did.
    fn adopt(&self, connection: &mut Connection, live: Live) -> Result<Arc<Live>> {
        let live = Arc::new(live);
        let there = self.look_at_root(&live.session)?;
        match (connection.file_system, there) {
            (Some(first), Some(now)) if first != now => {
                return Err(Error::new(
                    Kind::Denied,
                    format!(
                        "cannot use {}: since the connection was lost another file system is there; mount the right one and run it again",
                        self.place()
                    ),
                ));
            }
            _ => connection.file_system = there.or(connection.file_system),
        }
        connection.live = Some(live.clone());
        Ok(live)
    }

    fn connect(&self) -> Result<Live> {
        let session = Session::open(self.access.command(&self.url), &self.place())?;
        let (read_bytes, write_bytes) = folder::lengths(&session)?;
        Ok(Live { session, read_bytes, write_bytes, handles: Mutex::default() })
    }

    /// The server's path of an object or a folder.
    fn path(&self, name: &str) -> Vec<u8> {
        self.url.below(name).path
    }
}

impl Store for SftpStore {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        check_name(name)?;
        self.put_checked(name, body)
    }

    fn sync(&self) -> Result<()> {
        self.sync_names()
    }

    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_name(name)?;
        self.get_checked(name, offset, buf)
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        check_prefix(prefix)?;
        self.list_checked(prefix, each)
    }

    fn stat(&self, name: &str) -> Result<u64> {
        check_name(name)?;
        self.stat_checked(name)
    }

    fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        self.delete_checked(name)
    }

    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        spool_in(fallback)
    }

    fn free(&self) -> Result<Option<u64>> {
        self.room()
    }

    fn only_adds(&self) -> Result<bool> {
        Ok(self.live()?.session.offers.append_only)
    }

    /// One is on its way while the other waits for the server to sync and rename.
    fn puts_at_once(&self) -> usize {
        2
    }

    /// Ends `ssh`, which is started again when something is asked.
    fn rest(&self) {
        let live = locked(&self.connection).live.take();
        drop(live);
    }

    fn place(&self) -> String {
        self.url.to_string()
    }
}
