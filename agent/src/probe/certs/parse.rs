//! A certificate, as much of it as is looked at.

use std::net::IpAddr;

use atalaya_wire::Hex;
use ring::digest::{SHA256, digest};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Names in one certificate that are looked at.
const HOSTS_MAX: usize = 200;
/// Blocks of a PEM file that are looked at.
const BLOCKS_MAX: usize = 32;

/// The certificate of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Seconds since 1970.
    pub(super) starts: i64,
    pub(super) expires: i64,
    /// Names and addresses it is for; `*.example` for everything one level below.
    pub(super) hosts: Vec<String>,
    /// SHA-256, in hex.
    pub(super) fingerprint: String,
}

impl Leaf {
    /// Whether it is for `host`.
    pub(super) fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        self.hosts.iter().any(|name| match (address, name.strip_prefix("*.")) {
            (Some(address), _) => name.parse() == Ok(address),
            (None, Some(parent)) => {
                host.split_once('.').is_some_and(|(label, rest)| rest == parent && !label.is_empty())
            }
            (None, None) => *name == host,
        })
    }
}

/// The first certificate in a file, PEM or DER.
pub(super) fn first(bytes: &[u8]) -> Result<Leaf, String> {
    if !bytes.windows(11).any(|part| part == b"-----BEGIN ") {
        return der(bytes);
    }
    let blocks = Pem::iter_from_buffer(bytes).take(BLOCKS_MAX).flatten();
    let mut certificates = blocks.filter(|block| block.label == "CERTIFICATE" || block.label == "TRUSTED CERTIFICATE");
    let block = certificates.next().ok_or("there is no certificate in it")?;
    der(&block.contents)
}

/// One as it goes over the wire.
pub(super) fn der(bytes: &[u8]) -> Result<Leaf, String> {
    let (rest, parsed) = X509Certificate::from_der(bytes).map_err(|_| "it is no certificate")?;
    let own = &bytes[..bytes.len() - rest.len()];
    let hosts = parsed
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|names| names.value.general_names.iter().take(HOSTS_MAX).filter_map(host).collect());
    Ok(Leaf {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        starts: parsed.validity().not_before.timestamp(),
        expires: parsed.validity().not_after.timestamp(),
        hosts: hosts.unwrap_or_default(),
        fingerprint: Hex(digest(&SHA256, own).as_ref()).to_string(),
    })
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    }
}
