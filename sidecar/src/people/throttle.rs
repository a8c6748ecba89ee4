//! Tries to log in, counted by account and by address. After a few, each further one has to wait twice as long.
//!
//! A try is counted before it is looked at, so that many at once are no more than many after another. Names that nobody has
//! are counted as any, and so tell nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::account::cut;
use super::limits::{
    NAME_BYTES_MAX, TRIED_MAX, TRIES_FORGOTTEN_AFTER, TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS, WAIT_FIRST, WAIT_MAX,
};

/// Who tries, or what is tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Account(String),
    Address([u8; 8]),
}

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    number: u32,
    /// When the last one was.
    last: Duration,
    /// Until when there is none.
    until: Duration,
}

/// See the module. Times are the program's own.
#[derive(Debug, Default)]
pub struct Throttle(BTreeMap<Key, Tries>);

impl Throttle {
    /// Counts a try, or says how long to wait until the next.
    ///
    /// # Errors
    ///
    /// The time to wait; then nothing was counted.
    pub fn begin(&mut self, account: &str, peer: IpAddr, now: Duration) -> Result<(), Duration> {
        self.begin_all([(account_key(account), TRIES_PER_ACCOUNT), (address_key(peer), TRIES_PER_ADDRESS)], now)
    }

    /// The same where there are no accounts to try.
    ///
    /// # Errors
    ///
    /// As [`Throttle::begin`].
    pub fn begin_from(&mut self, peer: IpAddr, now: Duration) -> Result<(), Duration> {
        self.begin_all([(address_key(peer), TRIES_PER_ADDRESS)], now)
    }

    fn begin_all<const N: usize>(&mut self, all: [(Key, u32); N], now: Duration) -> Result<(), Duration> {
        let left =
            |(key, _): &(Key, u32)| self.0.get(key).map_or(Duration::ZERO, |tries| tries.until.saturating_sub(now));
        let left = all.iter().map(left).max().unwrap_or_default();
        if !left.is_zero() {
            return Err(left);
        }
        for (key, free) in all {
            self.count(key, free, now);
        }
        Ok(())
    }

    fn count(&mut self, key: Key, free: u32, now: Duration) {
        self.make_room(&key, now);
        let tries = self.0.entry(key).or_default();
        if is_forgotten(tries, now) {
            *tries = Tries::default();
        }
        tries.number = tries.number.saturating_add(1);
        tries.last = now;
        if let Some(beyond) = tries.number.checked_sub(free) {
            tries.until = now + WAIT_FIRST.saturating_mul(1 << beyond.min(16)).min(WAIT_MAX);
        }
    }

    /// The try was right: the account's are forgotten, and of the address this one. Those before it stay, for whoever has an
    /// account of his own could wipe them away between two tries of another's.
    pub fn succeeded(&mut self, account: &str, peer: IpAddr) {
        self.0.remove(&account_key(account));
        self.take_back(&address_key(peer));
    }

    /// The same where there are no accounts.
    pub fn succeeded_from(&mut self, peer: IpAddr) {
        self.take_back(&address_key(peer));
    }

    /// The try was not looked at.
    pub fn unseen(&mut self, account: &str, peer: IpAddr) {
        self.take_back(&account_key(account));
        self.take_back(&address_key(peer));
    }

    fn take_back(&mut self, key: &Key) {
        if let Some(tries) = self.0.get_mut(key) {
            tries.number = tries.number.saturating_sub(1);
            tries.until = Duration::ZERO;
        }
    }

    /// Whoever tried longest ago makes room: who goes on trying stays.
    fn make_room(&mut self, key: &Key, now: Duration) {
        if self.0.len() < TRIED_MAX || self.0.contains_key(key) {
            return;
        }
        self.0.retain(|_, tries| !is_forgotten(tries, now));
        if self.0.len() >= TRIED_MAX {
            let oldest = self.0.iter().min_by_key(|(_, tries)| (tries.until, tries.last)).map(|(key, _)| key.clone());
            oldest.map(|key| self.0.remove(&key));
        }
    }
}

fn is_forgotten(tries: &Tries, now: Duration) -> bool {
    now >= tries.last.max(tries.until) + TRIES_FORGOTTEN_AFTER
}

/// Longer names are nobody's; their beginning is one byte longer than any that somebody has.
fn account_key(name: &str) -> Key {
    Key::Account(cut(name, NAME_BYTES_MAX + 1).to_ascii_lowercase())
}

/// Whoever has one address of IP version 6 has the 2^64 around it.
fn address_key(peer: IpAddr) -> Key {
    let mut bytes = [0; 8];
    match peer.to_canonical() {
        IpAddr::V4(ip) => bytes[4..].copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes.copy_from_slice(&ip.octets()[..8]),
    }
    Key::Address(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn waits_double_from_five_seconds_to_a_quarter_of_an_hour() {
        let (mut throttle, mut now) = (Throttle::default(), seconds(100));
        for _ in 0..TRIES_PER_ACCOUNT {
            assert_eq!(throttle.begin("ana", peer(1), now), Ok(()));
        }
        let mut waits = Vec::new();
        for _ in 0..10 {
            let wait = throttle.begin("ANA", peer(2), now).unwrap_err();
            assert_eq!(
                throttle.begin("ana", peer(3), now + wait - seconds(1)),
                Err(seconds(1)),
                "waiting changes nothing"
            );
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(throttle.begin("ana", peer(4), now), Ok(()));
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(throttle.begin("eva", peer(5), now), Ok(()), "others are not kept waiting");
        now += WAIT_MAX + TRIES_FORGOTTEN_AFTER;
        for _ in 0..TRIES_PER_ACCOUNT {
            assert_eq!(throttle.begin("ana", peer(6), now), Ok(()), "after a while it begins anew");
        }
        assert!(throttle.begin("ana", peer(6), now).is_err());
    }

    #[test]
    fn an_address_waits_whatever_names_it_tries() {
        let mut throttle = Throttle::default();
        for number in 0..TRIES_PER_ADDRESS {
            assert_eq!(throttle.begin(&format!("name{number}"), peer(1), seconds(1)), Ok(()));
        }
        assert_eq!(throttle.begin("another", peer(1), seconds(1)), Err(WAIT_FIRST));
        assert_eq!(throttle.begin("another", peer(2), seconds(1)), Ok(()));
        let mut throttle = Throttle::default();
        let six = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 9, 9, 9, last]);
        for number in 0..20 {
            assert_eq!(throttle.begin(&format!("name{number}"), six(number), seconds(1)), Ok(()));
        }
        assert!(throttle.begin("another", six(99), seconds(1)).is_err(), "they are one network");
        assert_eq!(address_key("::ffff:192.0.2.1".parse().unwrap()), address_key(peer(1)));
    }

    #[test]
    fn who_logs_in_clears_the_account_and_not_the_address() {
        let mut throttle = Throttle::default();
        for _ in 1..TRIES_PER_ADDRESS {
            assert_eq!(throttle.begin("mine", peer(1), seconds(1)), Ok(()));
            throttle.succeeded("mine", peer(1));
        }
        for number in 1..TRIES_PER_ADDRESS {
            assert_eq!(throttle.begin(&format!("yours{number}"), peer(1), seconds(1)), Ok(()));
            assert_eq!(throttle.begin("mine", peer(1), seconds(1)), Ok(()));
            throttle.succeeded("mine", peer(1));
        }
        assert_eq!(throttle.begin("yours", peer(1), seconds(1)), Ok(()));
        assert!(throttle.begin("yours", peer(1), seconds(1)).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_keeps_those_who_wait() {
        let mut throttle = Throttle::default();
        for _ in 0..TRIES_PER_ACCOUNT {
            let _ = throttle.begin("ana", peer(1), seconds(1));
        }
        for number in 0..3 * TRIED_MAX as u32 {
            let peer = IpAddr::from(number.to_be_bytes());
            assert_eq!(throttle.begin(&format!("{number}{}", "ñ".repeat(500)), peer, seconds(2)), Ok(()));
        }
        assert_eq!(throttle.0.len(), TRIED_MAX);
        assert!(throttle.begin("ana", peer(9), seconds(3)).is_err());
    }
}
