//! What a certificate that a server showed is worth: each question by itself, so that one fault does not hide another.

use std::time::Duration;

use atalaya_renew::limits::short;
use atalaya_renew::{Ends, Flag, Found, Kind};
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;

use crate::http::provider;

/// What is to be known of the first of `chain`, shown by `label`.
///
/// # Errors
///
/// That it is no certificate.
pub(super) fn judge(
    label: &str,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'static>,
    roots: &[CertificateDer<'static>],
    now: i64,
) -> Result<Found, String> {
    let (own, others) = chain.split_first().ok_or("it shows none")?;
    let (_, parsed) = parse_x509_certificate(own).map_err(|_| "what it shows is no certificate")?;
    let (begun, end) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let mut flags = Vec::new();
    let read = ParsedCertificate::try_from(own);
    if !read.as_ref().is_ok_and(|read| verify_server_name(read, name).is_ok()) {
        flags.push(Flag::WrongName);
    }
    // By a day on which it is valid: whether it still is, its dates say.
    let day = now.clamp(begun, end.max(begun));
    let trusted = roots.contains(own) || read.is_ok_and(|read| is_signed(&read, others, roots, day));
    if !trusted {
        flags.push(Flag::Untrusted);
    }
    if begun > now {
        flags.push(Flag::NotYetValid);
    }
    let found = Found::new(Kind::Certificate, label, Ends::At(end));
    Ok(Found { begun: Some(begun), flags, note: short(&issuer(&parsed)), ..found })
}

fn is_signed(
    own: &ParsedCertificate<'_>,
    others: &[CertificateDer<'static>],
    roots: &[CertificateDer<'static>],
    day: i64,
) -> bool {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    let day = UnixTime::since_unix_epoch(Duration::from_secs(day.try_into().unwrap_or_default()));
    let algorithms = provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(own, &store, others, day, algorithms).is_ok()
}

/// Who signed it.
fn issuer(parsed: &X509Certificate<'_>) -> String {
    if parsed.issuer() == parsed.subject() {
        return "signed by itself".into();
    }
    let company = parsed.issuer().iter_organization().filter_map(|one| one.as_str().ok());
    let mut told = company.chain(parsed.issuer().iter_common_name().filter_map(|one| one.as_str().ok()));
    format!("issued by {}", told.next().unwrap_or("somebody without a name"))
}
