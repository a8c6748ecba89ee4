//! Putting an object: one request with its length and its sums, and with the condition that the name is free.

use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::BucketStore;
use super::http::{Ask, Told};
use super::limits::{BUCKET_CROSSED_TRIES_MAX, BUCKET_CROSSED_WAIT, BUCKET_PIECE_BYTES};
use super::sign::hex;
use crate::{Body, Error, Kind, Result};

/// What the server compares the bytes with that arrive.
pub(super) struct Sums {
    sha256: String,
    /// Buckets with object lock take nothing without it.
    md5: String,
}

impl Sums {
    pub(super) fn of(body: Body<'_>) -> Result<Self> {
        let (mut sha256, mut md5) = (Sha256::new(), Md5::new());
        let room = usize::try_from(body.len()?).unwrap_or(usize::MAX).min(BUCKET_PIECE_BYTES);
        body.pieces(&mut vec![0; room], &mut |_, piece| {
            sha256.update(piece);
            md5.update(piece);
            Ok(())
        })?;
        Ok(Self { sha256: hex(&sha256.finalize()), md5: STANDARD.encode(md5.finalize()) })
    }
}

impl BucketStore {
    /// `put` for a name known to be good. Looks first: a server that does not know the condition would overwrite.
    pub(super) fn put_checked(&self, name: &str, body: Body<'_>) -> Result<()> {
        if self.find(name)?.is_some() {
            return Err(self.exists(name));
        }
        let sums = Sums::of(body)?;
        for tried in 1.. {
            let conditional = self.conditional.load(Ordering::Relaxed);
            let refused = match self.put_once(name, body, &sums, conditional)? {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            if refused.exists() {
                return Err(self.exists(name));
            } else if refused.crossed() && tried < BUCKET_CROSSED_TRIES_MAX {
                (self.sleep)(BUCKET_CROSSED_WAIT);
            } else if refused.not_implemented() && conditional {
                self.conditional.store(false, Ordering::Relaxed);
            } else {
                return Err(self.http.error(&put(name, ""), &refused));
            }
        }
        Ok(())
    }

    pub(super) fn put_once(&self, name: &str, body: Body<'_>, sums: &Sums, conditional: bool) -> Result<Told> {
        let key = self.http.url().key(name);
        let mut headers = vec![("content-md5", sums.md5.clone())];
        if conditional {
            let (name, value) = self.http.dialect().only_new();
            headers.push((name, value.to_owned()));
        }
        self.http.tell(&Ask { headers: &headers, body: Some((body, &sums.sha256)), ..put(name, &key) })
    }

    fn exists(&self, name: &str) -> Error {
        Error::new(Kind::Exists, format!("write {name} in {}: it exists", self.http.url()))
    }
}

fn put<'a>(name: &str, key: &'a str) -> Ask<'a> {
    Ask::of(&format!("write {name}"), "PUT", key)
}
