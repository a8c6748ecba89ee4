//! What is bounded, and why at this number. What is above is refused, by whoever writes and by whoever reads.

use crate::id::Level;

/// Series of a node: all keys of as many objects as a node may have, and a quarter more.
pub const SERIES_PER_NODE_MAX: usize = 20_000;
/// Points in a block, or in a table in memory, where each has 40 bytes: 23 MiB. A NAS with 170 series at 10 s has 61,200
/// an hour. More in an hour become several blocks.
pub const TABLE_POINTS_MAX: usize = 600_000;
/// A body before compression. 170 series at 60 s have 40 KiB; this is what as many points as above may need if each is a
/// float with three different figures.
pub const BODY_BYTES_MAX: usize = 18 << 20;
/// A row as it lies in the database.
pub const ROW_BYTES_MAX: usize = BODY_BYTES_MAX + (BODY_BYTES_MAX >> 7);
/// Points that a query gives for a series: more than a screen has columns.
pub const QUERY_POINTS_MAX: usize = 2_000;
/// Times are below: the year 3000. Month numbers have 16 bits and this fits.
pub const TIME_SECONDS_MAX: i64 = 32_503_680_000;
/// Decimal places that a column may have. Seven digits of a millionth have them; 10²² would still be exact.
pub const PLACES_MAX: u8 = 12;
/// Significant digits of a mean: the wire's five, and two for what averaging adds.
pub const MEAN_DIGITS: i32 = 7;
/// Days that a forecast looks at: 4,005 pairs.
pub const FORECAST_DAYS_MAX: usize = 90;
/// Days that a forecast needs.
pub const FORECAST_DAYS_MIN: usize = 7;
/// Seconds ahead beyond which no forecast is given: two years.
pub const FORECAST_AHEAD_SECONDS_MAX: i64 = 730 * 86_400;
/// Floors below which the size limit takes nothing, in seconds: raw a day, five minutes a week, hours ninety days.
pub const FLOOR_SECONDS: [i64; 3] = [86_400, 7 * 86_400, 90 * 86_400];
/// Of the size limit, in hundredths: above this something goes, so that there is room to write while it does.
pub const FULL_PERCENT: u64 = 95;

const _: () = assert!(TIME_SECONDS_MAX / 60 < 1 << 37);
const _: () = assert!(TIME_SECONDS_MAX / (28 * 86_400) < 1 << 16);
/// Five minutes of the most series at ten seconds fit into a block, so that cutting an hour in pieces ends.
const _: () = assert!(SERIES_PER_NODE_MAX * 30 <= TABLE_POINTS_MAX);
/// Three columns of eight bytes, one of counts of five, and presence.
const _: () = assert!(TABLE_POINTS_MAX * (3 * 8 + 5 + 2) <= BODY_BYTES_MAX);
const _: () = assert!(Level::Raw.points_max() == 3_600 && Level::Hours.points_max() == 24);
