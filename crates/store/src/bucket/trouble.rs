//! Requests that got no answer: what was in the way.

use std::io;

use rustls::{CertificateError, Error as Tls};

use crate::{Error, Kind};

const NO_HOST: &str = "no such host, or no name server";

/// `what` was tried on `place`, and `err` came of it.
pub(super) fn no_answer(what: &str, place: &str, err: &ureq::Error) -> Error {
    let tls = match err {
        ureq::Error::Rustls(err) => Some(err),
        ureq::Error::Io(err) => err.get_ref().and_then(|err| err.downcast_ref::<Tls>()),
        _ => None,
    };
    match tls.and_then(distrust) {
        Some(why) => Error::new(Kind::Denied, format!("no connection to {place}: {why}")),
        None => Error::new(Kind::Io, format!("no connection to {place}: {} (to {what})", plain(err))),
    }
}

/// What broke off while an answer was read.
pub(super) fn broken_off(what: &str, place: &str, err: &io::Error) -> Error {
    let why = match err.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(inner) => plain(inner),
        None => plain_io(err),
    };
    Error::new(Kind::Io, format!("{what} in {place}: {why}"))
}

fn plain(err: &ureq::Error) -> String {
    match err {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => "no connection in time".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => NO_HOST.to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Io(err) => plain_io(err),
        ureq::Error::Protocol(_) => "what it answers is no HTTP".to_owned(),
        ureq::Error::LargeResponseHeader(..) => "its answer begins with too much".to_owned(),
        other => other.to_string(),
    }
}

fn plain_io(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "it refuses the connection".to_owned(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => "it cut the connection".to_owned(),
        // What a name server has nothing for is told by the C library, in its words.
        _ if err.to_string().starts_with("failed to lookup") => NO_HOST.to_owned(),
        _ => err.to_string().split(" (os").next().unwrap_or_default().to_owned(),
    }
}

/// Why a server is not believed; `None` where it was not about that.
fn distrust(err: &Tls) -> Option<&'static str> {
    let Tls::InvalidCertificate(err) = err else { return None };
    Some(match err {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is signed by nobody whom this machine trusts; name its authority as \"ca_file\" in the file of credentials"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name; name the server as its certificate does"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; have it renewed, or set this machine's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; set this machine's clock"
        }
        _ => "its certificate is not one that can be believed; look at it there",
    })
}
