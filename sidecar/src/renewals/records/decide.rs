//! What becomes of one record: decided by what its node says, what the zone holds, and what is remembered. Nothing is ever
//! removed: that an address is not known is no reason to take a name away from those who use it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use atalaya_renew::{Record, RecordType};

use super::memory::Memory;

/// The zone is looked at so often where everything is as it should be: somebody else may have changed it.
pub(super) const CHECK_SECONDS: i64 = 6 * 3_600;
/// And so often while its servers do not show what was set.
pub(super) const UNSEEN_SECONDS: i64 = 3_600;
/// A set is not followed by another one before: a line that comes and goes must not become a stream of requests.
pub(super) const SETTLE_SECONDS: i64 = 120;
/// After this without an address, while the other family has one, a family counts as one that the node has not any more.
const GONE_SECONDS: i64 = 3_600;

/// What a node says of where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is no such node.
    NoSuchNode,
    /// It is not connected.
    Away,
    /// It has said nothing of it since the start.
    Nothing,
    /// Its addresses as seen from outside.
    Here {
        /// What it knows of IPv4.
        v4: Option<Ipv4Addr>,
        /// The same.
        v6: Option<Ipv6Addr>,
        /// Whether its IPv4 address is shared with other customers.
        cgnat: bool,
    },
}

/// What is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) kind: RecordType,
    /// Whether the owner named this family.
    pub(super) is_written: bool,
    /// Seconds; 0 lets the provider choose.
    pub(super) ttl: u32,
}

/// What to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is there, its servers showed it, and it is not time to look again.
    Right,
    /// The node does not have this family, and nobody asked for it.
    NotWanted,
    /// It stays as it is.
    Wait(Wait),
    /// It was set a moment ago; not before then.
    Settling(i64),
    /// It failed; not before then.
    BackOff(i64),
    /// It was set, and its servers do not show it yet; they are asked again then.
    Unseen(i64),
    /// Look what the zone holds: it should be this.
    Look(IpAddr),
    /// Set it.
    Set(IpAddr),
    /// The zone holds it: ask its servers.
    Verify(IpAddr),
}

/// Why it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The configuration names a node that is not there.
    NoSuchNode,
    /// What is known of its address may be old.
    Away,
    /// Its agent does not tell its address.
    Silent,
    /// It does not know its address now.
    Unknown,
    /// It seems not to have this family any more.
    Gone,
    /// Nobody can reach it by IPv4.
    Shared,
    /// The same.
    Private(IpAddr),
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchNode => f.write_str("no node has this id: correct node in its [[record]]"),
            Self::Away => f.write_str("the node is away; the record stays as it is"),
            Self::Silent => f.write_str("the node does not tell its address: its agent needs [probe.dns]"),
            Self::Unknown => f.write_str("the node does not know its public address now; the record stays as it is"),
            Self::Gone => f.write_str(
                "the node has had no address of this family for an hour; the record stays: remove it at its provider if that is meant",
            ),
            Self::Shared => f.write_str("the node's IPv4 address is shared (CGNAT): nobody would reach it there"),
            Self::Private(address) => write!(f, "{address} cannot be reached from outside"),
        }
    }
}

/// Decides. `held` is what the zone holds, where that was just asked.
pub(super) fn decide(wanted: Wanted, said: &Said, held: Option<&[Record]>, memory: &Memory, now: i64) -> Decision {
    let address = match address(wanted, said, memory, now) {
        Ok(address) => address,
        Err(instead) => return instead,
    };
    if let Some(held) = held {
        return if is_held(held, address, wanted, memory) { Decision::Verify(address) } else { Decision::Set(address) };
    }
    let is_ours = memory.address == Some(address);
    if is_ours && memory.verified.is_some() && is_within(memory.looked, CHECK_SECONDS, now) {
        return Decision::Right;
    }
    if !memory.may(now) {
        return Decision::BackOff(memory.next);
    }
    if is_ours && memory.verified.is_none() && is_within(memory.looked, UNSEEN_SECONDS, now) {
        return if memory.may_verify(now) { Decision::Verify(address) } else { Decision::Unseen(memory.verify_next) };
    }
    match memory.set_at {
        Some(at) if !is_ours && is_within(Some(at), SETTLE_SECONDS, now) => Decision::Settling(at + SETTLE_SECONDS),
        _ => Decision::Look(address),
    }
}

/// The address that the record should have, or what follows where there is none to be had.
fn address(wanted: Wanted, said: &Said, memory: &Memory, now: i64) -> Result<IpAddr, Decision> {
    let (v4, v6, cgnat) = match said {
        Said::NoSuchNode => return Err(Decision::Wait(Wait::NoSuchNode)),
        Said::Away => return Err(Decision::Wait(Wait::Away)),
        Said::Nothing => return Err(Decision::Wait(Wait::Silent)),
        Said::Here { v4, v6, cgnat } => (v4.map(IpAddr::V4), v6.map(IpAddr::V6), *cgnat),
    };
    let (mine, other) = if wanted.kind == RecordType::A { (v4, v6) } else { (v6, v4) };
    let Some(mine) = mine else {
        let is_gone = memory.absent_since.is_some_and(|since| now.saturating_sub(since) >= GONE_SECONDS);
        return Err(match other {
            Some(_) if !wanted.is_written && memory.address.is_none() => Decision::NotWanted,
            Some(_) if is_gone => Decision::Wait(Wait::Gone),
            _ => Decision::Wait(Wait::Unknown),
        });
    };
    if mine.is_ipv4() && cgnat {
        return Err(Decision::Wait(Wait::Shared));
    }
    if is_reachable(mine) { Ok(mine) } else { Err(Decision::Wait(Wait::Private(mine))) }
}

/// Whether the zone holds it and nothing else. How long others may keep it counts until it was verified once: a provider may
/// have made something else of what was asked for.
fn is_held(held: &[Record], address: IpAddr, wanted: Wanted, memory: &Memory) -> bool {
    let [one] = held else { return false };
    let is_kept = wanted.ttl == 0 || wanted.ttl == one.ttl || memory.address == Some(address);
    is_kept && one.data.parse() == Ok(address)
}

/// A clock that was set back makes it look again, and not wait for years.
fn is_within(at: Option<i64>, seconds: i64, now: i64) -> bool {
    at.is_some_and(|at| at <= now && now - at < seconds)
}

/// Whether the node lacks this family while it has the other: what [`Memory::absent_since`] is about.
pub(super) const fn is_absent(kind: RecordType, said: &Said) -> bool {
    match said {
        Said::Here { v4, v6, .. } => match kind {
            RecordType::A => v4.is_none() && v6.is_some(),
            RecordType::Aaaa | RecordType::Txt => v6.is_none() && v4.is_some(),
        },
        Said::NoSuchNode | Said::Away | Said::Nothing => false,
    }
}

/// Whether others can reach it (IANA's special-purpose registries). Addresses for documentation are not refused: no line has
/// one, and every example does.
fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_reserved = a == 0 || a >= 224 || (a, b, c) == (192, 0, 0) || a == 198 && (b == 18 || b == 19);
            !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared || is_reserved)
        }
        // Global unicast alone: not local, not of this machine, not written-out IPv4.
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "203.0.113.7";
    const SIX: &str = "2001:db8::7";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn here(v4: &str, v6: &str) -> Said {
        Said::Here { v4: v4.parse().ok(), v6: v6.parse().ok(), cgnat: false }
    }

    fn a() -> Wanted {
        Wanted { kind: RecordType::A, is_written: false, ttl: 0 }
    }

    fn held(all: &[&str]) -> Vec<Record> {
        let row =
            |data: &&str| Record { name: "n.example".into(), kind: RecordType::A, data: (*data).into(), ttl: 300 };
        all.iter().map(row).collect()
    }

    /// Verified at 0.
    fn verified(address: &str) -> Memory {
        Memory { address: Some(ip(address)), set_at: Some(0), looked: Some(0), verified: Some(0), ..Memory::default() }
    }

    #[test]
    fn what_a_node_says_is_looked_up_once_and_then_left_alone() {
        let fresh = Memory::default();
        assert_eq!(decide(a(), &here(HOME, ""), None, &fresh, 0), Decision::Look(ip(HOME)));
        let kept = verified(HOME);
        for (now, expected) in
            [(1, Decision::Right), (CHECK_SECONDS - 1, Decision::Right), (CHECK_SECONDS, Decision::Look(ip(HOME)))]
        {
            assert_eq!(decide(a(), &here(HOME, SIX), None, &kept, now), expected, "{now}");
        }
        let ahead = Memory { looked: Some(9_000_000), ..verified(HOME) };
        assert_eq!(
            decide(a(), &here(HOME, SIX), None, &ahead, 1_000),
            Decision::Look(ip(HOME)),
            "a clock that was set back"
        );
        let other = here("203.0.113.8", "");
        assert_eq!(decide(a(), &other, None, &kept, 5), Decision::Settling(SETTLE_SECONDS));
        assert_eq!(decide(a(), &other, None, &kept, SETTLE_SECONDS), Decision::Look(ip("203.0.113.8")));
    }

    #[test]
    fn what_the_zone_holds_is_set_only_if_it_is_something_else() {
        let said = here(HOME, "");
        let timed = Wanted { ttl: 600, ..a() };
        for (wanted, there, memory, expected) in [
            (a(), held(&[HOME]), Memory::default(), Decision::Verify(ip(HOME))),
            (a(), held(&[]), Memory::default(), Decision::Set(ip(HOME))),
            (a(), held(&["203.0.113.9"]), verified(HOME), Decision::Set(ip(HOME))),
            (a(), held(&[HOME, "203.0.113.9"]), Memory::default(), Decision::Set(ip(HOME))),
            (timed, held(&[HOME]), Memory::default(), Decision::Set(ip(HOME))),
            // Its provider made something else of it.
            (timed, held(&[HOME]), verified(HOME), Decision::Verify(ip(HOME))),
        ] {
            assert_eq!(decide(wanted, &said, Some(&there), &memory, 10), expected, "{there:?}");
        }
    }

    #[test]
    fn what_nobody_can_reach_or_nobody_knows_is_not_set_and_nothing_is_removed() {
        let cgnat = Said::Here { v4: HOME.parse().ok(), v6: SIX.parse().ok(), cgnat: true };
        let mut table = vec![
            (Said::NoSuchNode, Wait::NoSuchNode),
            (Said::Away, Wait::Away),
            (Said::Nothing, Wait::Silent),
            (here("", ""), Wait::Unknown),
            (cgnat.clone(), Wait::Shared),
        ];
        for private in ["10.0.0.1", "192.168.1.2", "172.16.0.1", "100.64.1.2", "127.0.0.1", "169.254.1.1", "0.0.0.0"] {
            table.push((here(private, ""), Wait::Private(ip(private))));
        }
        for reserved in ["192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255"] {
            table.push((here(reserved, ""), Wait::Private(ip(reserved))));
        }
        for (said, why) in table {
            // Neither where nothing is known nor where the record is another one.
            for memory in [Memory::default(), verified("203.0.113.9")] {
                for there in [None, Some(held(&["203.0.113.9"]))] {
                    let decision = decide(a(), &said, there.as_deref(), &memory, CHECK_SECONDS * 2);
                    assert_eq!(decision, Decision::Wait(why), "{said:?}");
                }
            }
        }
        let six = Wanted { kind: RecordType::Aaaa, ..a() };
        assert_eq!(decide(six, &cgnat, None, &Memory::default(), 0), Decision::Look(ip(SIX)), "IPv6 is not shared");
        for local in ["fe80::1", "fd00::1", "::1", "::", "ff02::1", "::ffff:203.0.113.7"] {
            let decision = decide(six, &here(HOME, local), None, &Memory::default(), 0);
            assert_eq!(decision, Decision::Wait(Wait::Private(ip(local))));
        }
    }

    #[test]
    fn a_family_that_went_away_is_told_after_an_hour_and_stays() {
        let six = Wanted { kind: RecordType::Aaaa, ..a() };
        let (said, fresh) = (here(HOME, ""), Memory::default());
        assert_eq!(decide(six, &said, None, &fresh, 0), Decision::NotWanted);
        assert_eq!(decide(Wanted { is_written: true, ..six }, &said, None, &fresh, 0), Decision::Wait(Wait::Unknown));
        let had = Memory { absent_since: Some(0), ..verified(SIX) };
        assert_eq!(decide(six, &said, None, &had, GONE_SECONDS - 1), Decision::Wait(Wait::Unknown));
        assert_eq!(decide(six, &said, None, &had, GONE_SECONDS), Decision::Wait(Wait::Gone));
        assert!(is_absent(RecordType::Aaaa, &said) && !is_absent(RecordType::A, &said));
        assert!(!is_absent(RecordType::A, &here("", "")), "a line that is down has neither");
    }

    #[test]
    fn what_was_set_is_verified_and_failures_wait() {
        let said = here(HOME, "");
        let set = Memory { verified: None, verify_next: 15, ..verified(HOME) };
        assert_eq!(decide(a(), &said, None, &set, 14), Decision::Unseen(15));
        assert_eq!(decide(a(), &said, None, &set, 15), Decision::Verify(ip(HOME)));
        // Somebody may have changed it.
        assert_eq!(decide(a(), &said, None, &set, UNSEEN_SECONDS), Decision::Look(ip(HOME)));
        let failed = Memory { failed: 1, next: 60, ..Memory::default() };
        assert_eq!(decide(a(), &said, None, &failed, 59), Decision::BackOff(60));
        assert_eq!(decide(a(), &said, None, &failed, 60), Decision::Look(ip(HOME)));
    }
}
