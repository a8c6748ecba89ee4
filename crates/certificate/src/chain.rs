//! A chain as an authority gives it, looked at before anybody trusts it with a service.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use crate::key::Key;
use crate::limits::{CHAIN_MAX, SHOWN_BYTES_MAX};
use crate::names::tidy;

/// A certificate and those that lead to its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// All of it, the certificate first.
    pub pem: String,
    /// SHA-256 of the certificate, in hexadecimal: what a look at a port is compared with.
    pub fingerprint: String,
    /// When its life begins, in seconds since 1970.
    pub begun: i64,
    /// When that ends.
    pub ends: i64,
    /// Its names, sorted.
    pub names: Vec<String>,
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// By which the authority knows it for ARI (RFC 9773, 4.1); `None` of one without an identifier of its issuer's key.
    pub ari: Option<String>,
    /// The key that it is for, as in a request.
    pub public: Vec<u8>,
}

impl Chain {
    /// From PEM: what came from an authority, or what was installed.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let ders: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let ders = ders.map_err(|_| "it is no PEM")?;
        let leaf = ders.first().ok_or("there is no certificate in it")?;
        if ders.len() > CHAIN_MAX {
            return Err(format!("it has {} certificates", ders.len()));
        }
        let (_, seen) = X509Certificate::from_der(leaf).map_err(|_| "its certificate cannot be read")?;
        let names: Vec<String> = match seen.subject_alternative_name() {
            Ok(Some(list)) => list.value.general_names.iter().filter_map(written).collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            pem: pem.to_owned(),
            fingerprint: fingerprint(leaf),
            begun: seen.validity().not_before.timestamp(),
            ends: seen.validity().not_after.timestamp(),
            names: tidy(&names).map_err(|err| err.to_string())?,
            subject: short(&seen.subject().to_string()),
            issuer: short(&seen.issuer().to_string()),
            ari: ari(&seen),
            public: seen.public_key().raw.to_vec(),
        })
    }

    /// Whether it is for the key in `pem`.
    #[must_use]
    pub fn is_for_key(&self, pem: &str) -> bool {
        Key::read(pem).is_some_and(|key| key.info() == self.public)
    }
}

fn ari(seen: &X509Certificate<'_>) -> Option<String> {
    let key = seen.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(found) => found.key_identifier.as_ref(),
        _ => None,
    })?;
    let base64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Some(format!("{}.{}", base64(key.0), base64(seen.raw_serial())))
}

/// A name of a certificate as text; `None` where it is no host's.
#[must_use]
pub fn written(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(std::net::IpAddr::from(<[u8; 4]>::try_from(*bytes).ok()?).to_string()),
            16 => Some(std::net::IpAddr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// As far as it is shown: one line, without what steers a terminal.
fn short(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if out.len() + c.len_utf8() > SHOWN_BYTES_MAX {
            break;
        }
        out.push(c);
    }
    out
}

/// SHA-256 of a certificate in DER, in hexadecimal.
#[must_use]
pub fn fingerprint(der: &[u8]) -> String {
    digest(&SHA256, der).as_ref().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    /// A chain of one, signed by its own key.
    pub(crate) fn made(names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let pem = CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem();
        (pem, key.serialize_pem())
    }

    #[test]
    fn what_a_certificate_says() {
        let (pem, key) = made(&["nas.example.com", "a.example.com"]);
        let chain = Chain::parse(&pem).unwrap();
        assert_eq!(chain.names, ["a.example.com", "nas.example.com"]);
        assert_eq!(chain.fingerprint.len(), 64);
        assert!(chain.begun < chain.ends);
        assert!(chain.is_for_key(&key));
        assert!(!chain.is_for_key(&made(&["b.example"]).1));
        assert!(!chain.is_for_key("no key"));
        for bad in ["", "-----BEGIN CERTIFICATE-----\n", &pem.replace('M', "!")] {
            assert!(Chain::parse(bad).is_err(), "{bad}");
        }
        assert!(Chain::parse(&pem.repeat(CHAIN_MAX + 1)).is_err());
    }
}
