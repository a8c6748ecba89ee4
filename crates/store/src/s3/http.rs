//! One signed request at a time, over connections that are kept for the next. No redirection is followed, for what it leads
//! to was named by nobody; no proxy is used.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, SendBody};

use super::access::{S3Access, Style};
use super::limits::*;
use super::refused::Refused;
use super::sign::{EMPTY, Unsigned};
use super::time::Stamp;
use super::trouble;
use crate::{Body, Error, Kind, Result, S3Url, locked};

/// Where systems keep the authorities that they trust.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// What is asked.
pub(super) struct Ask<'a> {
    /// In words, for messages.
    pub(super) what: String,
    pub(super) method: &'static str,
    /// The object's key; empty for the bucket itself. Nothing in it needs an encoding.
    pub(super) key: &'a str,
    /// Encoded, in the order of its names.
    pub(super) query: &'a str,
    /// Beside those of every request, in lower case.
    pub(super) headers: &'a [(&'static str, String)],
    /// What is sent, and its sum.
    pub(super) body: Option<(Body<'a>, &'a str)>,
    /// How many bytes come back.
    pub(super) bytes: u64,
}

/// What was answered: what was asked for, or that it was refused.
pub(super) type Answer = std::result::Result<Response<ureq::Body>, Refused>;

/// What became of something that was told: done, or refused.
pub(super) type Told = std::result::Result<(), Refused>;

/// Reads what is left, within the bound that `from` has: a connection whose answer was read to its end is used again.
pub(super) fn drain(mut from: impl Read) {
    let _ = io::copy(&mut from, &mut io::sink());
}

/// A server and a bucket of it.
pub(super) struct Http {
    agent: Agent,
    url: S3Url,
    access: S3Access,
    /// The one that was said, or else that the server named.
    region: Mutex<String>,
    host: String,
    /// `/BUCKET`, or nothing where it is in the host's name.
    bucket: String,
}

impl Http {
    pub(super) fn new(url: S3Url, access: S3Access) -> Result<Self> {
        let (host, bucket) = match access.style_of(&url) {
            Style::Path => (url.authority(), format!("/{}", url.bucket)),
            Style::Host => (format!("{}.{}", url.bucket, url.authority()), String::new()),
        };
        let agent = agent(&url, access.ca_file.as_deref())?;
        let region = Mutex::new(access.region_of(&url));
        Ok(Self { agent, url, access, region, host, bucket })
    }

    pub(super) fn url(&self) -> &S3Url {
        &self.url
    }

    /// Asks once, and once more if it is told that the bucket is in another region.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer> {
        let region = locked(&self.region).clone();
        let refused = match self.ask_in(ask, &region)? {
            Ok(answer) => return Ok(Ok(answer)),
            Err(refused) => refused,
        };
        match refused.other_region() {
            Some(other) if other != region && self.access.region.is_none() => {
                other.clone_into(&mut locked(&self.region));
                self.ask_in(ask, other)
            }
            _ => Ok(Err(refused)),
        }
    }

    /// The same where only whether it was done matters.
    pub(super) fn tell(&self, ask: &Ask<'_>) -> Result<Told> {
        let done = |mut answer: Response<ureq::Body>| drain(answer.body_mut().as_reader().take(S3_REFUSAL_BYTES_MAX));
        Ok(self.ask(ask)?.map(done))
    }

    /// What a refusal comes to where nothing else can be made of it.
    pub(super) fn error(&self, ask: &Ask<'_>, refused: &Refused) -> Error {
        refused.error(&ask.what, &self.url.to_string(), Stamp::now().as_str())
    }

    fn ask_in(&self, ask: &Ask<'_>, region: &str) -> Result<Answer> {
        let len = ask.body.map_or(Ok(0), |(body, _)| body.len())?;
        let (request, mut reader) = (self.signed(ask, region, len)?, ask.body.map(|(body, _)| Pieces::new(body, len)));
        let wait = S3_REQUEST_WAIT_MAX + Duration::from_secs((len + ask.bytes) / S3_BYTES_PER_SECOND_MIN);
        let answer = match &mut reader {
            Some(reader) => self.run(request.map(|()| SendBody::from_reader(reader)), wait),
            None => self.run(request, wait),
        };
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(Ok(answer)),
            Ok(answer) => Ok(Err(Refused::read(answer))),
            // A spool file that cannot be read is no fault of the line's.
            Err(err) => Err(reader
                .and_then(|reader| reader.failed)
                .unwrap_or_else(|| trouble::no_answer(&ask.what, &self.url.to_string(), &err))),
        }
    }

    fn run(
        &self,
        request: Request<impl AsSendBody>,
        wait: Duration,
    ) -> std::result::Result<Response<ureq::Body>, ureq::Error> {
        self.agent.run(self.agent.configure_request(request).timeout_global(Some(wait)).build())
    }

    fn signed(&self, ask: &Ask<'_>, region: &str, len: u64) -> Result<Request<()>> {
        let slash = if ask.key.is_empty() && !self.bucket.is_empty() { "" } else { "/" };
        let path = format!("{}{slash}{}", self.bucket, ask.key);
        let mut headers = ask.headers.to_vec();
        headers.push(("host", self.host.clone()));
        let payload = ask.body.map_or(EMPTY, |(_, sum)| sum);
        let unsigned = Unsigned { method: ask.method, path: &path, query: ask.query, headers, payload };
        let scheme = if self.url.tls { "https" } else { "http" };
        let question = if ask.query.is_empty() { "" } else { "?" };
        let uri = format!("{scheme}://{}{path}{question}{}", self.host, ask.query);
        let mut request = Request::builder().method(ask.method).uri(uri);
        for (name, value) in unsigned.sign(&self.access, region, &Stamp::now()) {
            request = request.header(name, value);
        }
        if ask.body.is_some() {
            request = request.header("content-length", len);
        }
        let odd = |err| Error::new(Kind::Denied, format!("{} in {}: it cannot be asked: {err}", ask.what, self.url));
        request.body(()).map_err(odd)
    }
}

/// A body, read piece by piece from where it is.
struct Pieces<'a> {
    body: Body<'a>,
    at: u64,
    len: u64,
    failed: Option<Error>,
}

impl<'a> Pieces<'a> {
    fn new(body: Body<'a>, len: u64) -> Self {
        Self { body, at: 0, len, failed: None }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.len - self.at).unwrap_or(usize::MAX).min(buf.len());
        if let Err(err) = self.body.read_at(self.at, &mut buf[..want]) {
            self.failed = Some(err);
            return Err(io::Error::other("the spool file"));
        }
        self.at += want as u64;
        Ok(want)
    }
}

fn agent(url: &S3Url, ca_file: Option<&Path>) -> Result<Agent> {
    let roots = if url.tls { roots(ca_file)? } else { Vec::new() };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .input_buffer_size(S3_BUFFER_BYTES)
        .output_buffer_size(S3_BUFFER_BYTES)
        .max_response_header_size(S3_HEADER_BYTES_MAX)
        .max_idle_connections(S3_IDLE_CONNECTIONS_MAX)
        .max_idle_connections_per_host(S3_IDLE_CONNECTIONS_MAX)
        .max_idle_age(S3_IDLE_AGE_MAX)
        .user_agent(concat!("atalaya/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(S3_CONNECT_WAIT_MAX))
        .timeout_per_read(Some(S3_SILENCE_MAX))
        .timeout_per_write(Some(S3_SILENCE_MAX));
    Ok(config.build().into())
}

/// Whom to believe: those in `ca_file` and nobody else, or those whom the system believes.
fn roots(ca_file: Option<&Path>) -> Result<Vec<Certificate<'static>>> {
    let denied = |why: String| Error::new(Kind::Denied, why);
    let system = || SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists());
    let Some(path) = ca_file.or_else(system) else {
        return Err(denied(
            "cannot tell which authorities this machine trusts; install ca-certificates, or name the server's as \"ca_file\" in the file of credentials"
                .to_owned(),
        ));
    };
    let fail = |why: &str| denied(format!("cannot use the certificates in {}: {why}", path.display()));
    let mut pem = Vec::new();
    let file = File::open(path).map_err(|err| fail(&err.to_string()))?;
    file.take(S3_ROOTS_BYTES_MAX).read_to_end(&mut pem).map_err(|err| fail(&err.to_string()))?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(fail("there is none in it; name another")) } else { Ok(found) }
}
