//! TLS as every connection to a broker has it: rustls with ring, TLS 1.2 or newer, the system's certificates or a
//! private authority's.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Where systems keep the authorities they trust.
const SYSTEM_BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Trusts `ca`, or what the system trusts, and shows `client` (certificate and key).
///
/// # Errors
///
/// One line: which file, and what is wrong with it.
pub fn client(ca: Option<&Path>, client: Option<(&Path, &Path)>) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| format!("cannot use TLS: {err}"))?
        .with_root_certificates(roots(ca)?);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let chain = certificates(cert)?;
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|err| format!("cannot use the key {}: {err}", key.display()))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|err| format!("cannot use the certificate {} with its key: {err}", cert.display()))?
        }
    };
    Ok(Arc::new(config))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let path = match ca {
        Some(path) => path,
        None => SYSTEM_BUNDLES.iter().map(Path::new).find(|path| fs::exists(path).unwrap_or(false)).ok_or(
            "cannot tell which authorities this system trusts; install ca-certificates or name the broker's with ca_file",
        )?,
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(path)?);
    if added == 0 { Err(format!("no certificate in {} can be used", path.display())) } else { Ok(roots) }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.map_err(|err| format!("cannot use the certificates in {}: {err}", path.display()))
}
