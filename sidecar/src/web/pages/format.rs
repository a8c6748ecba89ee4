//! Numbers, times and lengths as people read them, in their language and zone. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::web::words::Language;

const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_ES: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"];
const BYTES: [(f64, &str); 6] = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (0.0, "B")];
const BITS: [(f64, &str); 4] = [(1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (0.0, "bit/s")];
const SPANS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

impl Language {
    /// With so many places after the point, and a narrow space between thousands from five digits on.
    pub(super) fn number(self, number: f64, places: usize) -> String {
        let text = format!("{number:.places$}");
        let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
        let mut out = grouped(whole);
        if let Some(rest) = rest {
            out.push(if self == Self::Es { ',' } else { '.' });
            out.push_str(rest);
        }
        out
    }

    /// A value with the unit that its key ends with, as keys of views do.
    pub(super) fn with_unit(self, key: &str, number: f64) -> String {
        let plain = |places, unit: &str| format!("{}\u{a0}{unit}", self.number(number, places));
        let few = usize::from(number.abs() < 10.0 && number.fract().abs() >= 0.05);
        match key {
            _ if key.ends_with("_bits_per_second") => self.scaled(number, &BITS),
            _ if key.ends_with("_bytes_per_second") => self.scaled(number, &BYTES) + "/s",
            _ if key.ends_with("_bytes") => self.scaled(number, &BYTES),
            _ if key.ends_with("_percent") => plain(few, "%"),
            _ if key.ends_with("_celsius") => plain(0, "°C"),
            _ if key.ends_with("_volts") => plain(0, "V"),
            _ if key.ends_with("_rpm") => plain(0, "rpm"),
            "latency_seconds" if number < 10.0 => format!("{}\u{a0}ms", self.number(number * 1e3, 0)),
            _ if key.ends_with("_seconds") => self.span(number),
            _ if key.starts_with("load_") => self.number(number, 2),
            _ => self.number(number, if number.fract() == 0.0 { 0 } else { 1 }),
        }
    }

    fn scaled(self, number: f64, units: &[(f64, &str)]) -> String {
        let (size, unit) = units.iter().find(|(size, _)| number.abs() >= *size).or(units.last()).unwrap_or(&(0.0, ""));
        let shown = if *size > 0.0 { number / size } else { number };
        let places = usize::from(*size > 0.0 && shown.abs() < 100.0);
        format!("{}\u{a0}{unit}", self.number(shown, places))
    }

    /// A length of time in its two largest units.
    pub(super) fn span(self, seconds: f64) -> String {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
        let mut left = seconds.abs() as u64;
        let sign = if seconds <= -1.0 { "−" } else { "" };
        let mut parts = Vec::new();
        for (size, unit) in SPANS {
            if left >= size && parts.len() < 2 {
                parts.push(format!("{}\u{a0}{unit}", left / size));
                left %= size;
            } else if !parts.is_empty() {
                break;
            }
        }
        if parts.is_empty() { "0\u{a0}s".into() } else { sign.to_owned() + &parts.join(" ") }
    }

    /// A day in a zone.
    pub(super) fn day(self, at: i64, zone: &TimeZone) -> String {
        let date = self.date(at, zone);
        date.split_once(',').map_or_else(String::new, |(day, _)| day.to_owned())
    }

    /// Day and minute in a zone.
    pub(super) fn date(self, at: i64, zone: &TimeZone) -> String {
        let Ok(stamp) = Timestamp::from_second(at) else { return String::new() };
        let local = stamp.to_zoned(zone.clone());
        let months = if self == Self::Es { MONTHS_ES } else { MONTHS_EN };
        let month = usize::try_from(local.month() - 1).ok().and_then(|at| months.get(at)).copied().unwrap_or_default();
        format!("{} {month} {}, {:02}:{:02}", local.day(), local.year(), local.hour(), local.minute())
    }
}

/// Digits in threes, where there are five or more.
fn grouped(whole: &str) -> String {
    let digits = whole.trim_start_matches('-');
    if digits.len() < 5 {
        return whole.to_owned();
    }
    let mut out = String::from(whole.strip_suffix(digits).unwrap_or_default());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Seconds since 1970 of a time as views tell it.
pub(super) fn seconds_of(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// For `datetime` of `<time>`.
pub(super) fn iso(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| String::new(), |stamp| stamp.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_unit_and_the_reader_s_point() {
        let cases = [
            ("used_percent", 97.25, "97 %", "97 %"),
            ("used_percent", 7.25, "7.2 %", "7,2 %"),
            ("temperature_celsius", -3.4, "-3 °C", "-3 °C"),
            ("free_bytes", 1.84e12, "1.8 TB", "1,8 TB"),
            ("free_bytes", 734e6, "734 MB", "734 MB"),
            ("free_bytes", 12.0, "12 B", "12 B"),
            ("read_bytes_per_second", 2.1e6, "2.1 MB/s", "2,1 MB/s"),
            ("speed_bits_per_second", 1e9, "1.0 Gbit/s", "1,0 Gbit/s"),
            ("load_1", 0.42, "0.42", "0,42"),
            ("latency_seconds", 0.184, "184 ms", "184 ms"),
            ("duration_seconds", 760.0, "12 min 40 s", "12 min 40 s"),
            ("uptime_seconds", 3_456_000.0, "40 d", "40 d"),
            ("left_seconds", -90_000.0, "−1 d 1 h", "−1 d 1 h"),
            ("files_count", 1_412_388.0, "1\u{202f}412\u{202f}388", "1\u{202f}412\u{202f}388"),
            ("pending_count", 8.0, "8", "8"),
        ];
        for (key, number, en, es) in cases {
            let plain = |text: String| text.replace('\u{a0}', " ");
            assert_eq!(plain(Language::En.with_unit(key, number)), en, "{key}");
            assert_eq!(plain(Language::Es.with_unit(key, number)), es, "{key}");
        }
    }

    #[test]
    fn times_are_in_the_reader_s_zone_and_language() {
        let at = seconds_of("2026-01-31T23:30:00Z").unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(Language::En.date(at, &zone), "1 Feb 2026, 00:30");
        assert_eq!(Language::Es.date(at, &TimeZone::UTC), "31 ene 2026, 23:30");
        assert_eq!((seconds_of("yesterday"), iso(at).as_str()), (None, "2026-01-31T23:30:00Z"));
    }
}
