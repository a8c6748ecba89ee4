//! What an authority suggests about renewal (ARI, RFC 9773).

use atalaya_renew::when::Window;

/// When a certificate should be renewed, and when to ask again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// In which span.
    pub window: Window,
    /// Why, as an address for a person. It is shown and never fetched.
    pub explanation: Option<String>,
    /// Not before so many seconds from now, and soon after.
    pub again: u32,
}
