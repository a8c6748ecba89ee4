//! How much one client may send: what is more waits, and the client with it.
//!
//! Waiting rather than refusing: a client of MQTT 3.1.1 cannot be told, one with QoS 0 is not, and whoever floods on
//! purpose would go on. So the connection is not read until its turn comes; the client's own buffers fill, nobody else's.

use std::time::Duration;

use crate::limits::{BYTES_PER_SECOND, MESSAGES_PER_SECOND};

/// What passes at once after a rest.
const BURST: Duration = Duration::from_secs(1);

/// What one client has used up, as the time until which it is paid for.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    messages: Duration,
    bytes: Duration,
}

impl Bucket {
    /// Counts `messages` and `bytes` at `now` (monotonic), and says how long the client has to wait.
    pub(crate) fn take(&mut self, now: Duration, messages: u32, bytes: usize) -> Duration {
        let second = Duration::from_secs(1);
        let nanos = (bytes as u64).saturating_mul(1_000_000_000) / BYTES_PER_SECOND;
        let messages = owed(&mut self.messages, now, second * messages / MESSAGES_PER_SECOND);
        messages.max(owed(&mut self.bytes, now, Duration::from_nanos(nanos)))
    }
}

fn owed(paid_until: &mut Duration, now: Duration, price: Duration) -> Duration {
    *paid_until = (*paid_until).max(now) + price;
    paid_until.saturating_sub(now + BURST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages that pass within `seconds`, if the client sends as fast as it may.
    fn passed(seconds: u64, bytes: usize) -> u32 {
        let (mut bucket, mut now, mut count) = (Bucket::default(), Duration::ZERO, 0);
        while now < Duration::from_secs(seconds) {
            now += bucket.take(now, 1, bytes);
            count += 1;
        }
        count
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        for seconds in [1, 2, 10] {
            let expected = MESSAGES_PER_SECOND * (seconds as u32 + 1);
            assert!(passed(seconds, 10).abs_diff(expected) <= 2, "{}", passed(seconds, 10));
        }
        // 64 KiB each: 64 a second, because of the bytes.
        assert!(passed(10, 64 << 10).abs_diff(64 * 11) <= 2);
    }

    #[test]
    fn who_keeps_to_it_never_waits() {
        let mut bucket = Bucket::default();
        for tick in 0..10_000_u64 {
            assert_eq!(bucket.take(Duration::from_millis(2 * tick), 1, 1000), Duration::ZERO);
        }
    }
}
