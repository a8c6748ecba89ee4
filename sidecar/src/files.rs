//! How many connections and files the system lets the program have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::limits::{CONNECTIONS_MAX, FILES_OWN};

/// Asks for as many as there may be, and gives how many that is; `None` if the system does not say.
#[must_use]
pub fn raise() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { Some(hard) } else { Some(soft) }
}

/// Whether `connections` of nodes are so many that with pages and the database nine tenths of `limit` can be in use.
#[must_use]
pub const fn is_short(limit: u64, connections: usize) -> bool {
    connections as u64 + CONNECTIONS_MAX as u64 + FILES_OWN > limit / 10 * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_had_is_asked_for() {
        let limit = raise().unwrap();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!((soft, limit), (hard, hard));
    }

    #[test]
    fn a_thousand_nodes_do_not_fit_into_what_is_usual() {
        for (limit, connections, short) in
            [(1_024, 10, false), (1_024, 600, true), (1_024, 1_000, true), (4_096, 1_000, false)]
        {
            assert_eq!(is_short(limit, connections), short, "{limit} {connections}");
        }
    }
}
