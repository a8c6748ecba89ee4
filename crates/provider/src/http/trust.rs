//! Whom a connection trusts: the authorities that the machine trusts, or those of one file alone.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::limits::ROOTS_BYTES_MAX;

/// Where Debian, OpenWrt and Alpine have the authorities that the machine trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The certificates of `ca_file`, or of the machine. Read at each connection, so that a new one counts at once.
pub(crate) fn roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = ca_file.unwrap_or(Path::new(SYSTEM));
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the certificates in {}: {why}", path.display());
    let mut pem = Vec::new();
    let file = File::open(path).map_err(|err| cannot(&err))?;
    file.take(ROOTS_BYTES_MAX).read_to_end(&mut pem).map_err(|err| cannot(&err))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    if found.is_empty() { Err(cannot(&"there is none in it")) } else { Ok(found) }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What is wrong with a server's certificate; `None` if that is not what is wrong.
pub(crate) fn distrust(err: &rustls::Error) -> Option<String> {
    matches!(err, rustls::Error::InvalidCertificate(_)).then(|| atalaya_certificate::handshake(err))
}
