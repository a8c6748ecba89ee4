//! The certificate that a port shows.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::probe::reach::{Deadline, plain, resolve};

/// Bytes of a handshake; a server that says more is none.
const BYTES_MAX: usize = 256 << 10;

/// Connects, asks for `name`, and hangs up as soon as the certificate is there.
pub(super) fn shown(host: &str, port: u16, name: &str, deadline: Deadline) -> Result<Vec<u8>, String> {
    let name = ServerName::try_from(name.to_owned()).map_err(|_| format!("{name:?} is no name"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Arc::new(Recorder { provider: Arc::clone(&provider), leaf: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as _)
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(|err| err.to_string())?;
    let told = |err: &io::Error| format!("cannot reach {host} port {port}: {}", plain(err));
    let mut socket = connect(host, port, deadline).map_err(|err| told(&err))?;
    let mut end = Ok(());
    while tls.is_handshaking() && end.is_ok() {
        end = tls.complete_io(&mut socket).map(|_| ());
    }
    // Some want a certificate of ours and then hang up: theirs was shown before.
    let leaf = seen.leaf.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (leaf, end) {
        (Some(leaf), _) => Ok(leaf),
        (None, Err(err)) => Err(format!("no TLS on {host} port {port}: {}", plain(&err))),
        (None, Ok(())) => Err(format!("{host} port {port} shows no certificate")),
    }
}

fn connect(host: &str, port: u16, deadline: Deadline) -> io::Result<Timed> {
    let mut last = io::ErrorKind::HostUnreachable.into();
    for address in resolve(host, port, deadline)? {
        match TcpStream::connect_timeout(&address, deadline.left()?) {
            Ok(stream) => return Ok(Timed { stream, deadline, left: BYTES_MAX }),
            Err(err) => last = err,
        }
    }
    Err(last)
}

/// A connection that ends in time, however slowly the other side speaks.
struct Timed {
    stream: TcpStream,
    deadline: Deadline,
    left: usize,
}

impl Read for Timed {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("its handshake has no end"));
        }
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        let length = self.stream.read(room)?;
        self.left = self.left.saturating_sub(length);
        Ok(length)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.deadline.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Accepts whatever is shown, and keeps it: nothing is sent over this connection.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    leaf: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.leaf.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
