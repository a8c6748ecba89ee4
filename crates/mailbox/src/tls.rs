//! Whom the client trusts: the certificates that the machine trusts, or those of one file alone.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::limits::ROOTS_BYTES_MAX;

/// Where Debian, OpenWrt and Alpine have the certificates that the machine trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Read at each connection, so that a new one counts at once.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let path = ca_file.unwrap_or(Path::new(SYSTEM));
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the certificates in {}: {why}", path.display());
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|err| cannot(&err))?;
    file.take(ROOTS_BYTES_MAX).read_to_end(&mut pem).map_err(|err| cannot(&err))?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    if store.is_empty() {
        return Err(cannot(&"there is none in it"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(Arc::new(config.map_err(|err| err.to_string())?.with_root_certificates(store).with_no_client_auth()))
}
