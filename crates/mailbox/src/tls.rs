//! Whom the client trusts: the certificates that the machine trusts, or those of one file alone.

use std::path::Path;
use std::sync::Arc;

use atalaya_certificate::{provider, roots};
use rustls::{ClientConfig, RootCertStore};

/// Read at each connection, so that a new one counts at once.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots(ca_file)?);
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    Ok(Arc::new(config.map_err(|err| err.to_string())?.with_root_certificates(store).with_no_client_auth()))
}
