//! TLS of the listeners: which certificate they show, and which one a client showed.

use std::sync::{Arc, PoisonError};

use mqtt5::broker::tls_acceptor::TlsStreamWrapper;
use mqtt5::broker::transport::BrokerTransport;
use ring::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::house::House;
use crate::limits::HANDSHAKE;

/// What the listeners show, and which authorities' certificates they accept from clients. A client may show none: then it
/// logs in by password.
///
/// # Errors
///
/// What is wrong with the certificates or the key.
pub fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authorities: &[CertificateDer<'static>],
) -> Result<ServerConfig, String> {
    let wrong = |err: &dyn std::fmt::Display| format!("cannot serve TLS: {err}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|err| wrong(&err))?;
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.clone()).map_err(|err| wrong(&err))?;
    }
    let builder = if roots.is_empty() {
        builder.with_no_client_auth()
    } else {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated();
        builder.with_client_cert_verifier(verifier.build().map_err(|err| wrong(&err))?)
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|err| wrong(&err))?;
    // A node that comes back shows its certificate again: what counts no more is not resumed, and no session is kept.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// SHA-256 of a certificate's DER, as [`crate::Guard::certificate`] is asked.
#[must_use]
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, certificate).as_ref());
    hash
}

/// The handshake: the connection, and the fingerprint of the certificate that the client showed; none if it failed, took too
/// long, or nothing is there to show.
pub(crate) async fn handshake(house: &House, stream: TcpStream) -> Option<(BrokerTransport, Option<[u8; 32]>)> {
    let config = house.tls.read().unwrap_or_else(PoisonError::into_inner).clone()?;
    let stream = timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await.ok()?.ok()?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(fingerprint);
    Some((BrokerTransport::tls(TlsStreamWrapper::new(stream)), shown))
}
