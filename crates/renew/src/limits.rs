//! Bounds, each with its reason.

/// A year has so many seconds: what a life is taken for where nobody says when it began.
pub const YEAR_SECONDS: i64 = 365 * DAY_SECONDS;
/// A day has so many seconds.
pub const DAY_SECONDS: i64 = 86_400;
/// No-IP asks for a confirmation of a free name every thirty days.
pub const NOIP_CONFIRMATION_SECONDS: i64 = 30 * DAY_SECONDS;
/// Names, reasons and the like that a provider says: what a log line and a table can show.
pub const TEXT_BYTES_MAX: usize = 300;
/// Things with an end that one provider may list. GoDaddy gives at most 1,000 at a time; nobody with a NAS has as many.
pub const FOUND_MAX: usize = 5_000;
/// A domain is renewed for at most so many years at once: the registries' limit.
pub const YEARS_MAX: u8 = 10;

/// `text` as far as it may be kept and shown: one line, without what steers a terminal.
#[must_use]
pub fn short(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if out.len() + c.len_utf8() > TEXT_BYTES_MAX {
            break;
        }
        out.push(c);
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_is_one_short_line() {
        assert_eq!(short("no\r\nentry\u{1b}[31m "), "no  entry [31m");
        assert!(short(&"é".repeat(TEXT_BYTES_MAX)).len() <= TEXT_BYTES_MAX);
    }
}
