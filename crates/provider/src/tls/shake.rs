//! A handshake whose only aim is to see what a server shows. Whatever that is is accepted; nothing is sent after it.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_certificate::provider;
use atalaya_reach::{Deadline, plain, resolve};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::limits::{TLS, TLS_CHAIN_MAX};

/// The server's certificate, and what it shows beside it.
pub(super) type Chain = Vec<CertificateDer<'static>>;

/// What the first address that answers shows; or why there is nothing, in words.
pub(super) fn shown(host: &str, port: u16, name: ServerName<'static>) -> Result<Chain, String> {
    let deadline = Deadline::after(TLS);
    let addresses = resolve(host, port, deadline).map_err(|err| format!("{host}: {}", plain(&err)))?;
    let mut why = String::new();
    for address in addresses {
        match at(address, name.clone(), deadline) {
            Ok(chain) => return Ok(chain),
            Err(told) => why = told,
        }
    }
    Err(why)
}

fn at(address: SocketAddr, name: ServerName<'static>, deadline: Deadline) -> Result<Chain, String> {
    let recorder = Arc::new(Recorder { provider: provider(), seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&recorder) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(config), name).map_err(|err| err.to_string())?;
    let shaken = shake(&mut client, address, deadline);
    let seen = std::mem::take(&mut *recorder.seen.lock().unwrap_or_else(PoisonError::into_inner));
    match (seen.is_empty(), shaken) {
        // A server that shows its certificate and then wants one of us has still shown it.
        (false, _) => Ok(seen),
        (true, Err(err)) => Err(format!("{address}: {}", plain(&err))),
        (true, Ok(())) => Err(format!("{address} shows none")),
    }
}

/// A server that sends a byte now and then does not outlast the deadline.
fn shake(client: &mut ClientConnection, address: SocketAddr, deadline: Deadline) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, deadline.left()?)?;
    while client.is_handshaking() {
        let left = Some(deadline.left()?);
        stream.set_read_timeout(left)?;
        stream.set_write_timeout(left)?;
        if client.wants_write() {
            client.write_tls(&mut stream)?;
            continue;
        }
        if client.read_tls(&mut stream)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        client.process_new_packets().map_err(|err| io::Error::other(atalaya_certificate::handshake(&err)))?;
    }
    client.send_close_notify();
    client.write_tls(&mut stream).map(|_| ())
}

/// Accepts every certificate, and remembers it. That whoever shows it has its key is checked nevertheless.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Chain>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates.iter().take(TLS_CHAIN_MAX));
        let chain = all.map(|one| one.clone().into_owned()).collect();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
