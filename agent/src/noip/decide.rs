//! Whether to send an update. Pure: what was seen and what time it is come from outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reply::{Final, Reply};

/// After trouble at No-IP: what it asks for.
const TROUBLE_WAIT: Duration = Duration::from_secs(30 * 60);
/// Why nothing is sent for so long.
pub(super) const TROUBLE: &str = "it has trouble of its own";
/// After an update that was taken: until the name's servers must show it.
const SETTLE: Duration = Duration::from_secs(15 * 60);
/// Waits after the first, second, … update or failure in a row; the last one repeats.
const BACK_OFF: [Duration; 5] = [
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(24 * 3600),
];
/// The longest of them for what is no answer of No-IP's: a network that is broken for a day must not cost another.
const NONSENSE_MAX: u32 = 2;

/// What is remembered of one name, on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Of the configuration that all this is about: another one begins anew.
    pub config: String,
    /// Why no more requests are sent.
    pub latched: Option<Final>,
    /// What was last taken.
    pub sent_v4: Option<Ipv4Addr>,
    /// The same.
    pub sent_v6: Option<Ipv6Addr>,
    /// When that was.
    pub sent_at: Option<Timestamp>,
    /// When a request was last about to be sent.
    pub tried_at: Option<Timestamp>,
    /// No request before.
    pub not_before: Option<Timestamp>,
    /// Why not, in words.
    pub why: String,
    /// Requests in a row after which the name was still wrong.
    pub in_vain: u32,
}

impl Memory {
    /// What it is worth under `config`: another one begins anew.
    #[must_use]
    pub fn under(&self, config: &str) -> Self {
        if self.config == config { self.clone() } else { Self { config: config.to_owned(), ..Self::default() } }
    }
}

/// What is seen now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether IPv4 is to be told.
    pub wants_v4: bool,
    /// The same of IPv6.
    pub wants_v6: bool,
    /// Our address from outside; `None` where it is not known, or there is none.
    pub v4: Option<Ipv4Addr>,
    /// The same.
    pub v6: Option<Ipv6Addr>,
    /// What the name's own servers say; `None` where they could not be asked.
    pub named: Option<Vec<IpAddr>>,
}

impl Seen {
    /// What is to be told. A family that is wanted and not seen now keeps what it was told, or what the name has: half a
    /// line that is down for a minute is no reason to take half of a name away. `true` where that was needed.
    fn whole(&self, memory: &Memory) -> (Option<Ipv4Addr>, Option<Ipv6Addr>, bool) {
        let named = || self.named.iter().flatten();
        let named_v4 = || named().find_map(|ip| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None });
        let named_v6 = || named().find_map(|ip| if let IpAddr::V6(ip) = ip { Some(*ip) } else { None });
        let kept_v4 = if self.wants_v4 { memory.sent_v4.or_else(named_v4) } else { None };
        let kept_v6 = if self.wants_v6 { memory.sent_v6.or_else(named_v6) } else { None };
        let kept = self.v4.is_none() && kept_v4.is_some() || self.v6.is_none() && kept_v6.is_some();
        (self.v4.or(kept_v4), self.v6.or(kept_v6), kept)
    }
}

/// What to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The name leads here.
    Right,
    /// No-IP said the last word.
    Latched(Final),
    /// Not before then.
    Wait(Timestamp),
    /// It was told, and the name's servers have not caught up.
    Settling,
    /// Our address is not known, or one of the two.
    NoAddress,
    /// Our address cannot be reached from outside: telling it would help nobody.
    Private(Ipv4Addr),
    /// The servers cannot be asked, and what we last told is still so.
    Unknown,
    /// Tell these.
    Update(Option<Ipv4Addr>, Option<Ipv6Addr>),
}

/// Decides. `config` names the configuration: with another one, what was final is tried again.
#[must_use]
pub fn decide(memory: &Memory, seen: &Seen, config: &str, now: Timestamp) -> Decision {
    let memory = &memory.under(config);
    if let Some(last) = memory.latched {
        return Decision::Latched(last);
    }
    if let Some(private) = seen.v4.filter(|ip| !reachable(*ip)) {
        return Decision::Private(private);
    }
    if seen.v4.is_none() && seen.v6.is_none() {
        return Decision::NoAddress;
    }
    let (v4, v6, kept) = seen.whole(memory);
    let told = memory.sent_v4 == v4 && memory.sent_v6 == v6 && memory.sent_at.is_some();
    let right = seen.named.as_ref().map(|named| {
        let has = |ip: Option<IpAddr>| ip.is_none_or(|ip| named.contains(&ip));
        has(v4.map(IpAddr::V4)) && has(v6.map(IpAddr::V6))
    });
    match right {
        Some(true) if kept => return Decision::NoAddress,
        Some(true) => return Decision::Right,
        None if told => return Decision::Unknown,
        _ => {}
    }
    // A clock that was set back must not make it wait for years.
    let limit = now + BACK_OFF[BACK_OFF.len() - 1];
    if let Some(until) = memory.not_before.map(|until| until.min(limit)).filter(|until| *until > now) {
        return Decision::Wait(until);
    }
    let settling =
        memory.sent_at.is_some_and(|at| at <= now && now.duration_since(at) < SETTLE.try_into().unwrap_or_default());
    if told && settling { Decision::Settling } else { Decision::Update(v4, v6) }
}

/// What is remembered before an update is sent. Whoever dies over it does not send it again at once, and ever more rarely.
#[must_use]
pub fn intended(memory: &Memory, config: &str, now: Timestamp) -> Memory {
    let mut next = memory.under(config);
    next.in_vain += 1;
    (next.tried_at, next.not_before) = (Some(now), Some(now + wait(next.in_vain)));
    "the agent stopped before No-IP answered".clone_into(&mut next.why);
    next
}

/// What is remembered after an update to these addresses was answered; `memory` is as it was before it was intended.
#[must_use]
pub fn learned(
    memory: &Memory,
    config: &str,
    sent: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    reply: &Reply,
    now: Timestamp,
) -> Memory {
    let mut next = memory.under(config);
    next.tried_at = Some(now);
    next.why.clear();
    let again = next.sent_at.is_some() && (next.sent_v4, next.sent_v6) == sent;
    match reply {
        Reply::Good(_) | Reply::Unchanged(_) => {
            // Taken, and taken again for the same: the key may not cover the name. Ever more rarely, then.
            next.in_vain = if again { next.in_vain + 1 } else { 0 };
            (next.sent_v4, next.sent_v6, next.sent_at) = (sent.0, sent.1, Some(now));
            next.not_before = Some(now + wait(next.in_vain));
        }
        Reply::Final(last) => next.latched = Some(*last),
        Reply::Trouble => {
            next.not_before = Some(now + TROUBLE_WAIT);
            TROUBLE.clone_into(&mut next.why);
        }
        Reply::Nonsense(why) => {
            next.in_vain += 1;
            next.not_before = Some(now + wait(next.in_vain.min(NONSENSE_MAX)));
            why.clone_into(&mut next.why);
        }
    }
    next
}

/// What is remembered once the name was right for a day after trouble: the next trouble is another. Before, it stays: two
/// machines that take a name from each other must not do so at full speed.
#[must_use]
pub fn rested(memory: &Memory, now: Timestamp) -> Option<Memory> {
    let last = memory.tried_at.max(memory.sent_at)?;
    let day = jiff::SignedDuration::from_hours(24);
    (memory.in_vain > 0 && now.duration_since(last) > day).then(|| Memory {
        in_vain: 0,
        why: String::new(),
        not_before: None,
        ..memory.clone()
    })
}

fn wait(times: u32) -> Duration {
    BACK_OFF[(times as usize).min(BACK_OFF.len() - 1)]
}

/// Whether others can reach it: not private, not shared by a provider among its customers, not of this machine.
fn reachable(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
    const OTHER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 8);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    fn seen(v4: Ipv4Addr, named: Option<Ipv4Addr>) -> Seen {
        Seen { wants_v4: true, v4: Some(v4), named: named.map(|ip| vec![ip.into()]), ..Seen::default() }
    }

    fn good() -> Reply {
        Reply::Good(vec![])
    }

    #[test]
    fn an_update_is_sent_only_when_the_servers_disagree() {
        let fresh = Memory::default();
        assert_eq!(decide(&fresh, &seen(HOME, Some(HOME)), "c", at(0)), Decision::Right);
        assert_eq!(decide(&fresh, &seen(HOME, Some(OTHER)), "c", at(0)), Decision::Update(Some(HOME), None));
        let memory = learned(&fresh, "c", (Some(HOME), None), &good(), at(0));
        // A restart: the same memory, and nothing is sent.
        assert_eq!(decide(&memory, &seen(HOME, None), "c", at(1000)), Decision::Unknown);
        assert_eq!(decide(&memory, &seen(HOME, Some(HOME)), "c", at(1000)), Decision::Right);
        assert_eq!(decide(&memory, &seen(OTHER, Some(HOME)), "c", at(1000)), Decision::Update(Some(OTHER), None));
    }

    #[test]
    fn both_families_have_to_be_right() {
        let six: Ipv6Addr = "2001:db8::7".parse().unwrap();
        let (wants_v4, wants_v6) = (true, true);
        let mut both = Seen { wants_v4, wants_v6, v4: Some(HOME), v6: Some(six), named: Some(vec![HOME.into()]) };
        assert_eq!(decide(&Memory::default(), &both, "c", at(0)), Decision::Update(Some(HOME), Some(six)));
        both.named = Some(vec![six.into(), HOME.into()]);
        assert_eq!(decide(&Memory::default(), &both, "c", at(0)), Decision::Right);
    }

    #[test]
    fn half_a_line_that_is_down_takes_no_half_of_a_name_away() {
        let (six, new): (Ipv6Addr, Ipv6Addr) = ("2001:db8::7".parse().unwrap(), "2001:db8::8".parse().unwrap());
        let told = learned(&Memory::default(), "c", (Some(HOME), Some(six)), &good(), at(0));
        let half = |v6, named| Seen { wants_v4: true, wants_v6: true, v4: None, v6: Some(v6), named };
        // Nothing changed that is seen, whether or not the servers can be asked.
        assert_eq!(decide(&told, &half(six, None), "c", at(100)), Decision::Unknown);
        let both = Some(vec![HOME.into(), six.into()]);
        assert_eq!(decide(&told, &half(six, both.clone()), "c", at(100)), Decision::NoAddress);
        // What changed is told with what was told before, or what somebody else put there.
        assert_eq!(decide(&told, &half(new, both.clone()), "c", at(100)), Decision::Update(Some(HOME), Some(new)));
        let fresh = Memory::default();
        assert_eq!(decide(&fresh, &half(new, both), "c", at(100)), Decision::Update(Some(HOME), Some(new)));
        // A line that never had the other family is whole with one.
        assert_eq!(decide(&fresh, &half(six, Some(vec![six.into()])), "c", at(100)), Decision::Right);
        assert_eq!(decide(&fresh, &half(six, Some(vec![])), "c", at(100)), Decision::Update(None, Some(six)));
    }

    #[test]
    fn what_is_taken_and_not_shown_is_told_ever_more_rarely() {
        let mut memory = Memory::default();
        let mut sent = Vec::new();
        for minute in 0..(3 * 24 * 60) {
            if let Decision::Update(v4, v6) = decide(&memory, &seen(HOME, Some(OTHER)), "c", at(minute)) {
                sent.push(minute);
                memory = learned(&memory, "c", (v4, v6), &good(), at(minute));
            }
        }
        assert!(sent.len() <= 7 && sent[1] >= 15, "{sent:?}");
    }

    #[test]
    fn the_last_word_is_kept_until_the_configuration_changes() {
        let update = (Some(HOME), None);
        let memory = learned(&Memory::default(), "c", update, &Reply::Final(Final::BadAuth), at(0));
        let text = serde_json::to_string(&memory).unwrap();
        let memory: Memory = serde_json::from_str(&text).unwrap();
        assert_eq!(decide(&memory, &seen(HOME, Some(OTHER)), "c", at(99_999)), Decision::Latched(Final::BadAuth));
        assert_eq!(decide(&memory, &seen(HOME, Some(OTHER)), "d", at(1)), Decision::Update(Some(HOME), None));
    }

    #[test]
    fn trouble_at_no_ip_waits_half_an_hour() {
        let memory = learned(&Memory::default(), "c", (Some(HOME), None), &Reply::Trouble, at(0));
        assert_eq!(decide(&memory, &seen(HOME, Some(OTHER)), "c", at(29)), Decision::Wait(at(30)));
        assert!(matches!(decide(&memory, &seen(HOME, Some(OTHER)), "c", at(30)), Decision::Update(..)));
    }

    #[test]
    fn what_was_intended_and_never_answered_is_not_sent_again_at_once() {
        let (mut memory, mut sent) = (Memory::default(), Vec::new());
        for minute in 0..(24 * 60) {
            if let Decision::Update(..) = decide(&memory, &seen(HOME, Some(OTHER)), "c", at(minute)) {
                sent.push(minute);
                memory = intended(&memory, "c", at(minute));
            }
        }
        assert_eq!(sent, [0, 10, 70, 430]);
    }

    #[test]
    fn two_machines_that_fight_for_a_name_grow_tired_and_rest_makes_up() {
        let (mut memory, mut sent) = (Memory::default(), 0);
        for minute in (0..(2 * 24 * 60)).step_by(10) {
            // Every update shows, and ten minutes later the other one has taken the name back.
            if let Decision::Update(v4, v6) = decide(&memory, &seen(HOME, Some(OTHER)), "c", at(minute)) {
                sent += 1;
                memory = learned(&memory, "c", (v4, v6), &good(), at(minute));
                memory = rested(&memory, at(minute + 5)).unwrap_or(memory);
            }
        }
        assert!(sent <= 7, "{sent}");
        let last = memory.sent_at.unwrap();
        assert_eq!(rested(&memory, last + Duration::from_secs(86_400)), None);
        let fresh = rested(&memory, last + Duration::from_secs(86_401)).unwrap();
        assert_eq!((fresh.in_vain, fresh.sent_v4, fresh.not_before), (0, Some(HOME), None));
        assert_eq!(rested(&fresh, at(1_000_000)), None);
    }

    #[test]
    fn an_outage_costs_an_hour_at_most_after_it_ended() {
        let mut memory = Memory::default();
        for minute in 0..(3 * 24 * 60) {
            if let Decision::Update(v4, v6) = decide(&memory, &seen(HOME, Some(OTHER)), "c", at(minute)) {
                memory = learned(&memory, "c", (v4, v6), &Reply::Nonsense("no answer".into()), at(minute));
            }
        }
        assert!(memory.not_before.unwrap() <= at(3 * 24 * 60 + 60) && memory.why == "no answer");
    }

    #[test]
    fn an_address_that_nobody_can_reach_is_not_told() {
        for private in ["100.64.1.2", "192.168.1.2", "10.0.0.1", "127.0.0.1", "169.254.1.1"] {
            let private = private.parse().unwrap();
            assert_eq!(decide(&Memory::default(), &seen(private, Some(HOME)), "c", at(0)), Decision::Private(private));
        }
        assert_eq!(decide(&Memory::default(), &Seen::default(), "c", at(0)), Decision::NoAddress);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_it_wait_for_years() {
        let memory = learned(&Memory::default(), "c", (Some(HOME), None), &Reply::Trouble, at(1_000_000));
        assert!(
            matches!(decide(&memory, &seen(OTHER, Some(HOME)), "c", at(0)), Decision::Wait(until) if until <= at(1440))
        );
    }
}
