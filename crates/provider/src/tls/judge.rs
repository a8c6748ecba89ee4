//! What a certificate that a server showed is worth: each question by itself, so that one fault does not hide another.

use std::time::Duration;

use atalaya_certificate::{fingerprint, provider};
use atalaya_renew::limits::short;
use atalaya_renew::{Ends, Flag, Found, Kind};
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// Names of a certificate that was expected to be for another.
const NAMES_SHOWN: usize = 3;

/// What is expected of certificates.
pub(super) struct Expected<'a> {
    /// Whose signature counts.
    pub(super) roots: &'a [CertificateDer<'static>],
    /// If there are any, a certificate is one of these, and neither its name nor who signed it matters then.
    pub(super) fingerprints: &'a [String],
    /// In seconds since 1970.
    pub(super) now: i64,
}

/// What is to be known of the first of `chain`, shown by `label`.
///
/// # Errors
///
/// That it is no certificate.
pub(super) fn judge(
    label: &str,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'static>,
    expected: &Expected<'_>,
) -> Result<Found, String> {
    let Expected { roots, fingerprints, now } = *expected;
    let (own, others) = chain.split_first().ok_or("it shows none")?;
    let (_, parsed) = parse_x509_certificate(own).map_err(|_| "what it shows is no certificate")?;
    let (begun, end) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let mut flags = Vec::new();
    let read = ParsedCertificate::try_from(own);
    let is_known = fingerprints.contains(&fingerprint(own));
    if !is_known && !read.as_ref().is_ok_and(|read| verify_server_name(read, name).is_ok()) {
        flags.push(Flag::WrongName);
    }
    // By a day on which it is valid: whether it still is, its dates say.
    let day = now.clamp(begun, end.max(begun));
    let is_signed = || roots.contains(own) || read.is_ok_and(|read| is_signed(&read, others, roots, day));
    // Where one is expected, another is an intruder's until somebody says otherwise, whoever signed it.
    let is_trusted = if fingerprints.is_empty() { is_signed() } else { is_known };
    if !is_trusted {
        flags.push(Flag::Untrusted);
    }
    if begun > now {
        flags.push(Flag::NotYetValid);
    }
    let found = Found::new(Kind::Certificate, label, Ends::At(end));
    let mut note = issuer(&parsed);
    if flags.contains(&Flag::WrongName) {
        note = format!("for {}, {note}", names(&parsed));
    }
    if !is_known && !fingerprints.is_empty() {
        note.push_str(", and another one was expected");
    }
    Ok(Found { begun: Some(begun), flags, note: short(&note), ..found })
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

/// Names that it says it is for, the first few.
fn names(parsed: &X509Certificate<'_>) -> String {
    let all = parsed.subject_alternative_name().ok().flatten();
    let all = all.map(|all| all.value.general_names.as_slice()).unwrap_or_default();
    let names: Vec<&str> = all
        .iter()
        .filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None })
        .take(NAMES_SHOWN)
        .collect();
    if names.is_empty() { "no host by name".into() } else { names.join(", ") }
}

/// Who signed it.
pub(crate) fn issuer(parsed: &X509Certificate<'_>) -> String {
    if parsed.issuer() == parsed.subject() {
        return "signed by itself".into();
    }
    let company = parsed.issuer().iter_organization().filter_map(|one| one.as_str().ok());
    let mut told = company.chain(parsed.issuer().iter_common_name().filter_map(|one| one.as_str().ok()));
    format!("issued by {}", told.next().unwrap_or("somebody without a name"))
}
