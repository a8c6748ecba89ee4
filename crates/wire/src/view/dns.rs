//! A name that should lead here.

use super::macros::view;
use crate::Text;

view! {
    /// A name that should lead here: what its own servers say, what the world sees, and where we really are.
    Dns = 10, "dns" {
        /// The name.
        host: Text, Any;
        /// `ok`, `mismatch`, `unresolved`, `lagging` (resolvers have not caught up) or `unknown`.
        state: Text, Any;
        /// What is wrong.
        problem: Text, Any;
        /// Our address as seen from outside, IPv4.
        public_ipv4: Text, Any;
        /// The same, IPv6.
        public_ipv6: Text, Any;
        /// What the name's own servers say, IPv4; several are separated by spaces.
        authoritative_ipv4: Text, Any;
        /// The same, IPv6.
        authoritative_ipv6: Text, Any;
        /// What public resolvers say, IPv4.
        resolved_ipv4: Text, Any;
        /// The same, IPv6.
        resolved_ipv6: Text, Any;
        /// For how long resolvers may keep it.
        ttl_seconds: u64, Any;
        /// Whether the provider shares our address among customers, so that nobody can reach us by IPv4.
        cgnat: bool, Any;
        /// Since when `state` is what it is.
        since: Text, Any;
    }
}
