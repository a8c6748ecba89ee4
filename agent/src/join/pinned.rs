//! Which authority stands behind an address. Nothing but its key's hash is known, so a first connection looks at what is
//! shown there, says nothing, and takes the one certificate whose key it is; it is then trusted as any authority is.

use std::time::Duration;

use atalaya_wire::join::{Host, sha256};
use rustls::pki_types::CertificateDer;

use crate::probe::shown::{Unseen, shown};
use atalaya_reach::Deadline;

/// For one address, all of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The authority's certificate, if `host` shows one with this key.
///
/// # Errors
///
/// Why not, without the address.
pub(super) fn authority(host: &Host, pin: &[u8; 32]) -> Result<CertificateDer<'static>, String> {
    let chain = shown(&host.name, host.web, &host.name, Deadline::after(PATIENCE));
    let chain = chain.map_err(|(Unseen::Unreachable(why) | Unseen::NoTls(why))| super::ask::plain(&why))?.chain;
    chain
        .into_iter()
        .find(|certificate| pin_of(certificate).as_ref() == Some(pin))
        .ok_or_else(|| "another machine answers there: its key is not the one that the join string names".to_owned())
}

/// SHA-256 of the key that a certificate is about.
pub(super) fn pin_of(certificate: &[u8]) -> Option<[u8; 32]> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(sha256(parsed.tbs_certificate.subject_pki.raw))
}
