//! Whoever keeps No-IP informed.

use super::macros::view;
use crate::Text;

view! {
    /// The No-IP client that runs here, for a name.
    NoIp = 11, "noip" {
        /// The name.
        host: Text, Any;
        /// `noip-duc`, `noip2`, `inadyn`, `ddclient`, `ddns-scripts`, `atalaya` or `none`.
        client: Text, Any;
        /// Whether it runs.
        running: bool, Any;
        /// `ok`, `failing`, `latched` (it gave up until somebody acts), `asleep`, `stopped` or `unknown`.
        state: Text, Any;
        /// What is wrong, and what to do.
        problem: Text, Any;
        /// What it believes our address is, IPv4.
        believed_ipv4: Text, Any;
        /// The same, IPv6.
        believed_ipv6: Text, Any;
        /// When it last updated the name or found it right.
        succeeded_at: Text, Any;
        /// When it last tried.
        tried_at: Text, Any;
    }
}
