//! Whom a connection trusts: the authorities that the machine trusts, or those of one file alone.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::handshake::plain;
use crate::limits::ROOTS_BYTES_MAX;

/// Where Debian, OpenWrt and Alpine have the authorities that the machine trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The certificates of `ca_file`, or of the machine. Read at each connection, so that a new one counts at once.
///
/// # Errors
///
/// Which file cannot be read, or has none in it, in one line.
pub fn roots(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = ca_file.unwrap_or(Path::new(SYSTEM));
    let cannot = |why: &str| format!("cannot read the certificates in {}: {why}", path.display());
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(ROOTS_BYTES_MAX).read_to_end(&mut pem));
    read.map_err(|err| cannot(&plain(&err)))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    if found.is_empty() { Err(cannot("there is none in it")) } else { Ok(found) }
}

/// Whose cryptography every connection has.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_will_not_do_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &Path| roots(Some(path)).unwrap_err();
        let (none, text) = (folder.path().join("none.pem"), folder.path().join("text.pem"));
        std::fs::write(&text, "a letter").unwrap();
        assert!(told(&none).ends_with("none.pem: No such file or directory"), "{}", told(&none));
        assert!(told(&text).ends_with("text.pem: there is none in it"), "{}", told(&text));
    }
}
