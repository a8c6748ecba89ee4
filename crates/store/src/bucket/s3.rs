//! Servers that speak as Amazon's S3 does.

use std::io::BufRead;
use std::sync::Mutex;

use super::access::{BucketAccess, Keys, Style};
use super::dialect::{Dialect, Formed, Query};
use super::http::Ask;
use super::page::{self, Page};
use super::refused::Refused;
use super::sign::{EMPTY, Unsigned};
use super::time::Stamp;
use super::versions;
use crate::{BucketUrl, locked};

/// One of them, and a bucket of it.
pub(super) struct S3 {
    host: String,
    /// `/BUCKET`, or nothing where it is in the host's name.
    bucket: String,
    /// The one that was said, or else that the server named.
    region: Mutex<String>,
    is_said: bool,
    /// Whether versions are listed.
    oldest: bool,
}

impl S3 {
    pub(super) fn new(url: &BucketUrl, access: &BucketAccess) -> Self {
        let (host, bucket) = match access.style_of(url) {
            Style::Path => (url.authority(), format!("/{}", url.bucket)),
            Style::Host => (format!("{}.{}", url.bucket, url.authority()), String::new()),
        };
        Self {
            host,
            bucket,
            region: Mutex::new(access.region_of(url)),
            is_said: access.region.is_some(),
            oldest: access.oldest,
        }
    }
}

impl Dialect for S3 {
    fn form(&self, ask: &Ask<'_>, query: &str, _: u64, keys: &Keys, at: &Stamp) -> Formed {
        let slash = if ask.key.is_empty() && !self.bucket.is_empty() { "" } else { "/" };
        let path = format!("{}{slash}{}", self.bucket, ask.key);
        let mut headers = ask.headers.to_vec();
        headers.push(("host", self.host.clone()));
        let payload = ask.body.map_or(EMPTY, |(_, sum)| sum);
        let unsigned = Unsigned { method: ask.method, path: &path, query, headers, payload };
        let headers = unsigned.sign(keys, &locked(&self.region), at);
        Formed { method: ask.method, host: self.host.clone(), path, headers }
    }

    fn listing(&self, begin: &str, token: Option<&str>, objects: usize) -> Query {
        if self.oldest {
            return versions_of(begin, token, objects);
        }
        let mut query: Query = token.map(|token| ("continuation-token", token.to_owned())).into_iter().collect();
        query.push(("encoding-type", "url".to_owned()));
        query.push(("list-type", "2".to_owned()));
        query.push(("max-keys", objects.to_string()));
        query.push(("prefix", begin.to_owned()));
        query
    }

    fn page(&self, from: &mut dyn BufRead) -> Result<Page, String> {
        if self.oldest { versions::read(from) } else { page::read(from) }
    }

    /// The region, if the server says it and nobody else did.
    fn learns(&self, refused: &Refused) -> bool {
        let mut region = locked(&self.region);
        match refused.other_region() {
            Some(other) if other != *region && !self.is_said => {
                other.clone_into(&mut region);
                true
            }
            _ => false,
        }
    }
}

fn versions_of(begin: &str, token: Option<&str>, objects: usize) -> Query {
    let next = token.and_then(|token| token.split_once(versions::BETWEEN));
    let mut query: Query = vec![("encoding-type", "url".to_owned())];
    query.extend(next.map(|(key, _)| ("key-marker", key.to_owned())));
    query.push(("max-keys", objects.to_string()));
    query.push(("prefix", begin.to_owned()));
    query.extend(
        next.map(|(_, version)| ("version-id-marker", version.to_owned())).filter(|(_, name)| !name.is_empty()),
    );
    query.push(("versions", String::new()));
    query
}
