//! The certificates that a port shows, believed or not.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use atalaya_reach::{Deadline, resolve};

/// For one address of several: the first one may be dead, and the next one not.
const ADDRESS: Duration = Duration::from_secs(5);
/// Bytes of a handshake; a server that says more is none.
const BYTES_MAX: usize = 256 << 10;

/// Why none was seen; without the address.
#[derive(Debug)]
pub(crate) enum Unseen {
    /// Nobody is there.
    Unreachable(io::Error),
    /// Somebody is there who does not speak TLS, or nothing that can be used.
    NoTls(io::Error),
}

/// What a server showed.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The server's own certificate, then those of who vouch for it.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Whether it showed that it has the key of its own.
    pub(crate) is_proved: bool,
}

/// Connects, asks for `name`, and hangs up after the handshake.
///
/// # Errors
///
/// That there are none.
pub(crate) fn shown(host: &str, port: u16, name: &str, deadline: Deadline) -> Result<Shown, Unseen> {
    let unusable = |err: &dyn std::fmt::Display| Unseen::NoTls(io::Error::other(err.to_string()));
    let name = ServerName::try_from(name.to_owned()).map_err(|_| unusable(&format_args!("{name:?} is no name")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let seen =
        Arc::new(Recorder { provider: Arc::clone(&provider), chain: Mutex::default(), proved: AtomicBool::new(false) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| unusable(&err))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as _)
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(|err| unusable(&err))?;
    let addresses = resolve(host, port, deadline);
    let mut socket = addresses.and_then(|all| connect(&all, deadline)).map_err(Unseen::Unreachable)?;
    let mut end = Ok(());
    while tls.is_handshaking() && end.is_ok() {
        end = tls.complete_io(&mut socket).map(|_| ());
    }
    // Some want a certificate of ours and then hang up: theirs were shown before.
    let chain = std::mem::take(&mut *seen.chain.lock().unwrap_or_else(PoisonError::into_inner));
    match end {
        Err(err) if chain.is_empty() => Err(Unseen::NoTls(err)),
        _ if chain.is_empty() => Err(unusable(&"no certificate is shown")),
        _ => Ok(Shown { chain, is_proved: seen.proved.load(Ordering::Relaxed) }),
    }
}

fn connect(addresses: &[SocketAddr], deadline: Deadline) -> io::Result<Timed> {
    let mut last = io::ErrorKind::HostUnreachable.into();
    for address in addresses {
        match TcpStream::connect_timeout(address, deadline.within(ADDRESS).left()?) {
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

/// Accepts whatever is shown, and keeps it: nothing is said over this connection.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
    proved: AtomicBool,
}

impl Recorder {
    fn note(&self, signed: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        self.proved.store(signed.is_ok(), Ordering::Relaxed);
        signed
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(leaf).chain(others).map(|one| one.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use nix::sys::socket::{Backlog, listen};

    use super::*;

    #[test]
    fn an_address_that_does_not_answer_leaves_time_for_the_next_one() {
        // With its queue full the kernel answers nobody, as if nobody was there.
        let dead = TcpListener::bind("127.0.0.1:0").unwrap();
        listen(&dead, Backlog::new(0).unwrap()).unwrap();
        let address = dead.local_addr().unwrap();
        let _queue: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(100))).collect();
        let alive = TcpListener::bind("127.0.0.1:0").unwrap();
        let all = [address, alive.local_addr().unwrap()];
        let found = connect(&all, Deadline::after(2 * ADDRESS)).unwrap();
        assert_eq!(found.stream.peer_addr().unwrap(), all[1]);
    }
}
