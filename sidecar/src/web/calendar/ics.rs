//! iCalendar (RFC 5545), as much of it as days with a title need.

use std::fmt::Write;

/// A line is at most so many bytes long, without its end (RFC 5545, 3.1).
const LINE_BYTES_MAX: usize = 75;

/// A whole day with a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Names it for good.
    pub(super) uid: String,
    pub(super) date: jiff::civil::Date,
    /// When it was last looked at.
    pub(super) stamp: jiff::Timestamp,
    pub(super) title: String,
    pub(super) text: String,
    /// Where more of it stands; empty for nowhere.
    pub(super) url: String,
}

/// A calendar of days.
pub(super) fn calendar(name: &str, days: &[Day]) -> String {
    let mut out = String::new();
    let version = env!("CARGO_PKG_VERSION");
    line(&mut out, "BEGIN", "VCALENDAR");
    line(&mut out, "VERSION", "2.0");
    line(&mut out, "PRODID", &format!("-//Atalaya//atalaya-sidecar {version}//EN"));
    line(&mut out, "X-WR-CALNAME", &escaped(name));
    // Clients look so often, where they go by that.
    line(&mut out, "REFRESH-INTERVAL;VALUE=DURATION", "PT6H");
    for day in days {
        event(&mut out, day);
    }
    line(&mut out, "END", "VCALENDAR");
    out
}

fn event(out: &mut String, day: &Day) {
    line(out, "BEGIN", "VEVENT");
    line(out, "UID", &escaped(&day.uid));
    line(out, "DTSTAMP", &day.stamp.strftime("%Y%m%dT%H%M%SZ").to_string());
    line(out, "DTSTART;VALUE=DATE", &day.date.strftime("%Y%m%d").to_string());
    line(out, "SUMMARY", &escaped(&day.title));
    if !day.text.is_empty() {
        line(out, "DESCRIPTION", &escaped(&day.text));
    }
    if !day.url.is_empty() {
        line(out, "URL", &day.url);
    }
    // It is nothing that takes anybody's time.
    line(out, "TRANSP", "TRANSPARENT");
    line(out, "END", "VEVENT");
}

/// Text as a value: 3.3.11.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A property, folded: what is too long goes on behind a space, and no character is cut in two.
fn line(out: &mut String, name: &str, value: &str) {
    let (mut whole, mut used) = (String::new(), 0);
    let _ = write!(whole, "{name}:{value}");
    for c in whole.chars() {
        if used + c.len_utf8() > LINE_BYTES_MAX {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_whole_and_escaped() {
        let day = Day {
            uid: "domain_a@_sidecar".into(),
            date: jiff::civil::date(2027, 1, 2),
            stamp: jiff::Timestamp::from_second(1_795_374_002).unwrap(),
            title: "a.example; vence, año ".repeat(8),
            text: "one\ntwo\r\\ three\u{7}".into(),
            url: "https://nas.lan/renewals".into(),
        };
        let text = calendar("Renewals", &[day]);
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_BYTES_MAX && !line.contains(['\r', '\n'])), "{text}");
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("SUMMARY:a.example\\; vence\\, año a.example"), "{unfolded}");
        assert!(unfolded.contains("\r\nDTSTART;VALUE=DATE:20270102\r\nSUMMARY"));
        assert!(unfolded.contains("\r\nDESCRIPTION:one\\ntwo\\\\ three\r\n"));
        assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(calendar("Renewals", &[]).matches("VEVENT").count(), 0);
    }
}
