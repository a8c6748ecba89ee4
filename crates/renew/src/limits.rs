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
/// Beyond it nobody waits for a share of a life: two days are what a person needs.
pub const LAST_SECONDS: i64 = 2 * DAY_SECONDS;
/// What nobody has looked at for so long is not known any more.
pub const STALE_SECONDS: i64 = 7 * DAY_SECONDS;
/// A plan that nobody decides on is made anew, with what it costs then.
pub const PROPOSAL_SECONDS: i64 = 7 * DAY_SECONDS;
/// An approval counts for so long: what is not begun by then needs another.
pub const APPROVAL_SECONDS: i64 = DAY_SECONDS;
/// After somebody rejected a plan, or asking failed for good, none is proposed for so long.
pub const PROPOSE_AGAIN_SECONDS: i64 = 14 * DAY_SECONDS;
/// A price that could not be had is asked for again after so long.
pub const QUOTE_AGAIN_SECONDS: i64 = 6 * 3_600;
/// An order that was certainly not taken is tried again at most so often, each time with all that is looked at before.
pub const TRIES_MAX: u32 = 5;
/// From the last look at its price to the moment an order is sent. Later, all is looked at again.
pub const SEND_SECONDS: i64 = 60;
/// Until an order shows; then a person has to look.
pub const SHOWS_SECONDS: i64 = DAY_SECONDS;
/// An end that moved by less is the same: providers round.
pub const SAME_END_SECONDS: i64 = DAY_SECONDS;
/// A renewal moves an end by at least so much.
pub const MOVED_SECONDS: i64 = 30 * DAY_SECONDS;
/// What a person confirmed and nobody names any more is forgotten after so long: two of No-IP's terms.
pub const CONFIRMED_SECONDS: i64 = 2 * NOIP_CONFIRMATION_SECONDS;
/// Plans that are over are kept for so long.
pub const KEPT_SECONDS: i64 = 3 * YEAR_SECONDS;
/// Plans that are kept at most: a hundred domains, ten years.
pub const PLANS_MAX: usize = 1_000;
/// Things that end at most, of all sources together.
pub const ITEMS_MAX: usize = 10_000;

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
