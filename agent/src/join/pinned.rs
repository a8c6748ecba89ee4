//! Which authority stands behind an address. Nothing but its key's hash is known, so a first connection looks at what is
//! shown there, says nothing, and takes the one certificate whose key it is; it is then trusted as any authority is.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_wire::join::{Host, sha256};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

/// For each address of a name, and between two gulps.
const PATIENCE: Duration = Duration::from_secs(5);

/// The authority's certificate, if `host` shows one with this key.
///
/// # Errors
///
/// Why not, without the address.
pub(super) fn authority(host: &Host, pin: &[u8; 32], until: Instant) -> Result<CertificateDer<'static>, String> {
    let wrong = |err: &dyn std::fmt::Display| format!("cannot use TLS: {err}");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|err| wrong(&err))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from(host.name.clone()).map_err(|err| wrong(&err))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|err| wrong(&err))?;
    let mut stream = connect(host)?;
    shake(&mut connection, &mut stream, until).map_err(|err| super::ask::plain(&err))?;
    let shown = connection.peer_certificates().unwrap_or_default();
    let ours = shown.iter().find(|certificate| pin_of(certificate).as_ref() == Some(pin));
    ours.map(|certificate| certificate.clone().into_owned())
        .ok_or_else(|| "another machine answers there: its key is not the one that the join string names".to_owned())
}

/// SHA-256 of the key that a certificate is about.
pub(super) fn pin_of(certificate: &[u8]) -> Option<[u8; 32]> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(sha256(parsed.tbs_certificate.subject_pki.raw))
}

fn connect(host: &Host) -> Result<TcpStream, String> {
    let unknown = |_| "no such name is known here".to_owned();
    let mut why = "no such name is known here".to_owned();
    for address in (host.name.as_str(), host.web).to_socket_addrs().map_err(unknown)? {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        match stream {
            Ok(stream) => return Ok(stream),
            Err(err) => why = super::ask::plain(&err),
        }
    }
    Err(why)
}

/// Goes on until it is done, however slowly the other side drips, but not for ever.
fn shake(connection: &mut ClientConnection, stream: &mut TcpStream, until: Instant) -> io::Result<()> {
    while connection.is_handshaking() {
        while connection.wants_write() {
            connection.write_tls(stream)?;
        }
        if !connection.is_handshaking() {
            break;
        }
        if Instant::now() > until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if connection.read_tls(stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        connection.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Believes nothing that it is shown, and lets it be shown.
#[derive(Debug)]
struct Onlooker(Arc<CryptoProvider>);

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
