//! What a client's traces say of its last updates.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

/// What is known of one name, or of all that a client keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) host: Option<String>,
    pub(super) trace: Trace,
}

/// How the last updates went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) ipv4: Option<Ipv4Addr>,
    pub(super) ipv6: Option<Ipv6Addr>,
    pub(super) succeeded_at: Option<Timestamp>,
    pub(super) tried_at: Option<Timestamp>,
    /// Why the last update failed; `None` if it did not.
    pub(super) failure: Option<Failure>,
    /// Until when the client said it would do nothing.
    pub(super) asleep_until: Option<Timestamp>,
    /// Why its traces could not be read.
    pub(super) unread: Option<String>,
}

/// Why an update failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// In the client's words, or No-IP's.
    pub(super) why: String,
    /// Whether it fails until somebody acts.
    pub(super) lasting: bool,
}

impl Trace {
    pub(super) fn succeeded(&mut self, time: Timestamp) {
        (self.succeeded_at, self.tried_at) = (Some(time), Some(time));
        (self.failure, self.asleep_until) = (None, None);
    }

    pub(super) fn failed(&mut self, time: Timestamp, why: &str) {
        self.tried_at = Some(time);
        self.failure = Some(Failure { why: why.trim().to_owned(), lasting: lasting(why) });
    }

    /// What is no address is passed over; several stand with commas or spaces between them.
    pub(super) fn believes(&mut self, addresses: &str) {
        for word in addresses.split([',', ' ']) {
            match word.trim_matches(['\'', '"', '.']).parse() {
                Ok(IpAddr::V4(address)) if !address.is_unspecified() => self.ipv4 = Some(address),
                Ok(IpAddr::V6(address)) if !address.is_unspecified() => self.ipv6 = Some(address),
                _ => {}
            }
        }
    }
}

/// Whether No-IP's answer, in the protocol's words or a client's, stays the same until somebody acts.
fn lasting(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    let words = [
        "badauth",
        "badagent",
        "!donator",
        "nohost",
        "abuse",
        "credential",
        "password",
        "authentication",
        "blocked",
        "disabled",
        "not available",
        "does not exist",
        "not found",
        "unauthorized",
        "401",
    ];
    words.iter().any(|word| why.contains(word))
}
