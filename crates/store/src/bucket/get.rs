//! Reading: a range in one request.

use std::io::Read;

use ureq::http::Response;

use super::BucketStore;
use super::dialect::{Query, said_length};
use super::http::Ask;
use super::trouble::broken_off;
use crate::{Error, Kind, Result};

impl BucketStore {
    /// The length of an object, if it is there.
    pub(super) fn find(&self, name: &str) -> Result<Option<u64>> {
        if self.http.reads_oldest() {
            return Ok(self.oldest(name)?.map(|found| found.len));
        }
        let key = self.http.url().key(name);
        let ask = Ask::of(&format!("look at {name}"), "HEAD", &key);
        match self.http.ask(&ask)? {
            Ok(mut answer) => match self.http.dialect().length(&mut answer) {
                Some(len) => Ok(Some(len)),
                None => Err(self.nonsense(&ask.what, "no length")),
            },
            Err(refused) if refused.is_absent() => Ok(None),
            Err(refused) => Err(self.http.error(&ask, &refused)),
        }
    }

    /// `get` for a name known to be good.
    pub(super) fn get_checked(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        let len = buf.len() as u64;
        let end = offset.checked_add(len);
        let Some(last) = end.filter(|_| len > 0).and_then(|end| end.checked_sub(1)) else {
            // Nothing can be asked for, and it matters whether the object is there and so long.
            let there = self.stat_checked(name)?;
            return if end.is_some_and(|end| end <= there) { Ok(()) } else { Err(self.truncated(name, offset, len)) };
        };
        let key = self.http.url().key(name);
        let query = match self.http.reads_oldest() {
            true => vec![("versionId", self.oldest_known(name)?.ok_or_else(|| self.absent(name))?.version)],
            false => Query::new(),
        };
        let range = [("range", format!("bytes={offset}-{last}"))];
        let ask = Ask { query, headers: &range, bytes: len, ..Ask::of(&format!("read {name}"), "GET", &key) };
        let mut answer = match self.http.ask(&ask)? {
            Ok(answer) => answer,
            Err(refused) if refused.status == 416 => return Err(self.truncated(name, offset, len)),
            Err(refused) => return Err(self.http.error(&ask, &refused)),
        };
        match (answer.status().as_u16(), begin(&answer), said_length(&answer)) {
            (206, Some(from), _) if from != offset => return Err(self.nonsense(&ask.what, "another range")),
            (200, _, Some(all)) if offset > 0 || all > len => {
                return Err(self.nonsense(&ask.what, "the whole object, and a part was asked for"));
            }
            (206, Some(_), Some(some)) | (200, _, Some(some)) if some < len => {
                return Err(self.truncated(name, offset, len));
            }
            (206, Some(_), Some(some)) | (200, _, Some(some)) if some == len => {}
            _ => return Err(self.nonsense(&ask.what, "a range without its bounds")),
        }
        let place = self.http.url().to_string();
        let mut reader = answer.body_mut().as_reader();
        reader.read_exact(buf).map_err(|err| broken_off(&ask.what, &place, &err))?;
        // Reads the end, so that the connection can be used again.
        match reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.nonsense(&ask.what, "more than it said")),
            Err(err) => Err(broken_off(&ask.what, &place, &err)),
        }
    }

    pub(super) fn stat_checked(&self, name: &str) -> Result<u64> {
        self.find(name)?.ok_or_else(|| self.absent(name))
    }

    fn absent(&self, name: &str) -> Error {
        Error::new(Kind::NotFound, format!("look at {name} in {}: there is no such object", self.http.url()))
    }

    /// What the server sent is not what it is to send.
    pub(super) fn nonsense(&self, what: &str, sent: &str) -> Error {
        Error::new(Kind::Io, format!("{what} in {}: the server sent {sent}", self.http.url()))
    }

    fn truncated(&self, name: &str, offset: u64, len: u64) -> Error {
        let text = format!("read {name} in {}: it has no {len} bytes at {offset}", self.http.url());
        Error::new(Kind::Truncated, text)
    }
}

/// Where a range begins: `bytes 5-9/100`.
fn begin(answer: &Response<ureq::Body>) -> Option<u64> {
    let range = answer.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
