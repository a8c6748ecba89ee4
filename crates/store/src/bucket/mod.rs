//! A store in a bucket: of a server that speaks as Amazon's S3 does, of Azure, of Google.
//!
//! HTTP by `ureq`, one request a thread: no runtime, and bounded buffers. What differs between services is behind one trait
//! in `dialect`, a file each; all else is the same for them: `http` a request, `refused` what refusals mean, `list`, `get`,
//! `put`. `access` is who asks, `lease` what of that ends. `docs/stores.md` says what is promised. An object is put in one
//! request, for none is longer than a pack.

mod access;
#[cfg(feature = "cloud")]
mod azure;
mod dialect;
mod get;
#[cfg(feature = "cloud")]
mod google;
mod http;
#[cfg(feature = "cloud")]
mod lease;
mod limits;
mod list;
mod page;
mod put;
mod refused;
mod retain;
mod s3;
mod sign;
mod time;
mod trouble;
mod versions;
mod xml;

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use access::BucketAccess;
pub use retain::Retained;

use crate::{Body, BucketUrl, Entry, Result, SpoolFile, Store, check_name, check_prefix, spool_in};
use http::{Ask, Http};
use put::Sums;
use versions::Versions;

/// Objects below one prefix of a bucket.
pub struct BucketStore {
    http: Http,
    /// Whether the server may know how to put only where nothing is.
    conditional: AtomicBool,
    versions: Versions,
    sleep: Box<dyn Fn(Duration) + Send + Sync>,
}

impl fmt::Debug for BucketStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketStore").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl BucketStore {
    /// The store that `url` names, after looking once whether the bucket is there and may be listed. `sleep` waits between
    /// tries.
    ///
    /// # Errors
    /// `Kind::BadName` when there is no such bucket, `Kind::Denied` when server, credentials or clock are not what they must
    /// be, `Kind::Io` and `Kind::Busy` for what may pass.
    pub fn open(
        url: BucketUrl,
        access: BucketAccess,
        sleep: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Result<Self> {
        let http = Http::new(url, access)?;
        let store =
            Self { http, conditional: AtomicBool::new(true), versions: Versions::default(), sleep: Box::new(sleep) };
        store.page("list", &store.http.url().key(""), None, 1)?;
        Ok(store)
    }

    /// What this server does not promise, in words for a person, found out by an object that is put twice.
    ///
    /// # Errors
    /// The server cannot be asked, or refuses.
    pub fn shortcomings(&self) -> Result<Vec<&'static str>> {
        const PROBE: &str = "probe";
        let refused = |refused| self.http.error(&self.delete_ask(PROBE, ""), &refused);
        let sums = Sums::of(Body::Bytes(b"1"))?;
        let first = self.put_once(PROBE, Body::Bytes(b"1"), &sums, true)?;
        let second = match first {
            Ok(_) => self.put_once(PROBE, Body::Bytes(b"1"), &sums, true)?,
            Err(first) if first.not_implemented() => return Ok(vec![OVERWRITES]),
            Err(first) => return Err(refused(first)),
        };
        self.delete_unlooked(PROBE)?;
        match second {
            Ok(_) => Ok(vec![OVERWRITES]),
            Err(second) if second.exists() => Ok(Vec::new()),
            Err(second) => Err(refused(second)),
        }
    }

    /// Removes all objects of this store; for stores that were made to try something.
    ///
    /// # Errors
    /// Something cannot be listed or removed.
    pub fn remove_all(&self) -> Result<()> {
        self.list("", &mut |entry| self.delete_unlooked(&entry.name))
    }

    /// Some servers say of an object that is not there that it is removed, and so is it here.
    fn delete_unlooked(&self, name: &str) -> Result<()> {
        let key = self.http.url().key(name);
        let ask = self.delete_ask(name, &key);
        self.forget_version(name);
        match self.http.tell(&ask)? {
            Ok(()) => Ok(()),
            Err(refused) if refused.is_absent() => Ok(()),
            Err(refused) => Err(self.http.error(&ask, &refused)),
        }
    }

    fn delete_ask<'a>(&self, name: &str, key: &'a str) -> Ask<'a> {
        Ask::of(&format!("delete {name}"), "DELETE", key)
    }
}

/// The weaker promise of a server that ignores `If-None-Match`.
const OVERWRITES: &str = "it does not refuse to overwrite: of two that put one name at the same moment, the later one wins; a name that is taken is seen before";

impl Store for BucketStore {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        check_name(name)?;
        self.put_checked(name, body)
    }

    /// What a server says it has, it has for good.
    fn sync(&self) -> Result<()> {
        Ok(())
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
        self.stat_checked(name)?;
        self.delete_unlooked(name)
    }

    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        spool_in(fallback)
    }

    /// One is on its way while the other waits for the server to have it for good.
    fn puts_at_once(&self) -> usize {
        2
    }

    fn place(&self) -> String {
        self.http.url().to_string()
    }
}
