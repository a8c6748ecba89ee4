//! Times, as people and programs read them.

use atalaya_repo::model::Time;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The reader's own time: `2026-11-21 08:29:09`. A time that no calendar knows is shown in seconds.
pub(crate) fn local(time: Time) -> String {
    match timestamp(time) {
        Some(stamp) => stamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("{} s", time.secs),
    }
}

/// For programs: RFC 3339 in UTC with all nine digits of the fraction.
pub(crate) fn rfc3339(time: Time) -> String {
    match timestamp(Time { secs: time.secs, nanos: 0 }) {
        Some(stamp) => {
            let text = stamp.strftime("%Y-%m-%dT%H:%M:%S");
            format!("{text}.{:09}Z", time.nanos)
        }
        None => format!("{}.{:09}", time.secs, time.nanos),
    }
}

fn timestamp(time: Time) -> Option<Timestamp> {
    // Before 1970 the fraction still counts forwards; jiff wants both of one sign.
    let nanos = i128::from(time.secs) * 1_000_000_000 + i128::from(time.nanos);
    Timestamp::from_nanosecond(nanos).ok()
}

/// The present time. In tests of the daemon it is that of the daemon's clock.
#[cfg(all(feature = "simulate", feature = "daemon"))]
pub(crate) fn now() -> Time {
    let now = crate::clock::wall();
    Time { secs: now.as_second(), nanos: now.subsec_nanosecond().unsigned_abs() }
}

/// The present time.
#[cfg(not(all(feature = "simulate", feature = "daemon")))]
pub(crate) fn now() -> Time {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Time { secs: since.as_secs() as i64, nanos: since.subsec_nanos() },
        // A clock before 1970 has lost its battery; what is told of it does not matter.
        Err(_) => Time::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(rfc3339(Time { secs: 0, nanos: 5 }), "1970-01-01T00:00:00.000000005Z");
        assert_eq!(rfc3339(Time { secs: -1, nanos: 500_000_000 }), "1969-12-31T23:59:59.500000000Z");
        assert_eq!(rfc3339(Time { secs: i64::MAX, nanos: 0 }), format!("{}.000000000", i64::MAX));
    }
}
