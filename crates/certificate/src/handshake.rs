//! What TLS failed of, in words for people: the library's own speak of message types.

use std::io;

use rustls::{CertificateError, Error};

/// Why a handshake failed, as the second half of a sentence about who was asked.
#[must_use]
pub fn handshake(err: &Error) -> String {
    let said = match err {
        Error::InvalidCertificate(why) => return certificate(why),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "what it answers is no TLS"
        }
        Error::AlertReceived(_) => "it refuses our TLS",
        Error::PeerIncompatible(_) => "it speaks no TLS that is taken here: 1.2 and 1.3 are",
        Error::NoCertificatesPresented => "it shows no certificate",
        _ => "its TLS is not as it should be",
    };
    said.to_owned()
}

/// The same of a connection that TLS is spoken over.
#[must_use]
pub fn connection(err: &io::Error) -> String {
    match err.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(err) => handshake(err),
        None if err.kind() == io::ErrorKind::UnexpectedEof => "it cut the connection".to_owned(),
        None => plain(err),
    }
}

/// What the operating system says, without its number.
#[must_use]
pub fn plain(err: &io::Error) -> String {
    err.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}

fn certificate(why: &CertificateError) -> String {
    let said = match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is signed by nobody who is trusted here"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is this machine's clock right?"
        }
        CertificateError::Revoked => "its certificate was revoked",
        _ => "its certificate is not as it should be",
    };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_a_library_s_words() {
        let told = |err: Error| connection(&io::Error::new(io::ErrorKind::InvalidData, err));
        assert_eq!(
            told(Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
            "what it answers is no TLS"
        );
        assert_eq!(
            told(Error::InvalidCertificate(CertificateError::BadEncoding)),
            "its certificate is not as it should be"
        );
        assert_eq!(told(Error::AlertReceived(rustls::AlertDescription::HandshakeFailure)), "it refuses our TLS");
        assert_eq!(connection(&io::Error::from_raw_os_error(111)), "Connection refused");
        assert_eq!(connection(&io::ErrorKind::UnexpectedEof.into()), "it cut the connection");
    }
}
