//! What an authority suggests about renewal (ARI, RFC 9773).

use atalaya_certificate::Chain;
use atalaya_renew::when::Window;
use instant_acme::CertificateIdentifier;

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

/// A certificate by its name for ARI.
pub(crate) fn identifier(chain: &Chain) -> Option<CertificateIdentifier<'static>> {
    let (issuer, serial) = chain.ari.as_deref()?.split_once('.')?;
    Some(CertificateIdentifier { authority_key_identifier: issuer.to_owned().into(), serial: serial.to_owned().into() })
}
