//! A certificate.

use super::macros::view;
use crate::Text;

view! {
    /// A certificate in a file or shown by a port.
    Cert = 12, "cert" {
        /// What people call it.
        name: Text, Any;
        /// The file, or host and port.
        source: Text, Any;
        /// `ok`, `expiring`, `expired`, `not_yet_valid`, `wrong_name` or `unreadable`; of one that the sidecar orders also
        /// `missing` and `not_served`; nothing where there was no time to look.
        state: Text, Any;
        /// What is wrong.
        problem: Text, Any;
        /// Whom it names.
        subject: Text, Any;
        /// Who signed it.
        issuer: Text, Any;
        /// From when it is valid.
        starts_at: Text, Any;
        /// Until when it is valid.
        expires_at: Text, Any;
        /// How long that is from now.
        left_seconds: i64, Quiet;
        /// What share of its life that is.
        left_percent: f32, Step(1.0);
        /// SHA-256 of the certificate.
        fingerprint: Text, Any;
    }
}
