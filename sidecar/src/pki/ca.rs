//! The authority: a key in the state folder that signs what nodes and the sidecar itself show. Its key is what nodes are told
//! when they join, so it never changes.

use std::path::Path;
use std::time::Duration;

use atalaya_wire::NodeId;
use atalaya_wire::join::{KEY_BYTES, sha256};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Kind, Result};
use crate::private_file::{damaged, read, replace};

const KEY: &str = "ca.key";
const CERT: &str = "ca.pem";
/// A node's certificate is void once the node is retired; its end is only there because it must have one.
const NODE_SECONDS: u64 = 3653 * 86_400;
/// Certificates begin so much earlier, because clocks differ.
const EARLIER_SECONDS: i64 = 86_400;

/// See the module.
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    pin: [u8; 32],
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("pem", &self.pem).finish_non_exhaustive()
    }
}

/// A certificate that was signed for a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// As the node gets it.
    pub pem: String,
    /// SHA-256 of its DER: what is remembered of it.
    pub sha256: [u8; 32],
}

impl Authority {
    /// The one in the state folder; a new one where there never was any.
    ///
    /// # Errors
    ///
    /// [`Kind::Damaged`] if what is there cannot be used: another authority would lock every node out.
    pub fn open(folder: &Path) -> Result<Self> {
        let found = (read(folder, KEY)?, read(folder, CERT)?);
        let (key, cert) = match found {
            (Some(key), cert) => {
                let text = String::from_utf8(key).map_err(|_| damaged(folder, KEY, "no key"))?;
                let key = KeyPair::from_pem(&text).map_err(|_| damaged(folder, KEY, "no key"))?;
                if key.algorithm() != &PKCS_ECDSA_P256_SHA256 {
                    return Err(damaged(folder, KEY, "a key of another kind"));
                }
                (key, cert)
            }
            (None, Some(_)) => return Err(damaged(folder, KEY, "gone, and no node would know another")),
            (None, None) => {
                let key = KeyPair::generate().map_err(failed)?;
                replace(folder, KEY, key.serialize_pem().as_bytes())?;
                (key, None)
            }
        };
        Self::with(folder, key, cert)
    }

    fn with(folder: &Path, key: KeyPair, cert: Option<Vec<u8>>) -> Result<Self> {
        let pin = sha256(&key.subject_public_key_info());
        let params = params(&pin);
        let pem = match cert {
            Some(pem) => String::from_utf8(pem).map_err(|_| damaged(folder, CERT, "no certificate"))?,
            None => {
                let pem = params.self_signed(&key).map_err(failed)?.pem();
                replace(folder, CERT, pem.as_bytes())?;
                pem
            }
        };
        let certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| damaged(folder, CERT, "no certificate"))?;
        if pin_of(&certificate) != Some(pin) {
            return Err(damaged(folder, CERT, &format!("not the certificate of {KEY}")));
        }
        Ok(Self { issuer: Issuer::new(params, key), certificate, pem, pin })
    }

    /// SHA-256 of its public key, by which nodes know it before they know anything else.
    #[must_use]
    pub const fn pin(&self) -> [u8; 32] {
        self.pin
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Vouches for a node with this public key.
    ///
    /// # Errors
    ///
    /// If it cannot be signed.
    pub fn issue(&self, node: &NodeId, key: &[u8; KEY_BYTES], now: i64) -> Result<Issued> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(node.as_str());
        lasts(&mut params, now, NODE_SECONDS);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let signed = params.signed_by(&NodeKey(*key), &self.issuer).map_err(failed)?;
        Ok(Issued { pem: signed.pem(), sha256: sha256(signed.der()) })
    }
}

/// What `rcgen` says, which is never somebody's mistake.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands in")]
pub(super) fn failed(err: rcgen::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot make a certificate: {err}"))
}

/// Always the same for a key, because certificates name their issuer so.
fn params(pin: &[u8; 32]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("Atalaya {}", atalaya_wire::Hex(&pin[..4])));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// Lets a certificate count from a day before `now` until so many seconds after that.
pub(super) fn lasts(params: &mut CertificateParams, now: i64, seconds: u64) {
    let begins = u64::try_from(now - EARLIER_SECONDS).unwrap_or(0);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(begins);
    params.not_after = params.not_before + Duration::from_secs(seconds);
}

/// SHA-256 of the key that a certificate is about.
pub(super) fn pin_of(certificate: &[u8]) -> Option<[u8; 32]> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(sha256(parsed.tbs_certificate.subject_pki.raw))
}

struct NodeKey([u8; KEY_BYTES]);

impl PublicKeyData for NodeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}
