//! Asking the tower, at each of its addresses in turn until one answers.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use atalaya_base::config::Url;
use atalaya_base::text::shown_reason;
use atalaya_certificate::Key;
use atalaya_wire::NodeId;
use atalaya_wire::join::{Host, Invitation, Joining, PATH, RESPONSE_BYTES_MAX, Refusal, Refused, Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::pinned::{authority, pin_of};

/// For one address, all of it.
const PATIENCE: Duration = Duration::from_secs(30);
const HEADER_BYTES_MAX: usize = 32 << 10;
/// How another string is got.
const ANOTHER: &str = "make another string with \"atalaya-sidecar node add\"";

/// A tower has let us in.
#[derive(Debug)]
pub(crate) struct Joined {
    /// What it said, looked at.
    pub(crate) response: Response,
    /// Where to connect to: its broker, at the address that answered.
    pub(crate) broker: Url,
}

/// Asks for a certificate for `key`.
///
/// # Errors
///
/// One line: where it was tried, why that did not do, and what to do.
pub(crate) fn ask(invitation: &Invitation, node: &NodeId, name: &str, key: &Key) -> Result<Joined, String> {
    let joining = Joining { code: invitation.code, node: node.clone(), name: name.to_owned(), key: key.public };
    let request = Request::new(&joining, |bytes| key.sign(bytes)).ok_or("cannot sign with a key that was just made")?;
    let mut tried = Vec::new();
    for host in &invitation.hosts {
        match at(host, invitation, &request) {
            Ok(Ok(response)) => {
                let broker = checked(&response, host, invitation, node, key);
                let broker =
                    broker.map_err(|why| format!("the tower at {} let us in, but {why}; {ANOTHER}", place(host)))?;
                return Ok(Joined { response, broker });
            }
            Ok(Err(refused)) => {
                return Err(format!("the tower at {} does not let us in: {}", place(host), why(&refused)));
            }
            Err(why) => tried.push(format!("{}: {why}", place(host))),
        }
    }
    Err(format!("cannot join the tower: {}", tried.join("; ")))
}

fn place(host: &Host) -> String {
    format!("{}:{}", host.in_url(), host.web)
}

fn at(host: &Host, invitation: &Invitation, request: &Request) -> Result<Result<Response, Refused>, String> {
    let ca = authority(host, &invitation.ca)?;
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(vec![Certificate::from_der(&ca).to_owned()])))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_response_header_size(HEADER_BYTES_MAX)
        .max_idle_connections(0)
        .user_agent(concat!("atalaya/", env!("CARGO_PKG_VERSION")))
        .build();
    let body = serde_json::to_vec(request).map_err(|err| err.to_string())?;
    let post = Agent::from(config).post(format!("https://{}{PATH}", place(host)));
    let mut answer = post.header("Content-Type", "application/json").send(&body[..]).map_err(|err| plain_http(&err))?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let read = answer.body_mut().as_reader().take(RESPONSE_BYTES_MAX as u64 + 1).read_to_end(&mut body);
    read.map_err(|err| plain(&err))?;
    if body.len() > RESPONSE_BYTES_MAX {
        return Err("what it answers is too long for an answer".into());
    }
    let strange = || format!("what it answers (status {status}) is not what a tower says");
    match status {
        200 => serde_json::from_slice(&body).map(Ok).map_err(|_| strange()),
        _ => serde_json::from_slice(&body).map(Err).map_err(|_| strange()),
    }
}

/// Where to connect to, once everything that will be relied on was looked at.
fn checked(
    response: &Response,
    host: &Host,
    invitation: &Invitation,
    node: &NodeId,
    key: &Key,
) -> Result<Url, &'static str> {
    let ca =
        CertificateDer::from_pem_slice(response.ca.as_bytes()).map_err(|_| "its authority's certificate is none")?;
    if pin_of(&ca) != Some(invitation.ca) {
        return Err("it sent another authority's certificate than the join string names");
    }
    let certificate = CertificateDer::from_pem_slice(response.certificate.as_bytes());
    let certificate = certificate.map_err(|_| "the certificate that it sent is none")?;
    let (_, parsed) =
        x509_parser::parse_x509_certificate(&certificate).map_err(|_| "the certificate that it sent is none")?;
    let is_ours = parsed.public_key().subject_public_key.data.as_ref() == key.public;
    let names_us = parsed.subject().iter_common_name().any(|name| name.as_str() == Ok(node.as_str()));
    if !is_ours || !names_us {
        return Err("the certificate that it sent is not for us");
    }
    let brokers = response.brokers.iter().take(16).filter_map(|url| url.parse::<Url>().ok()).filter(|url| url.tls);
    let brokers: Vec<Url> = brokers.collect();
    let same = brokers.iter().find(|url| url.host.eq_ignore_ascii_case(&host.name));
    same.or_else(|| brokers.first()).cloned().ok_or("it did not say where its broker is")
}

fn why(refused: &Refused) -> String {
    let node = refused.node.as_deref().map(shown_reason).unwrap_or_default();
    match refused.refused {
        Refusal::UnknownCode => format!("it never gave out this string, or forgot it; {ANOTHER}"),
        Refusal::Used => format!("this string was used already; {ANOTHER}"),
        Refusal::Expired => format!("this string is older than a day; {ANOTHER}"),
        Refusal::OtherNode => {
            format!("this string is for the node {node}; write id = \"{node}\" in the section [node], or {ANOTHER}")
        }
        Refusal::Taken => {
            "it knows this node already; make a string for it with \"atalaya-sidecar node add --id\"".into()
        }
        Refusal::TooMany => {
            format!("there were too many tries from here; wait {} seconds", refused.wait_seconds.unwrap_or(60))
        }
        Refusal::Busy => "it cannot write this down now; try again in a minute".into(),
        Refusal::Newer => "it is older than this program; upgrade it".into(),
        Refusal::Malformed | Refusal::Other => {
            "it does not understand this program; upgrade both to one version".into()
        }
    }
}

fn plain_http(err: &ureq::Error) -> String {
    match err {
        ureq::Error::Io(err) => plain(err),
        ureq::Error::Timeout(_) => "no answer in time".into(),
        other => certificate(&other.to_string()),
    }
}

/// A reason in one line that says something to people.
pub(super) fn plain(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".into(),
        io::ErrorKind::ConnectionRefused => "nothing listens there".into(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the connection was cut".into()
        }
        _ => match err.to_string().strip_prefix("failed to lookup address information: ") {
            Some(why) => format!("its address is not known here: {}", shown_reason(why)),
            None => certificate(&err.to_string()),
        },
    }
}

fn certificate(text: &str) -> String {
    match text {
        text if text.contains("not valid for name") => {
            "its certificate is for another name; put this one into [broker] names of the sidecar".into()
        }
        text if text.contains("expired") || text.contains("NotValidYet") || text.contains("not valid yet") => {
            "its certificate does not count at this time; set the clock of this machine".into()
        }
        text if text.contains("invalid peer certificate") => {
            "another machine answers there: the authority that the join string names did not sign its certificate"
                .into()
        }
        text => shown_reason(text),
    }
}
