//! Something that should run or answer.

use super::macros::view;
use crate::Text;

view! {
    /// A unit, process, port, host or web page that should run or answer.
    Service = 8, "service" {
        /// What people call it.
        name: Text, Any;
        /// `systemd`, `procd`, `process`, `tcp`, `icmp` or `http`.
        kind: Text, Any;
        /// Whether it runs or answers as it should.
        up: bool, Any;
        /// In the words of whoever was asked, such as `active (running)` or `HTTP 502`.
        state: Text, Any;
        /// Why it is not up.
        problem: Text, Any;
        /// How long the answer took.
        latency_seconds: f32, Share(0.5);
        /// Times it was started again by whoever watches over it.
        restart_count: u64, Any;
        /// Since when `up` is what it is.
        since: Text, Any;
    }
}
