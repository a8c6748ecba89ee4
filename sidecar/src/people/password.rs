//! Passwords: argon2id, 19 MiB, two passes, one lane (OWASP's cheat sheet on storing passwords, first choice). One is
//! hashed at a time, because the memory is more than all else here takes.

use std::sync::Arc;
use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::Refused;
use super::limits::HASHES_WAITING_MAX;
use super::secret::{random, same};
use crate::error::{Error, Kind, Result};

const NAME: &str = "argon2id";
const KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// What a stored hash may ask for: nothing that was written by hand takes the machine's memory.
const KIB_MAX: u32 = 64 << 10;
const PASSES_MAX: u32 = 10;

/// A password on its way; wiped when it is done with.
pub type Password = Zeroizing<String>;

/// Hashes and compares, one at a time.
#[derive(Clone, Debug)]
pub struct Hasher {
    places: Arc<Semaphore>,
    one: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(HASHES_WAITING_MAX + 1)), one: Arc::new(Semaphore::new(1)) }
    }
}

impl Hasher {
    /// The text to store for a new password.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`].
    pub async fn hash(&self, password: Password) -> std::result::Result<String, Refused> {
        Ok(self.with(move || hash(&password)).await??)
    }

    /// Whether a password is the one of which `stored` was made. Without one it takes as long and is never so.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`].
    pub async fn is(&self, password: Password, stored: Option<String>) -> std::result::Result<bool, Refused> {
        self.with(move || is(&password, stored.as_deref())).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<T, Refused> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refused::Busy)?;
        let turn = Arc::clone(&self.one).acquire_owned().await.map_err(|_| Refused::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // Kept until it is done, even if nobody waits any more.
            let _both = (place, turn);
            work()
        });
        done.await.map_err(|err| Refused::Failed(Error::new(Kind::Internal, format!("hashing failed: {err}"))))
    }
}

fn hash(password: &str) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let failed = || Error::new(Kind::Full, "there is not memory enough to hash a password");
    let hash = digest(password, &salt, KIB, PASSES, LANES).ok_or_else(failed)?;
    Ok(format!("{NAME}${KIB}${PASSES}${LANES}${}${}", BASE64.encode(salt), BASE64.encode(hash)))
}

fn is(password: &str, stored: Option<&str>) -> bool {
    /// A hash of nothing anybody knows, for names that nobody has.
    static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
        let salt: [u8; 16] = random().ok()?;
        let hash: [u8; 32] = random().ok()?;
        Some(format!("{NAME}${KIB}${PASSES}${LANES}${}${}", BASE64.encode(salt), BASE64.encode(hash)))
    });
    let known = stored.and_then(Stored::parse);
    let there = known.is_some();
    let Some(stored) = known.or_else(|| Stored::parse(NOBODY.as_deref()?)) else { return false };
    let hash = digest(password, &stored.salt, stored.kib, stored.passes, stored.lanes);
    hash.is_some_and(|hash| same(&hash, &stored.hash)) && there
}

fn digest(password: &str, salt: &[u8], kib: u32, passes: u32, lanes: u32) -> Option<[u8; 32]> {
    let params = Params::new(kib, passes, lanes, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

struct Stored {
    kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(7, '$');
        let name = parts.next()?;
        let mut number = |max: u32| parts.next()?.parse::<u32>().ok().filter(|number| (1..=max).contains(number));
        let (kib, passes, lanes) = (number(KIB_MAX)?, number(PASSES_MAX)?, number(LANES)?);
        let salt = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let hash = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        (name == NAME && parts.next().is_none()).then_some(Self { kib, passes, lanes, salt, hash })
    }
}

#[cfg(test)]
impl Hasher {
    /// Takes all places.
    pub(super) async fn fill(&self) -> tokio::sync::OwnedSemaphorePermit {
        let all = u32::try_from(HASHES_WAITING_MAX + 1).unwrap();
        Arc::clone(&self.places).acquire_many_owned(all).await.unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("argon2id$19456$2$1$") && !stored.contains("horse"));
        assert!(is("correct horse", Some(&stored)));
        for (password, stored) in [
            ("correct horsf", Some(stored.as_str())),
            ("", Some(&stored)),
            ("correct horse", None),
            ("", Some("")),
            ("correct horse", Some(&stored.replace("$2$", "$3$"))),
            ("correct horse", Some(&stored.replace("argon2id", "argon2i"))),
            ("correct horse", Some(&format!("{stored}$"))),
            ("correct horse", Some("argon2id$4000000000$2$1$AAAAAAAAAAAAAAAAAAAAAA$AAAA")),
        ] {
            assert!(!is(password, stored), "{password} {stored:?}");
        }
        assert_ne!(hash("correct horse").unwrap(), stored, "each has a salt of its own");
    }

    /// RFC 9106 has no vector with these numbers and without a key; this one was made with the reference program:
    /// `echo -n "correct horse" | argon2 0123456789abcdef -id -k 19456 -t 2 -p 1 -l 32 -r`.
    #[test]
    fn it_is_the_argon2id_of_others() {
        let hash = digest("correct horse", b"0123456789abcdef", KIB, PASSES, LANES).unwrap();
        assert_eq!(
            atalaya_wire::Hex(&hash).to_string(),
            "ae4d8c8b713876044c8347c76986a9b5655944aaacfffe9bea4dff9e7b6a1899"
        );
    }

    #[tokio::test]
    async fn nine_are_taken_in_and_the_next_is_told_to_come_again() {
        let hasher = Hasher::default();
        let turn = Arc::clone(&hasher.one).acquire_owned().await.unwrap();
        let password = || Zeroizing::new("correct horse".to_owned());
        let waiting: Vec<_> = (0..=HASHES_WAITING_MAX)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.is(password(), None).await })
            })
            .collect();
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.is(password(), None).await, Err(Refused::Busy));
        drop(turn);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(false));
        }
        assert_eq!(hasher.is(password(), None).await, Ok(false), "all places are free again");
    }
}
