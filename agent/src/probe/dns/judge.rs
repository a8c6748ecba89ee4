//! What all that means, without asking anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::lookup::Found;

/// How long after an answer has run out resolvers and clients may still be behind.
const GRACE: Duration = Duration::from_secs(900);
/// Longer times to live are somebody's mistake.
const TTL_MAX: Duration = Duration::from_secs(86_400);

/// What is known of a name in one family.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// Whether the name should have such an address.
    pub(super) wanted: bool,
    /// As seen from outside, or why that is not known.
    pub(super) public: Result<IpAddr, String>,
    /// Others that lead here as well.
    pub(super) own: Vec<IpAddr>,
    pub(super) authoritative: Found,
    pub(super) resolved: Vec<Found>,
}

/// How one family does; later ones weigh more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    Nothing,
    Good,
    Unknown(String),
    Differs(String),
    Unresolved(String),
}

/// The state as the view has it, and what is wrong.
pub(super) type Verdict = (&'static str, Option<String>);

/// Since when names differ from what they should be.
#[derive(Debug, Default)]
pub(super) struct Judge {
    differing: BTreeMap<String, Duration>,
}

impl Judge {
    /// `now` is by the clock that never jumps.
    pub(super) fn verdict(&mut self, host: &str, families: &[Family], now: Duration) -> Verdict {
        let finding = families.iter().map(finding).max().unwrap_or(Finding::Nothing);
        if !matches!(finding, Finding::Differs(_) | Finding::Unknown(_)) {
            self.differing.remove(host);
        }
        match finding {
            Finding::Good => ("ok", None),
            Finding::Nothing => ("unresolved", Some("the name has no address".into())),
            Finding::Unresolved(why) => ("unresolved", Some(why)),
            Finding::Unknown(why) => ("unknown", Some(why)),
            Finding::Differs(why) => {
                let since = *self.differing.entry(host.to_owned()).or_insert(now);
                let state = if now.saturating_sub(since) <= tolerance(families) { "lagging" } else { "mismatch" };
                (state, Some(why))
            }
        }
    }
}

/// How long a difference may last.
fn tolerance(families: &[Family]) -> Duration {
    let found = families.iter().flat_map(|family| family.resolved.iter().chain([&family.authoritative]));
    let ttl = found.filter_map(Found::ttl).max().unwrap_or(0);
    Duration::from_secs(ttl.into()).min(TTL_MAX) + GRACE
}

fn finding(family: &Family) -> Finding {
    let all = match &family.authoritative {
        Found::Unknown(why) => return Finding::Unknown(why.clone()),
        Found::NoSuchName => return Finding::Unresolved("there is no such name".into()),
        Found::Nothing if family.wanted => return Finding::Differs(format!("the name has no {} address", family.name)),
        Found::Nothing => return Finding::Nothing,
        Found::Addresses { all, .. } => all,
    };
    let here =
        |address: &IpAddr| family.public.as_ref().is_ok_and(|public| public == address) || family.own.contains(address);
    if !all.iter().all(here) {
        return match &family.public {
            Ok(public) => Finding::Differs(format!("leads to {}, but we are at {public}", shown(all))),
            Err(why) => Finding::Unknown(format!("our {} address is not known: {why}", family.name)),
        };
    }
    let said: Vec<_> = family.resolved.iter().filter(|found| !matches!(found, Found::Unknown(_))).collect();
    if said.is_empty() {
        return Finding::Unknown("no public resolver answers".into());
    }
    match said.iter().find(|found| found.addresses() != Some(all)) {
        None => Finding::Good,
        Some(found) => match found.addresses() {
            Some(old) => Finding::Differs(format!("a public resolver still says {}", shown(old))),
            None => Finding::Differs("a public resolver does not know the name".into()),
        },
    }
}

/// Separated by spaces.
pub(super) fn shown(all: &BTreeSet<IpAddr>) -> String {
    all.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Found {
        match text {
            "?" => Found::Unknown("silence".into()),
            "" => Found::Nothing,
            "!" => Found::NoSuchName,
            text => Found::Addresses { all: text.split(' ').map(|a| a.parse().unwrap()).collect(), ttl: 60 },
        }
    }

    fn family(public: &str, authoritative: &str, resolved: &[&str], wanted: bool) -> Family {
        Family {
            name: "IPv4",
            wanted,
            public: public.parse().map_err(|_| "nobody told".to_owned()),
            own: Vec::new(),
            authoritative: at(authoritative),
            resolved: resolved.iter().map(|text| at(text)).collect(),
        }
    }

    #[test]
    fn only_what_is_known_to_be_right_is_ok() {
        for (public, authoritative, resolved, early, late) in [
            ("1.2.3.4", "1.2.3.4", &["1.2.3.4", "1.2.3.4"][..], "ok", "ok"),
            ("1.2.3.4", "1.2.3.4", &["?", "1.2.3.4"], "ok", "ok"),
            ("1.2.3.4", "1.2.3.4", &["?", "?"], "unknown", "unknown"),
            ("1.2.3.4", "1.2.3.4", &[], "unknown", "unknown"),
            ("1.2.3.4", "1.2.3.4", &["1.2.3.5", "1.2.3.4"], "lagging", "mismatch"),
            ("1.2.3.4", "1.2.3.4", &["!"], "lagging", "mismatch"),
            ("1.2.3.4", "1.2.3.5", &["1.2.3.5"], "lagging", "mismatch"),
            ("1.2.3.4", "1.2.3.4 1.2.3.5", &["1.2.3.4"], "lagging", "mismatch"),
            ("", "1.2.3.4", &["1.2.3.4"], "unknown", "unknown"),
            ("1.2.3.4", "?", &["1.2.3.4"], "unknown", "unknown"),
            ("1.2.3.4", "!", &["!"], "unresolved", "unresolved"),
            ("1.2.3.4", "", &[""], "unresolved", "unresolved"),
        ] {
            let mut judge = Judge::default();
            let mut state = |seconds| {
                let families = [family(public, authoritative, resolved, false)];
                judge.verdict("a", &families, Duration::from_secs(seconds)).0
            };
            // 60 s to live and 15 minutes.
            assert_eq!((state(100), state(1060), state(1061)), (early, early, late), "{authoritative} {resolved:?}");
        }
    }

    #[test]
    fn the_worse_family_counts() {
        let good = || family("1.2.3.4", "1.2.3.4", &["1.2.3.4"], true);
        for (other, state) in [
            (family("", "", &[], false), "ok"),
            (family("", "", &[], true), "lagging"),
            (family("", "2001:db8::1", &[], false), "unknown"),
            (family("2001:db8::2", "2001:db8::1", &["?"], false), "lagging"),
            (family("", "!", &[], false), "unresolved"),
        ] {
            assert_eq!(Judge::default().verdict("a", &[good(), other], Duration::ZERO).0, state);
        }
    }

    #[test]
    fn a_difference_that_ends_is_forgotten() {
        let mut judge = Judge::default();
        let mut state = |seconds, authoritative| {
            let families = [family("1.2.3.4", authoritative, &[authoritative], true)];
            judge.verdict("a", &families, Duration::from_secs(seconds)).0
        };
        assert_eq!(state(0, "1.2.3.5"), "lagging");
        assert_eq!(state(5, "?"), "unknown");
        assert_eq!(state(1000, "1.2.3.5"), "mismatch");
        assert_eq!(state(1010, "1.2.3.4"), "ok");
        assert_eq!(state(1020, "1.2.3.5"), "lagging");
    }
}
