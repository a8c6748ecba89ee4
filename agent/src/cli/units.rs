//! Sizes, durations and times, as people write and read them.

use std::time::Duration;

use atalaya_repo::model::Time;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use crate::config::parse_size;

const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// Three digits and a unit: `1.23 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Thousands apart: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of things: `1 entry`, `2,000 entries`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `0.42 s`, `12.3 s`, `4 min 05 s`, `3 h 02 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = time.as_secs();
    match whole {
        0..10 => format!("{seconds:.2} s"),
        10..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// How long it took, and how fast that was if there was anything: `0.42 s (2.00 MiB/s)`.
pub(crate) fn took(bytes: u64, time: Duration) -> String {
    if bytes == 0 { duration(time) } else { format!("{} ({})", duration(time), rate(bytes, time)) }
}

/// Bytes a second over `time`, as text.
fn rate(bytes: u64, time: Duration) -> String {
    format!("{}/s", size((bytes as f64 / time.as_secs_f64().max(1e-6)) as u64))
}

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

/// The present time.
pub(crate) fn now() -> Time {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Time { secs: since.as_secs() as i64, nanos: since.subsec_nanos() },
        // A clock before 1970 has lost its battery; what is told of it does not matter.
        Err(_) => Time::default(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("32M", 32 << 20), ("1g", 1 << 30), ("2KiB", 2048), ("1T", 1 << 40)]
        {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
        for bad in ["", "M", "-1", "1.5G", "1X", "99999999999T", "1 M", "0x10"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_out() {
        let table = [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1 << 20, "1.00 MiB"), (10 << 20, "10.0 MiB")];
        for (bytes, text) in table {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(1_234_567_890), "1.15 GiB");
        assert_eq!(size(u64::MAX), "16384 PiB");
        assert_eq!((count(0).as_str(), count(999).as_str(), count(1_234_567).as_str()), ("0", "999", "1,234,567"));
    }

    #[test]
    fn times() {
        assert_eq!(rfc3339(Time { secs: 0, nanos: 5 }), "1970-01-01T00:00:00.000000005Z");
        assert_eq!(rfc3339(Time { secs: -1, nanos: 500_000_000 }), "1969-12-31T23:59:59.500000000Z");
        assert_eq!(rfc3339(Time { secs: i64::MAX, nanos: 0 }), format!("{}.000000000", i64::MAX));
        assert_eq!(duration(Duration::from_secs(245)), "4 min 05 s");
        assert_eq!(duration(Duration::from_millis(420)), "0.42 s");
        assert_eq!(took(0, Duration::from_millis(420)), "0.42 s");
        assert_eq!(took(1 << 20, Duration::from_millis(500)), "0.50 s (2.00 MiB/s)");
    }
}
