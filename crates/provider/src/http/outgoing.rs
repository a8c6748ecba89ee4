//! How Atalaya appears to services.

use std::time::Duration;

use crate::limits::REQUEST;

const NAME: &str = concat!("atalaya/", env!("CARGO_PKG_VERSION"));
/// Of a contact: an address of mail, or of a page.
const CONTACT_BYTES_MAX: usize = 200;

/// Who asks, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    contact: String,
    time: Duration,
}

impl Outgoing {
    /// With somebody to write to, whom services ask for: an address of mail, or of a page.
    ///
    /// # Errors
    ///
    /// Where that cannot stand in a header.
    pub fn new(contact: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"()\\".contains(&byte);
        if contact.is_empty() || contact.len() > CONTACT_BYTES_MAX || !contact.bytes().all(fits) {
            return Err(format!("{contact:?} is no contact; write an address of mail or https://…"));
        }
        Ok(Self { contact: contact.to_owned(), time: REQUEST })
    }

    /// Gives up a request after `time`.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    pub(crate) const fn time(&self) -> Duration {
        self.time
    }

    pub(crate) fn user_agent(&self) -> String {
        format!("{NAME} ({})", self.contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_one_word() {
        assert!(Outgoing::new("me@example.com").unwrap().user_agent().ends_with(" (me@example.com)"));
        for bad in ["", "a b", "a\r\nX: y", "a)", "é", &"x".repeat(201)] {
            assert!(Outgoing::new(bad).is_err(), "{bad}");
        }
    }
}
