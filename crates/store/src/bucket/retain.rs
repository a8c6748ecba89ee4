//! Object lock: what is still there is kept from being removed for longer, whoever asks for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::BucketStore;
use super::http::Ask;
use super::sign::hex;
use super::time::{DAY, Stamp, seconds};
use crate::{Body, Error, Kind, Result};

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Objects that are there.
    pub objects: u64,
    /// Those of them that are kept for longer now.
    pub extended: u64,
}

impl BucketStore {
    /// Sees to it that the version that counts of each object is kept for `days` from now: what would be free before is kept
    /// for twice as long, so that a daily call seldom has much to do.
    ///
    /// # Errors
    /// The bucket is not one for that, or a request fails; what was extended stays so.
    pub fn retain(&self, days: u32) -> Result<Retained> {
        if !self.http.reads_oldest() {
            let why = "its versions are not looked at, so others than those that count would be kept; write \"versions = oldest\" in the file of credentials";
            return Err(Error::new(Kind::Denied, format!("keep {}: {why}", self.http.url())));
        }
        let (mut done, now, days) = (Retained::default(), seconds(), u64::from(days) * DAY);
        let (soon, until) = (Stamp::of(now + days), Stamp::of(now + 2 * days));
        self.objects("", &mut |name, one| {
            done.objects += 1;

            let version = vec![("versionId", one.version.clone())];
            let ask = Ask { query: version, ..Ask::of(&format!("look at {name}"), "HEAD", &one.key) };
            let answer = self.http.ask(&ask)?.map_err(|refused| self.http.error(&ask, &refused))?;
            let said = |header: &str| answer.headers().get(header).and_then(|value| value.to_str().ok());
            // `2026-11-23T20:00:00.000Z`, in another writing of the same.
            let ends = said("x-amz-object-lock-retain-until-date").map(|date| date.replace(['-', ':'], ""));
            if ends.is_some_and(|ends| ends.get(..15) >= soon.as_str().get(..15)) {
                return Ok(());
            }
            let mode = said("x-amz-object-lock-mode").filter(|mode| *mode == "COMPLIANCE").unwrap_or("GOVERNANCE");
            done.extended += 1;
            self.extend(name, &one.key, &one.version, mode, &until)
        })?;
        Ok(done)
    }

    fn extend(&self, name: &str, key: &str, version: &str, mode: &str, until: &Stamp) -> Result<()> {
        let xml = format!(
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{mode}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
            until.with_signs()
        );
        let (sum, md5) = (hex(&Sha256::digest(&xml)), STANDARD.encode(Md5::digest(&xml)));
        let ask = Ask {
            query: vec![("retention", String::new()), ("versionId", version.to_owned())],
            headers: &[("content-md5", md5)],
            body: Some((Body::Bytes(xml.as_bytes()), &sum)),
            ..Ask::of(&format!("keep {name}"), "PUT", key)
        };
        self.http.tell(&ask)?.map_err(|refused| self.http.error(&ask, &refused))
    }
}
