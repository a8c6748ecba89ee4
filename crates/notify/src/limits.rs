//! What is bounded, and why at this number. What happens when it is full is said at each.

use std::time::Duration;

/// To connect to a server, with all its addresses. Then it counts as one that cannot be reached.
pub const CONNECT: Duration = Duration::from_secs(5);
/// A try over HTTP, from the name's look-up to the last byte.
pub const HTTP: Duration = Duration::from_secs(10);
/// A try over SMTP, which takes ten round trips.
pub const SMTP: Duration = Duration::from_secs(20);
/// What is read of an answer over HTTP. More is no answer of these services.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Headers of an answer.
pub const ANSWER_HEADER_BYTES_MAX: usize = 32 << 10;
/// A line of a mail server's reply: twice what RFC 5321, 4.5.3.1.5 allows.
pub const SMTP_LINE_BYTES_MAX: usize = 1_024;
/// Lines of a mail server's reply.
pub const SMTP_LINES_MAX: usize = 128;
/// What is kept of an answer, to be shown with the delivery.
pub const KEPT_BYTES_MAX: usize = 200;
/// A file with a secret.
pub const SECRET_BYTES_MAX: u64 = 4 << 10;
/// A file with certificates: the whole of what Debian trusts has a quarter of a MiB.
pub const ROOTS_BYTES_MAX: u64 = 1 << 20;

/// A text that a message is made of. It is cut.
pub const FIELD_BYTES_MAX: usize = 600;
/// A message's subject. It is cut.
pub const SUBJECT_BYTES_MAX: usize = 250;
/// Alerts or notifications that a message names. The others are counted.
pub const ITEMS_MAX: usize = 20;
/// Notifications that a digest names. The others are counted.
pub const DIGEST_NAMES_MAX: usize = 10;
/// Incidents whose numbers a message holds, for the webhook.
pub const INCIDENTS_MAX: usize = 100;
/// A Slack section's text has 3,000 characters at most.
pub const SLACK_BYTES_MAX: usize = 2_900;
/// Telegram takes 4,096 characters; its entities are counted before they are understood, which is more.
pub const TELEGRAM_BYTES_MAX: usize = 4_000;
/// Beyond 4,096 bytes ntfy makes a file of a message.
pub const NTFY_BYTES_MAX: usize = 4_000;
/// Gotify has no bound; a telephone has.
pub const GOTIFY_BYTES_MAX: usize = 8_000;
/// A body of the webhook: what a careful receiver reads.
pub const WEBHOOK_BYTES_MAX: usize = 256 << 10;
/// The text in it.
pub const WEBHOOK_TEXT_BYTES_MAX: usize = 16 << 10;
/// Either form of a mail's text.
pub const MAIL_BYTES_MAX: usize = 64 << 10;
/// To how many addresses a mail channel writes.
pub const MAIL_ADDRESSES_MAX: usize = 20;

/// Deliveries that wait, all channels together. More become digests.
pub const WAITING_MAX: usize = 10_000;
/// Deliveries that wait for one channel and are sent one by one. The rest become a digest.
pub const SINGLE_MAX: usize = 20;
/// Seconds after the first, second, … failed try in a row. The last holds from then on.
pub const RETRY_SECONDS: [u64; 6] = [5, 30, 120, 600, 1_800, 1_800];
/// Seconds that a server may ask for with `Retry-After`. More is cut to this.
pub const RETRY_AFTER_SECONDS_MAX: u64 = 3_600;
/// Seconds after its first try when a delivery is given up.
pub const GIVE_UP_SECONDS: u64 = 24 * 3_600;
/// Seconds for which a channel fails before that is told.
pub const TROUBLE_SECONDS: u64 = 15 * 60;
/// Spans of `hours` in a set.
pub const SPANS_MAX: usize = 14;

const _: () = assert!(SINGLE_MAX >= 2 && DIGEST_NAMES_MAX <= ITEMS_MAX && SINGLE_MAX < WAITING_MAX);
// All that a message names fits the webhook: clean texts are at most doubled by JSON, and an item has seven beside its text.
const _: () = assert!((ITEMS_MAX * 7 * FIELD_BYTES_MAX + WEBHOOK_TEXT_BYTES_MAX) * 2 < WEBHOOK_BYTES_MAX);
const _: () = assert!(CONNECT.as_secs() < HTTP.as_secs() && HTTP.as_secs() < SMTP.as_secs());
