//! Times as people write them.

use atalaya_alert::Wall;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::catalogue::Catalogue;
use super::filled;

/// Day, time and zone; nothing for a time that no calendar has.
pub(super) fn moment(words: &Catalogue, zone: &TimeZone, at: Wall) -> String {
    let Ok(at) = Timestamp::from_second(at.0) else { return String::new() };
    let at = at.to_zoned(zone.clone());
    let month = usize::try_from(at.month()).ok().and_then(|month| words.months.get(month - 1));
    let parts = [
        ("day", at.day().to_string()),
        ("month", month.cloned().unwrap_or_default()),
        ("year", at.year().to_string()),
        ("time", at.strftime("%H:%M").to_string()),
        ("zone", at.strftime("%Z").to_string()),
    ];
    filled(&words.moment, &parts.each_ref().map(|(name, text)| (*name, text.as_str())))
}
