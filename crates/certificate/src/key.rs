//! A key on P-256, made here. Only its public half ever leaves, in a request (PKCS #10, RFC 2986) among others.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::der::{BIT_STRING, OCTET_STRING, SEQUENCE, SET, all, value};
use crate::names::tidy;
use crate::wrong::Wrong;

/// Of the public half: a point, not compressed.
pub const KEY_BYTES: usize = 65;

const NOTHING_RANDOM: &str = "cannot make a key: the system gives nothing random";
/// Before the point: `id-ecPublicKey`, `secp256r1`, and that a point follows (RFC 5480, 2).
const PUBLIC_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// `ecdsa-with-SHA256` (RFC 5758, 3.2).
const SIGNED_WITH: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `extensionRequest` (RFC 2985, 5.4.2).
const EXTENSIONS: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
/// `subjectAltName` (RFC 5280, 4.2.1.6).
const NAMES: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
/// Version 1, and a subject without a name.
const HEAD: &[u8] = &[0x02, 0x01, 0x00, 0x30, 0x00];
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;
const ATTRIBUTES: u8 = 0xa0;

/// See the module.
pub struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// As files have it: PKCS #8 in PEM.
    pub pem: Zeroizing<String>,
    /// What others may know.
    pub public: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// A new one.
    ///
    /// # Errors
    ///
    /// If the system gives nothing random.
    pub fn new() -> Result<Self, &'static str> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| NOTHING_RANDOM)?;
        Self::of(made.as_ref(), pem(made.as_ref())).ok_or(NOTHING_RANDOM)
    }

    /// The one that was written so; `None` of what is no key on P-256.
    #[must_use]
    pub fn read(pem: &str) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        Self::of(der.secret_pkcs8_der(), Zeroizing::new(pem.to_owned()))
    }

    fn of(pkcs8: &[u8], pem: Zeroizing<String>) -> Option<Self> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair, random, pem, public })
    }

    /// What shows that we have it, in ASN.1; `None` if the system gives nothing random.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        Some(self.pair.sign(&self.random, bytes).ok()?.as_ref().to_vec())
    }

    /// Its public half as certificates and requests have it (`SubjectPublicKeyInfo`).
    #[must_use]
    pub fn info(&self) -> Vec<u8> {
        [PUBLIC_HEAD, &self.public].concat()
    }

    /// A request in DER for a certificate with these names and no others. Its subject is empty: authorities look at names
    /// alone.
    ///
    /// # Errors
    ///
    /// Which is no name, or that the system gives nothing random.
    pub fn request(&self, names: &[String]) -> Result<Vec<u8>, Wrong> {
        let names: Vec<u8> = tidy(names)?.iter().flat_map(|name| one(name)).collect();
        let extension = all(SEQUENCE, &[NAMES, &value(OCTET_STRING, &value(SEQUENCE, &names))]);
        let attribute = all(SEQUENCE, &[EXTENSIONS, &value(SET, &value(SEQUENCE, &extension))]);
        let body = all(SEQUENCE, &[HEAD, &self.info(), &value(ATTRIBUTES, &attribute)]);
        let signature = self.sign(&body).ok_or(NOTHING_RANDOM)?;
        Ok(all(SEQUENCE, &[&body, SIGNED_WITH, &all(BIT_STRING, &[&[0], &signature])]))
    }
}

fn one(name: &str) -> Vec<u8> {
    match name.parse() {
        Ok(IpAddr::V4(address)) => value(ADDRESS, &address.octets()),
        Ok(IpAddr::V6(address)) => value(ADDRESS, &address.octets()),
        Err(_) => value(DNS_NAME, name.as_bytes()),
    }
}

/// RFC 7468, 10.
fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(BASE64.encode(pkcs8));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + 100));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::extensions::ParsedExtension;
    use x509_parser::prelude::FromDer;

    fn names(text: &[&str]) -> Vec<String> {
        text.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_key_goes_through_its_file() {
        let key = Key::new().unwrap();
        let again = Key::read(&key.pem).unwrap();
        assert_eq!((again.public, again.info()), (key.public, key.info()));
        assert!(!format!("{key:?}").contains("PRIVATE"));
        for bad in ["", "no key", &key.pem.replace('M', "!"), &key.pem[..60]] {
            assert!(Key::read(bad).is_none(), "{bad}");
        }
        let theirs = rcgen::KeyPair::generate().unwrap();
        assert!(Key::read(&theirs.serialize_pem()).is_some(), "as others write them");
    }

    #[test]
    fn a_request_is_read_by_others_and_signed_by_its_key() {
        let many: Vec<String> = (0..25).map(|number| format!("{}.n{number}.example.com", "a".repeat(63))).collect();
        for asked in [names(&["nas.example.com"]), names(&["*.example.com", "192.0.2.7", "2001:db8::1"]), many] {
            let key = Key::new().unwrap();
            let der = key.request(&asked).unwrap();
            let (rest, request) = X509CertificationRequest::from_der(&der).unwrap();
            assert!(rest.is_empty() && request.verify_signature().is_ok());
            assert_eq!(request.certification_request_info.subject_pki.raw, key.info());
            let mut found = Vec::new();
            for extension in request.requested_extensions().into_iter().flatten() {
                if let ParsedExtension::SubjectAlternativeName(list) = extension {
                    found.extend(list.general_names.iter().filter_map(crate::written));
                }
            }
            assert_eq!(found, tidy(&asked).unwrap());
        }
        assert!(Key::new().unwrap().request(&names(&["no name"])).is_err());
    }
}
