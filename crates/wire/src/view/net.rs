//! A network interface.

use super::macros::view;
use crate::Text;

view! {
    /// A network interface.
    Net = 6, "net" {
        /// The kernel's name.
        name: Text, Any;
        /// Whether it can carry traffic.
        up: bool, Any;
        /// What it negotiated.
        speed_bits_per_second: u64, Any;
        /// Its hardware address.
        mac: Text, Any;
        /// Its first address that others on the network could use, IPv4.
        ipv4: Text, Any;
        /// The same, IPv6.
        ipv6: Text, Any;
        /// Received since it came up.
        received_bytes: u64, Quiet;
        /// Sent since it came up.
        sent_bytes: u64, Quiet;
        /// Receive rate since the last sample.
        received_bytes_per_second: f32, Quiet;
        /// Send rate since the last sample.
        sent_bytes_per_second: f32, Quiet;
        /// Packets that arrived broken.
        receive_error_count: u64, Any;
        /// Packets that could not be sent.
        send_error_count: u64, Any;
        /// Packets that were dropped on arrival.
        receive_drop_count: u64, Quiet;
    }
}
