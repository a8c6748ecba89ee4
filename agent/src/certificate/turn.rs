//! One turn of one certificate: a key and a request where there are none, the chain that came into its place, its service
//! made to read it, seen served, and else the pair before back in its place.
//!
//! What is to be done after an end at any moment shows in the files: the pair before is there until the new one was seen,
//! the new key as `next.pem` until then too, and the chain until it is settled or unfit.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_certificate::file::{self, OURS};
use atalaya_certificate::{Chain, Key, Place, fingerprint};
use atalaya_reach::Deadline;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::config::Certificate;
use super::judge::{Unfit, judge};
use super::memory::{Memory, Store};
use super::reload;
use crate::probe::shown::{Unseen, shown};

/// The key whose certificate is asked for, in the certificate's folder.
pub(super) const NEXT: &str = "next.pem";
/// For a reload command.
const RELOAD: Duration = Duration::from_secs(20);
/// For a look at the service.
const LOOK: Duration = Duration::from_secs(10);
/// What fails is tried again after so many seconds, then twice as many, up to an hour.
const AGAIN_SECONDS: i64 = 60;
const AGAIN_SECONDS_MAX: i64 = 3_600;
/// A pair that was put back is tried again after so many seconds, then twice as many, up to a day.
const RETURNED_SECONDS: i64 = 3_600;
const RETURNED_SECONDS_MAX: i64 = 86_400;

/// See the module.
pub(super) struct Turn<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) store: &'a Store,
    pub(super) memory: Memory,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Turn<'_> {
    /// Does what is to be done; `keep` writes what is remembered before something depends on it.
    pub(super) fn take(mut self, keep: &mut dyn FnMut(&Memory) -> Result<(), String>) -> Memory {
        match self.steps(keep) {
            Ok(()) => self.memory.failed = 0,
            Err(why) => {
                self.memory.next =
                    self.memory.next.max(self.now + doubled(AGAIN_SECONDS, self.memory.failed, AGAIN_SECONDS_MAX));
                self.memory.failed = self.memory.failed.saturating_add(1);
                self.memory.why = why;
            }
        }
        self.memory
    }

    fn steps(&mut self, keep: &mut dyn FnMut(&Memory) -> Result<(), String>) -> Result<(), String> {
        let place = self.place();
        // One that cannot be read is replaced as one that is not there.
        let mut current = place.chain().unwrap_or_default();
        let next = self.next_key()?;
        self.recall(&place, current.as_ref(), next.as_ref())?;
        self.memory.installed = current.as_ref().map(|chain| chain.fingerprint.clone()).unwrap_or_default();
        if self.memory.waits.is_none() || !place.has_previous() {
            let key = match next {
                Some(key) if self.memory.waits.is_some() || !is_of(current.as_ref(), &key) => key,
                _ => self.new_key()?,
            };
            self.ask(&key)?;
            if let Some(chain) = self.offered(&key, current.as_ref())? {
                self.install(&place, &chain, &key, keep)?;
                current = Some(chain);
            }
        }
        let read = self.read_again();
        match (&current, self.memory.waits) {
            (Some(chain), Some(since)) => self.look(&place, chain, since, read),
            _ => {
                read?;
                if self.memory.returned == 0 {
                    self.memory.why.clear();
                }
                Ok(())
            }
        }
    }

    fn place(&self) -> Place {
        let Certificate { folder, user, group, mode, .. } = self.certificate.clone();
        Place { folder, user, group, mode }
    }

    /// What an end in the middle left, or a memory that was lost.
    fn recall(&mut self, place: &Place, current: Option<&Chain>, next: Option<&Key>) -> Result<(), String> {
        let is_new = next.is_some_and(|key| is_of(current, key));
        match self.memory.waits {
            // It ended before the link was turned.
            Some(_) if !is_new => {
                self.memory.waits = None;
                if place.has_previous() {
                    place.settle().map_err(|wrong| wrong.0)?;
                }
            }
            // A clock that went back makes nobody wait for longer.
            Some(since) if since > self.now => self.memory.waits = Some(self.now),
            None if is_new && place.has_previous() => {
                (self.memory.waits, self.memory.reload) = (Some(self.now), !self.certificate.reload.is_empty());
            }
            _ => {}
        }
        Ok(())
    }

    fn next(&self) -> PathBuf {
        self.certificate.folder.join(NEXT)
    }

    fn next_key(&self) -> Result<Option<Key>, String> {
        let path = self.next();
        let bytes = file::read(&path).map_err(|err| format!("cannot read {}: {err}", path.display()))?;
        let bytes = bytes.map(zeroize::Zeroizing::new);
        Ok(bytes.and_then(|bytes| Key::read(std::str::from_utf8(&bytes).ok()?)))
    }

    /// A new one for each certificate; on the disk before anybody hears of it.
    fn new_key(&self) -> Result<Key, String> {
        let path = self.next();
        let key = Key::new()?;
        let made = std::fs::create_dir_all(&self.certificate.folder);
        let kept = made.and_then(|()| file::replace(&path, key.pem.as_bytes(), OURS));
        kept.map_err(|err| format!("cannot keep a key in {}: {err}", path.display()))?;
        Ok(key)
    }

    /// The request for this key and these names, made once.
    fn ask(&mut self, key: &Key) -> Result<(), String> {
        let mark = format!("{} {}", fingerprint(&key.info()), self.certificate.names.join(" "));
        if self.memory.mark != mark {
            self.memory.request = BASE64.encode(key.request(&self.certificate.names).map_err(|wrong| wrong.0)?);
            self.memory.mark = mark;
        }
        Ok(())
    }

    /// What came, if it is to be installed now.
    fn offered(&mut self, key: &Key, current: Option<&Chain>) -> Result<Option<Chain>, String> {
        let name = &self.certificate.name;
        let Some(pem) = self.store.offer(name)? else { return Ok(None) };
        match judge(&pem, key, &self.certificate.names, self.now) {
            Ok(chain) if current.is_some_and(|current| current.fingerprint == chain.fingerprint) => Ok(None),
            Ok(chain) if chain.fingerprint != self.memory.tried => {
                (self.memory.tried, self.memory.returned) = (String::new(), 0);
                Ok(Some(chain))
            }
            Ok(chain) => Ok(self.is_time().then_some(chain)),
            Err(Unfit::Early) => Err("the chain that the sidecar sent is not valid yet; is the clock right?".into()),
            // The old one once more, after the new one was settled.
            Err(Unfit::For(_)) if current.is_some_and(|current| current.pem == pem) => {
                self.store.forget_offer(name).map(|()| None)
            }
            Err(Unfit::For(why)) => {
                self.store.forget_offer(name)?;
                self.memory.refused = why;
                Ok(None)
            }
        }
    }

    /// Whether what was put back may be tried again. A clock that went back makes nobody wait for longer than ever.
    const fn is_time(&self) -> bool {
        self.now >= self.memory.next || self.memory.next - self.now > RETURNED_SECONDS_MAX
    }

    fn install(
        &mut self,
        place: &Place,
        chain: &Chain,
        key: &Key,
        keep: &mut dyn FnMut(&Memory) -> Result<(), String>,
    ) -> Result<(), String> {
        let before = self.memory.clone();
        (self.memory.waits, self.memory.reload) = (Some(self.now), !self.certificate.reload.is_empty());
        // Before it is in its place: what comes after it is done, whenever this ends.
        keep(&self.memory)?;
        if let Err(wrong) = place.install(chain, &key.pem) {
            self.memory = before;
            return Err(wrong.0);
        }
        self.memory.installed.clone_from(&chain.fingerprint);
        self.memory.refused.clear();
        Ok(())
    }

    fn read_again(&mut self) -> Result<(), String> {
        if self.memory.reload {
            reload::run(&self.certificate.reload, RELOAD)?;
            self.memory.reload = false;
        }
        Ok(())
    }

    /// The one before goes when the new one is seen, and comes back when it is not seen in time.
    fn look(&mut self, place: &Place, chain: &Chain, since: i64, read: Result<(), String>) -> Result<(), String> {
        let unseen = match (read, &self.certificate.served) {
            (Err(why), _) => why,
            (Ok(()), None) => return self.settle(place),
            (Ok(()), Some((host, port))) => match self.served(host, *port, chain) {
                Ok(()) => return self.settle(place),
                Err(why) => format!("{host}:{port} {why}"),
            },
        };
        if self.now - since < i64::try_from(self.certificate.patience.as_secs()).unwrap_or(i64::MAX) {
            self.memory.why = format!("the new certificate waits to be seen: {unseen}");
            return Ok(());
        }
        // One that has ended is worse than one that nobody saw.
        if place.previous().is_none_or(|before| before.ends <= self.now) {
            (self.memory.waits, self.memory.reload) = (Some(self.now), !self.certificate.reload.is_empty());
            self.memory.unseen = true;
            self.memory.why = format!("the certificate is not served: {unseen}");
            return Ok(());
        }
        self.put_back(place, chain)?;
        self.memory.why = format!("the new certificate was not served, and the one before is back: {unseen}");
        Ok(())
    }

    fn put_back(&mut self, place: &Place, chain: &Chain) -> Result<(), String> {
        place.roll_back().map_err(|wrong| wrong.0)?;
        self.memory.next = self.now + doubled(RETURNED_SECONDS, self.memory.returned, RETURNED_SECONDS_MAX);
        self.memory.returned = self.memory.returned.saturating_add(1);
        self.memory.tried.clone_from(&chain.fingerprint);
        (self.memory.waits, self.memory.reload) = (None, !self.certificate.reload.is_empty());
        let back = place.chain().unwrap_or_default();
        self.memory.installed = back.map(|chain| chain.fingerprint).unwrap_or_default();
        // What fails is tried again with the next turn.
        let _ = self.read_again();
        Ok(())
    }

    fn served(&self, host: &str, port: u16, chain: &Chain) -> Result<(), String> {
        let name = chain.names.iter().find(|name| !name.starts_with('*')).map_or(host, String::as_str);
        match shown(host, port, name, Deadline::after(LOOK)) {
            Err(Unseen::Unreachable(why) | Unseen::NoTls(why)) => {
                Err(format!("shows none: {}", atalaya_reach::plain(&why)))
            }
            Ok(shown) if shown.chain.first().is_none_or(|leaf| fingerprint(leaf) != chain.fingerprint) => {
                Err("still shows another certificate".into())
            }
            Ok(shown) if !shown.is_proved => Err("shows it and has not its key".into()),
            Ok(_) => Ok(()),
        }
    }

    /// It was seen: the pair before goes, and the next certificate has another key.
    fn settle(&mut self, place: &Place) -> Result<(), String> {
        place.settle().map_err(|wrong| wrong.0)?;
        let next = self.next();
        file::remove(&next).map_err(|err| format!("cannot remove {}: {err}", next.display()))?;
        self.store.forget_offer(&self.certificate.name)?;
        let Memory { installed, request, mark, .. } = std::mem::take(&mut self.memory);
        self.memory = Memory { installed, request, mark, ..Memory::default() };
        let key = self.new_key()?;
        self.ask(&key)
    }
}

fn is_of(chain: Option<&Chain>, key: &Key) -> bool {
    chain.is_some_and(|chain| chain.public == key.info())
}

fn doubled(seconds: i64, times: u32, most: i64) -> i64 {
    seconds.saturating_mul(1 << times.min(16)).min(most)
}
