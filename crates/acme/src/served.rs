//! Which certificate a service shows. Whether it is a good one is not asked: only whether it is the one that was
//! installed, and whether the service has its key.

use std::sync::{Arc, Mutex, PoisonError};

use atalaya_certificate::{connection, fingerprint, provider};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::limits::HANDSHAKE;

/// What a service shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// The certificate that was looked for.
    Yes,
    /// Another one.
    Other {
        /// Its SHA-256, in hexadecimal.
        fingerprint: String,
    },
    /// None: nobody answers, or it is no TLS. Why.
    Nothing(String),
}

/// Connects to `host` and `port`, asks for `name`, and compares what is shown with `fingerprint`
/// ([`crate::Chain::fingerprint`]).
pub async fn served(host: &str, port: u16, name: &str, fingerprint: &str) -> Served {
    match timeout(HANDSHAKE, shown(host, port, name)).await {
        Err(_) => Served::Nothing("no answer in time".into()),
        Ok(Err(why)) => Served::Nothing(why),
        Ok(Ok(shown)) if shown == fingerprint => Served::Yes,
        Ok(Ok(fingerprint)) => Served::Other { fingerprint },
    }
}

async fn shown(host: &str, port: u16, name: &str) -> Result<String, String> {
    let seen = Arc::new(Recorder { provider: provider(), seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|err| err.to_string())?.dangerous().with_custom_certificate_verifier(seen.clone());
    let name = ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name"))?;
    let stream = TcpStream::connect((host, port)).await.map_err(|err| connection(&err))?;
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    let handshake = connector.connect(name, stream).await;
    let shown = seen.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (handshake, shown) {
        (Ok(_), Some(shown)) => Ok(shown),
        // A service that wants a certificate of its client has shown its own, and proved it in TLS 1.2 and 1.3 alike; but
        // without an end of the handshake nothing is sure.
        (Err(err), _) => Err(connection(&err)),
        (Ok(_), None) => Err("it showed no certificate".into()),
    }
}

/// Takes any certificate, and remembers which. Signatures are checked: who shows it has its key.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<String>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = fingerprint(shown);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atalaya_certificate::Chain;
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    fn made(names: &[&str]) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let pem = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem();
        (pem, key.serialize_pem())
    }

    /// A service that shows this pair to whoever comes.
    async fn service(pem: &str, key: &str) -> u16 {
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = acceptor.accept(stream).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn which_certificate_is_shown() {
        let (pem, key) = made(&["nas.example.com"]);
        let port = service(&pem, &key).await;
        let chain = Chain::parse(&pem).unwrap();
        assert_eq!(served("127.0.0.1", port, "nas.example.com", &chain.fingerprint).await, Served::Yes);
        let other = Chain::parse(&made(&["nas.example.com"]).0).unwrap();
        let got = served("127.0.0.1", port, "nas.example.com", &other.fingerprint).await;
        assert_eq!(got, Served::Other { fingerprint: chain.fingerprint });
    }

    #[tokio::test]
    async fn nobody_and_no_tls_are_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let talk = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 hello\r\n").await.unwrap();
        });
        assert!(matches!(served("127.0.0.1", port, "a.example", "").await, Served::Nothing(_)));
        talk.await.unwrap();
        assert!(matches!(served("127.0.0.1", port, "a.example", "").await, Served::Nothing(_)));
        assert!(matches!(served("127.0.0.1", port, "not a name", "").await, Served::Nothing(_)));
    }
}
