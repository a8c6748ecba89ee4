//! Real TLS servers, with certificates made for each test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// An authority of one's own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate with its key.
pub(crate) struct Own {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
    pub(crate) pem: String,
}

fn params(names: &[&str], begins: i64, ends: i64) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    let at = |seconds: i64| std::time::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap());
    params.not_before = at(begins).into();
    params.not_after = at(ends).into();
    params
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = params(&[], 0, 4_000_000_000);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Example Trust");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn sign(&self, name: &str, begins: i64, ends: i64) -> Own {
        let key = KeyPair::generate().unwrap();
        let cert = params(&[name], begins, ends).signed_by(&key, &self.issuer).unwrap();
        Own { chain: vec![cert.der().clone()], key: key.serialize_der(), pem: cert.pem() }
    }
}

impl Own {
    pub(crate) fn by_itself(name: &str, begins: i64, ends: i64) -> Self {
        let key = KeyPair::generate().unwrap();
        let cert = params(&[name], begins, ends).self_signed(&key).unwrap();
        Self { chain: vec![cert.der().clone()], key: key.serialize_der(), pem: cert.pem() }
    }

    pub(crate) fn fingerprint(&self) -> String {
        atalaya_certificate::fingerprint(&self.chain[0])
    }

    /// Shows it until the program ends, and says nothing after the handshake.
    pub(crate) fn serve(self) -> SocketAddr {
        let key = PrivateKeyDer::try_from(self.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(self.chain, key).unwrap());
        serve(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = StreamOwned::new(connection, stream).read(&mut [0; 16]);
        })
    }
}

/// Answers each connection, one after the other.
pub(crate) fn serve(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

/// No TLS at all.
pub(crate) fn plain() -> SocketAddr {
    serve(|mut stream| {
        let _ = stream.write_all(b"220 smtp.example ESMTP\r\n");
        let _ = stream.read(&mut [0; 16]);
    })
}
