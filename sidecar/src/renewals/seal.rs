//! Links that are capabilities, sealed before they are written: a copy of the database gives nobody a link.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::people::random;

/// In the state folder; no copy of the database holds it.
const FILE: &str = "links.key";
const KEY_BYTES: usize = 32;

/// See the module.
pub struct Seal(LessSafeKey);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Seal {
    /// With the folder's key, which is made where there is none.
    ///
    /// # Errors
    ///
    /// The key cannot be read or written, or is none.
    pub fn of(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let cannot =
            |err: std::io::Error| Error::from(err).while_(&format!("keep the key of links in {}", path.display()));
        let mut key = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
        match std::fs::File::open(&path) {
            Ok(file) => drop(file.take(KEY_BYTES as u64 + 1).read_to_end(&mut key).map_err(cannot)?),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                key.extend(random::<KEY_BYTES>()?);
                let mut file =
                    std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).map_err(cannot)?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(cannot)?;
            }
            Err(err) => return Err(cannot(err)),
        }
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key);
        let damaged = |_| {
            Error::new(
                Kind::Damaged,
                format!("{} is no key; remove it, and links come with the next mail", path.display()),
            )
        };
        Ok(Self(LessSafeKey::new(key.map_err(damaged)?)))
    }

    /// As it may be written.
    ///
    /// # Errors
    ///
    /// There is no randomness.
    pub fn close(&self, text: &str) -> Result<String> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = text.as_bytes().to_vec();
        let sealed = self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes);
        sealed.map_err(|_| Error::new(Kind::Internal, "a link cannot be sealed"))?;
        Ok(STANDARD_NO_PAD.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// What was sealed; `None` of what this key did not seal.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<Zeroizing<String>> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let mut rest = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.0.open_in_place(nonce, Aad::empty(), &mut rest).ok()?;
        Some(Zeroizing::new(std::str::from_utf8(text).ok()?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_s_key_opens_it_and_it_stays_there() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Seal::of(folder.path()).unwrap().close("token-of-nineteen-x").unwrap();
        assert!(!sealed.contains("token"));
        let again = Seal::of(folder.path()).unwrap();
        assert_eq!(again.open(&sealed).unwrap().as_str(), "token-of-nineteen-x");
        assert_ne!(again.close("a").unwrap(), again.close("a").unwrap());
        let other = tempfile::tempdir().unwrap();
        assert!(Seal::of(other.path()).unwrap().open(&sealed).is_none());
        for bad in ["", "AAAA", "é", &sealed[..20]] {
            assert!(again.open(bad).is_none(), "{bad}");
        }
        std::fs::write(folder.path().join(FILE), "short").unwrap();
        assert_eq!(Seal::of(folder.path()).unwrap_err().kind, Kind::Damaged);
    }
}
