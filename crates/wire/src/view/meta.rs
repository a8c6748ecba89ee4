//! The node itself.

use super::macros::view;
use crate::Text;

view! {
    /// Who this node is and what it speaks. Told at every connection.
    Meta = 1, "meta" {
        /// The name people gave it.
        name: Text, Any;
        /// Version of the agent.
        version: Text, Any;
        /// Version of the two streams that the agent speaks.
        wire: u64, Any;
        /// Model of the machine, as its firmware says.
        model: Text, Any;
        /// Operating system and its version.
        os: Text, Any;
        /// Version of the kernel.
        kernel: Text, Any;
        /// Processor architecture that the agent was built for.
        architecture: Text, Any;
        /// Seconds between two frames; `system` is read as often, and every 30 seconds at least.
        interval_seconds: u64, Any;
        /// Seconds after which an unchanged view is told again.
        heartbeat_seconds: u64, Any;
        /// Numbers the stream of records.
        record_stream: Text, Any;
        /// Numbers the stream of frames.
        frame_stream: Text, Any;
    }
}
