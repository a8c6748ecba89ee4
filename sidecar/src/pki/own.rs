//! The certificate that the sidecar itself shows where it listens: for its names and addresses, from its own authority,
//! renewed in time.

use std::net::IpAddr;
use std::path::Path;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;

use super::Authority;
use super::ca::{failed, lasts, named};
use crate::error::{Error, Kind, Result};
use crate::private_file::{read, replace};
use crate::tower::BUILT;

/// Key and certificate in one file, so that one is never without the other.
const FILE: &str = "server.pem";
/// The longest that every client takes (CA/Browser Forum, baseline requirements 6.3.2).
const SECONDS: u64 = 398 * 86_400;
/// It can always be reached from the machine itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate with its key.
#[derive(Debug)]
pub struct Own {
    /// The certificate, then its authority's: a node that joins has to see that one.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key.
    pub key: PrivateKeyDer<'static>,
    /// Why it is a new one.
    pub renewed: Option<Reason>,
}

/// Why a certificate is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is none, or none that can be read.
    Missing,
    /// It is another authority's.
    Foreign,
    /// It is for other names.
    Names,
    /// Two thirds of its time are over.
    Due,
}

/// What is looked at of a certificate that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// From when to when it counts, in seconds since 1970.
    pub from: i64,
    /// See there.
    pub until: i64,
    /// What it is for.
    pub names: Vec<String>,
    /// Whether the authority signed it.
    pub is_ours: bool,
}

/// Whether a certificate has to be made anew at this second since 1970. A clock that was not set yet decides nothing.
#[must_use]
pub fn renewal(present: Option<&Present>, names: &[String], now: i64) -> Option<Reason> {
    let Some(present) = present else { return Some(Reason::Missing) };
    if !present.is_ours {
        return Some(Reason::Foreign);
    }
    if names.iter().any(|name| !present.names.contains(name)) || names.len() != present.names.len() {
        return Some(Reason::Names);
    }
    (now >= due(present.from, present.until) && now >= BUILT).then_some(Reason::Due)
}

/// When one of our own is made anew: at two thirds of its time.
#[must_use]
pub const fn due(from: i64, until: i64) -> i64 {
    from + (until - from) / 3 * 2
}

impl Own {
    /// The one in the state folder, made or renewed where that is due.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] for a name that no certificate can have, or what keeps it from being written.
    pub fn open(folder: &Path, authority: &Authority, names: &[String], now: i64) -> Result<Self> {
        let names = all(names);
        let found = read(folder, FILE)?.and_then(|pem| parse(&pem));
        let present = found.as_ref().and_then(|(chain, _)| look(chain, authority));
        let reason = renewal(present.as_ref(), &names, now);
        match (reason, found) {
            (None, Some((chain, key))) => Ok(Self { chain, key, renewed: None }),
            _ => {
                let pem = make(authority, &names, now)?;
                replace(folder, FILE, pem.as_bytes())?;
                let made = parse(pem.as_bytes());
                let (chain, key) =
                    made.ok_or_else(|| Error::new(Kind::Internal, "the certificate that was made is none"))?;
                Ok(Self { chain, key, renewed: reason })
            }
        }
    }
}

/// Sorted and each once, with the machine's own.
fn all(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    all.extend(LOCAL.map(str::to_owned));
    all.sort();
    all.dedup();
    all
}

fn make(authority: &Authority, names: &[String], now: i64) -> Result<String> {
    let wrong = |err| Error::new(Kind::Config, format!("cannot make a certificate for {}: {err}", names.join(", ")));
    let mut params = CertificateParams::new(names).map_err(wrong)?;
    params.distinguished_name = named("Atalaya");
    lasts(&mut params, now, SECONDS);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let signed = params.signed_by(&key, &authority.issuer).map_err(failed)?;
    Ok([key.serialize_pem(), signed.pem(), authority.pem().to_owned()].concat())
}

fn parse(pem: &[u8]) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<Vec<_>, _>>().ok()?;
    Some((chain, PrivateKeyDer::from_pem_slice(pem).ok()?))
}

fn look(chain: &[CertificateDer<'_>], authority: &Authority) -> Option<Present> {
    let (_, parsed) = x509_parser::parse_x509_certificate(chain.first()?).ok()?;
    let (_, ca) = x509_parser::parse_x509_certificate(authority.certificate()).ok()?;
    let mut names = Vec::new();
    for name in &parsed.subject_alternative_name().ok()??.value.general_names {
        names.push(match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress(bytes) => address(bytes)?.to_string(),
            _ => return None,
        });
    }
    let validity = parsed.validity();
    let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let is_ours = parsed.issuer() == ca.subject() && chain.get(1) == Some(authority.certificate());
    Some(Present { from, until, names, is_ours })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
