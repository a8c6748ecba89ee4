//! What an order needs to go on after a restart: where it is, the request, the key, and the records that were laid for it.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::failed::Failed;
use crate::proof::Way;
use atalaya_certificate::file::{self, OURS};
use atalaya_certificate::plain;

/// Kept from the first request to the authority until its caller has the certificate in its place.
#[derive(Clone, Serialize, Deserialize)]
pub struct Draft {
    pub(crate) directory: String,
    pub(crate) names: Vec<String>,
    pub(crate) profile: Option<String>,
    /// The certificate that it replaces, by its name for ARI. Another than the caller's present one: this draft is old.
    pub(crate) replaces: Option<String>,
    /// Where the order is; none yet, while only what an earlier one left is to be removed.
    pub(crate) order: Option<String>,
    /// The request, DER in base 64.
    pub(crate) request: String,
    /// The key, if it was made here.
    pub(crate) key: Option<Zeroizing<String>>,
    /// TXT records that may be there: name and value.
    pub(crate) laid: Vec<(String, String)>,
}

impl Draft {
    /// The one in this file.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>, Failed> {
        let cannot = |why: &str| Failed::SetUp(format!("cannot read {}: {why}", path.display()));
        let Some(bytes) = file::read(path).map_err(|err| cannot(&plain(&err)))? else { return Ok(None) };
        let bytes = Zeroizing::new(bytes);
        serde_json::from_slice(&bytes).map(Some).map_err(|_| cannot("it is no draft of an order; remove it"))
    }

    /// Whether records of it may still be in the zone.
    #[must_use]
    pub fn has_left_records(&self) -> bool {
        !self.laid.is_empty()
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failed> {
        let cannot = |why: String| Failed::SetUp(format!("cannot write {}: {why}", path.display()));
        let bytes = Zeroizing::new(serde_json::to_vec(self).map_err(|err| cannot(err.to_string()))?);
        file::replace(path, &bytes, OURS).map_err(|err| cannot(plain(&err)))
    }

    /// Forgets it: its certificate is in its place, or will not be fetched.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn remove(path: &Path) -> Result<(), Failed> {
        let cannot = |err: std::io::Error| Failed::SetUp(format!("cannot remove {}: {}", path.display(), plain(&err)));
        file::remove(path).map_err(cannot)
    }

    /// Removes the records that a stopped or failed order left in its zone, without asking the authority for anything.
    /// [`crate::Client::issue`] does so, too; this is for when no order follows.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written. Whether all records went, [`Draft::has_left_records`] says.
    pub async fn sweep(path: &Path, way: &Way) -> Result<Option<Self>, Failed> {
        let Some(mut draft) = Self::read(path)? else { return Ok(None) };
        crate::prove::sweep(way, &mut draft, path).await?;
        if draft.order.is_none() && !draft.has_left_records() {
            Self::remove(path)?;
            return Ok(None);
        }
        Ok(Some(draft))
    }

    pub(crate) fn request(&self) -> Result<Vec<u8>, Failed> {
        BASE64_STANDARD.decode(&self.request).map_err(|_| Failed::SetUp("the draft of the order is damaged".into()))
    }

    pub(crate) fn encoded(request: &[u8]) -> String {
        BASE64_STANDARD.encode(request)
    }

    /// Whether it is for the same certificate as this one.
    pub(crate) fn is_for(&self, other: &Self, theirs: bool) -> bool {
        let same = self.directory == other.directory
            && self.names == other.names
            && self.profile == other.profile
            && self.replaces == other.replaces;
        // A request of another's is the same or it is not; one of our own is made anew each time.
        let request = if theirs { self.request == other.request } else { self.key.is_some() };
        same && request && self.order.is_some()
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("names", &self.names).field("order", &self.order).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_whole_and_its_key_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft");
        assert!(Draft::read(&path).unwrap().is_none());
        let draft = Draft {
            directory: "https://ca.example/dir".into(),
            names: vec!["nas.example.com".into()],
            profile: None,
            replaces: Some("a.b".into()),
            order: Some("https://ca.example/order/1".into()),
            request: Draft::encoded(b"request"),
            key: Some(Zeroizing::new("hush".into())),
            laid: vec![("_acme-challenge.nas.example.com".into(), "value".into())],
        };
        assert!(!format!("{draft:?}").contains("hush"));
        draft.write(&path).unwrap();
        let back = Draft::read(&path).unwrap().unwrap();
        assert!(back.is_for(&draft, false) && back.has_left_records());
        assert_eq!(back.key.as_ref().unwrap().as_str(), "hush");
        assert_eq!(back.request().unwrap(), b"request");
        let later = Draft { replaces: Some("c.d".into()), ..draft.clone() };
        assert!(!back.is_for(&later, false), "of the certificate before");
        let theirs = Draft { request: Draft::encoded(b"other"), ..draft };
        assert!(!back.is_for(&theirs, true), "another's other request");
        std::fs::write(&path, "{").unwrap();
        assert!(Draft::read(&path).is_err());
        Draft::remove(&path).unwrap();
        Draft::remove(&path).unwrap();
    }
}
