//! What No-IP's own clients write: they keep no state, so their lines in the journal are all there is.

use jiff::{SignedDuration, Timestamp};

use super::trace::Trace;

/// Waits from this long on are no retry: noip-duc sleeps for 14 days after answers that no retry mends.
const SLEEP_DAYS_MIN: i64 = 2;

/// A line of noip-duc, 3.0 to 3.3: both ways in which it has named the same things.
pub(super) fn duc_line(trace: &mut Trace, time: Timestamp, line: &str) {
    // An earlier `[2026-… INFO noip_duc]` is in the way of nothing: what matters stands behind it.
    let after = |start: &str| line.split_once(start).map(|(_, rest)| rest);
    if let Some(rest) = after("update successful").or_else(|| after("update succeeded")) {
        trace.succeeded(time);
        trace.believes(value(rest, "current=").or_else(|| value(rest, "ip=")).unwrap_or_default());
    } else if let Some(rest) = after("got new ip") {
        trace.tried_at = Some(time);
        trace.believes(value(rest, "current=").or_else(|| value(rest, "ip=")).unwrap_or_default());
    } else if let Some(rest) = after("update failed") {
        trace.failed(time, rest.trim_start_matches([';', ':', ' ']));
    } else if let Some(rest) = after("Failed to get ip") {
        let why = rest.split_once(',').map_or(rest, |(_, rest)| rest);
        trace.failed(time, &format!("cannot find out the address,{why}"));
    } else if let Some(rest) = after("checking ip again in ") {
        let wait = wait(rest);
        if wait >= SignedDuration::from_hours(24 * SLEEP_DAYS_MIN) {
            trace.asleep_until = time.checked_add(wait).ok();
        } else if trace
            .failure
            .as_ref()
            .is_some_and(|failure| !failure.lasting && failure.why.starts_with("cannot find"))
        {
            // It checks in its usual rhythm again: the address was found, and had not changed.
            trace.failure = None;
        }
    }
}

/// A line of noip2: `home.ddns.net set to 203.0.113.7`, `… was already set to …`.
pub(super) fn noip2_line(trace: &mut Trace, time: Timestamp, line: &str) {
    let lower = line.to_ascii_lowercase();
    if let Some((_, address)) = line.split_once(" set to ") {
        trace.succeeded(time);
        trace.believes(address);
    } else if ["incorrect", "disabled", "failed", "error", "can't", "blocked"].iter().any(|word| lower.contains(word)) {
        trace.failed(time, line);
    }
}

/// What stands after `key`, up to the comma or space.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let start = text
        .find(key)
        .filter(|at| *at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric() && text.as_bytes()[at - 1] != b'_')?;
    text[start + key.len()..].split([',', ' ', ';']).next()
}

/// `5m`, `14days`, `1day 2h`: as humantime and Go write waits. What is none counts as nothing.
fn wait(text: &str) -> SignedDuration {
    let mut seconds = 0_i64;
    let mut number = String::new();
    let mut unit = String::new();
    let mut add = |number: &mut String, unit: &mut String| {
        let one = match unit.as_str() {
            "d" | "day" | "days" => 86_400,
            "h" | "hr" | "hour" | "hours" => 3600,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
            _ => 0,
        };
        seconds = seconds.saturating_add(number.parse::<i64>().unwrap_or(0).saturating_mul(one));
        number.clear();
        unit.clear();
    };
    for c in text.chars().take(64) {
        match c {
            '0'..='9' if !unit.is_empty() => {
                add(&mut number, &mut unit);
                number.push(c);
            }
            '0'..='9' => number.push(c),
            c if c.is_ascii_alphabetic() => unit.push(c),
            _ => {}
        }
    }
    add(&mut number, &mut unit);
    SignedDuration::from_secs(seconds)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read() {
        for (text, seconds) in [
            ("5m", 300),
            ("14days", 1_209_600),
            ("1day 2h 3s", 93_603),
            ("300", 300),
            ("300s", 300),
            ("soon", 0),
            ("99999999999999999999days", 0),
        ] {
            assert_eq!(wait(text).as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn values_begin_where_a_word_does() {
        assert_eq!(value("; ip=203.0.113.7, last_ip=0.0.0.0", "ip="), Some("203.0.113.7"));
        assert_eq!(value("; current=203.0.113.7", "current="), Some("203.0.113.7"));
        assert_eq!(value("; last_ip=0.0.0.0", "ip="), None);
    }
}
