//! What every channel does.

use atalaya_alert::Wall;

use crate::message::Message;
use crate::outcome::Outcome;

/// A way to tell people.
///
/// An implementer sends a message once: it tries nothing again, keeps nothing between two calls, blocks for at most
/// [`crate::limits::HTTP`] ([`crate::limits::SMTP`] for mail), follows no redirection, and says of a try that it is
/// [`Outcome::Done`] only when the service itself said so. Secrets are read from their files at each call, and are in no
/// outcome, log line or `Debug`. Texts of a message are never markup: each channel escapes them for its own format.
///
/// A caller calls it from a thread that may block, with one call under way at a time, and does what [`crate::turn`] says
/// with what comes of it. A call that ends in [`Outcome::Later`] may have got through all the same: the same message is
/// sent again with the same id.
pub trait Channel: Send + Sync {
    /// Tries once. `now` is the wall clock's time, which a signature or a header may hold.
    fn send(&self, message: &Message, now: Wall) -> Outcome;
}
