//! One signed request at a time, over connections that are kept for the next. No redirection is followed, for what it leads
//! to was named by nobody; no proxy is used.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, AsSendBody, SendBody};

use super::access::{BucketAccess, Keys};
#[cfg(feature = "cloud")]
use super::azure::Azure;
use super::dialect::{Dialect, Query};
#[cfg(feature = "cloud")]
use super::google::Google;
#[cfg(feature = "cloud")]
use super::lease::Lease;
use super::limits::*;
use super::refused::Refused;
use super::s3::S3;
use super::time::Stamp;
use super::trouble;
use crate::url::percent::encode;
use crate::{Body, BucketUrl, Error, Kind, Result, Service};

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
    pub(super) query: Query,
    /// Beside those of every request, in lower case.
    pub(super) headers: &'a [(&'static str, String)],
    /// What is sent, and its sum.
    pub(super) body: Option<(Body<'a>, &'a str)>,
    /// How many bytes come back.
    pub(super) bytes: u64,
}

impl<'a> Ask<'a> {
    /// One with nothing but a key.
    pub(super) fn of(what: &str, method: &'static str, key: &'a str) -> Self {
        Self { what: what.to_owned(), method, key, query: Query::new(), headers: &[], body: None, bytes: 0 }
    }
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
    url: BucketUrl,
    dialect: Box<dyn Dialect>,
    access: BucketAccess,
    #[cfg(feature = "cloud")]
    lease: Lease,
}

impl Http {
    pub(super) fn new(url: BucketUrl, access: BucketAccess) -> Result<Self> {
        let dialect: Box<dyn Dialect> = match url.service {
            Service::S3 => Box::new(S3::new(&url, &access)),
            #[cfg(feature = "cloud")]
            Service::Azure => Box::new(Azure::new(&url)),
            #[cfg(feature = "cloud")]
            Service::Google => Box::new(Google::new(&url)),
            #[cfg(not(feature = "cloud"))]
            _ => return Err(Error::new(Kind::Denied, "this build knows no such stores; name another")),
        };
        let agent = agent(url.tls, access.ca_file.as_deref())?;
        Ok(Self {
            agent,
            url,
            dialect,
            access,
            #[cfg(feature = "cloud")]
            lease: Lease::default(),
        })
    }

    pub(super) fn url(&self) -> &BucketUrl {
        &self.url
    }

    /// Whether the oldest version of a name is the one that counts.
    pub(super) fn reads_oldest(&self) -> bool {
        self.access.oldest && self.url.service == Service::S3
    }

    pub(super) fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    /// Asks once, and once more if something is learnt from the refusal: another region, or that keys have ended.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer> {
        let refused = match self.ask_once(ask)? {
            Ok(answer) => return Ok(Ok(answer)),
            Err(refused) => refused,
        };
        if self.dialect.learns(&refused) || self.takes_others(&refused) {
            return self.ask_once(ask);
        }
        Ok(Err(refused))
    }

    /// The same where only whether it was done matters.
    pub(super) fn tell(&self, ask: &Ask<'_>) -> Result<Told> {
        let done =
            |mut answer: Response<ureq::Body>| drain(answer.body_mut().as_reader().take(BUCKET_REFUSAL_BYTES_MAX));
        Ok(self.ask(ask)?.map(done))
    }

    /// What a refusal comes to where nothing else can be made of it.
    pub(super) fn error(&self, ask: &Ask<'_>, refused: &Refused) -> Error {
        refused.error(&ask.what, &self.url.to_string(), Stamp::now().as_str())
    }

    /// Whether keys that ended before it was said they would are given up for others.
    fn takes_others(&self, refused: &Refused) -> bool {
        #[cfg(feature = "cloud")]
        return refused.of_keys() && self.lease.give_up();
        #[cfg(not(feature = "cloud"))]
        let _ = refused;
        #[cfg(not(feature = "cloud"))]
        false
    }

    fn keys(&self) -> Result<Keys> {
        #[cfg(feature = "cloud")]
        return self.lease.keys(&self.agent, &self.url, &self.access);
        #[cfg(not(feature = "cloud"))]
        Ok(self.access.keys.clone())
    }

    fn ask_once(&self, ask: &Ask<'_>) -> Result<Answer> {
        let len = ask.body.map_or(Ok(0), |(body, _)| body.len())?;
        let (request, mut reader) = (self.formed(ask, len)?, ask.body.map(|(body, _)| Pieces::new(body, len)));
        let wait = BUCKET_REQUEST_WAIT_MAX + Duration::from_secs((len + ask.bytes) / BUCKET_BYTES_PER_SECOND_MIN);
        let answer = match &mut reader {
            Some(reader) => run(&self.agent, request.map(|()| SendBody::from_reader(reader)), wait),
            None => run(&self.agent, request, wait),
        };
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(Ok(answer)),
            Ok(answer) if ask.key.is_empty() => Ok(Err(Refused::read(answer).of_bucket())),
            Ok(answer) => Ok(Err(Refused::read(answer))),
            // A spool file that cannot be read is no fault of the line's.
            Err(err) => Err(reader
                .and_then(|reader| reader.failed)
                .unwrap_or_else(|| trouble::no_answer(&ask.what, &self.url.to_string(), &err))),
        }
    }

    fn formed(&self, ask: &Ask<'_>, len: u64) -> Result<Request<()>> {
        let (keys, mut query) = (self.keys()?, String::new());
        for (name, value) in &ask.query {
            let sign = if query.is_empty() { "" } else { "&" };
            query.push_str(&format!("{sign}{name}={}", encode(value.as_bytes(), b"")));
        }
        let formed = self.dialect.form(ask, &query, len, &keys, &Stamp::now());
        if let Some(behind) = &keys.behind {
            let sign = if query.is_empty() { "" } else { "&" };
            query.push_str(&format!("{sign}{}", **behind));
        }
        let scheme = if self.url.tls { "https" } else { "http" };
        let question = if query.is_empty() { "" } else { "?" };
        let uri = format!("{scheme}://{}{}{question}{query}", formed.host, formed.path);
        let mut request = Request::builder().method(formed.method).uri(uri);
        let says_length = formed.headers.iter().any(|(name, _)| *name == "content-length");
        for (name, value) in formed.headers {
            request = request.header(name, value);
        }
        if ask.body.is_some() && !says_length {
            request = request.header("content-length", len);
        }
        // Not why: that may hold what stands in its headers.
        let odd = |_| {
            Error::new(
                Kind::Denied,
                format!("{} in {}: it cannot be asked; look at the credentials", ask.what, self.url),
            )
        };
        request.body(()).map_err(odd)
    }
}

/// Sends a request and waits so long for its answer.
pub(super) fn run(
    agent: &Agent,
    request: Request<impl AsSendBody>,
    wait: Duration,
) -> std::result::Result<Response<ureq::Body>, ureq::Error> {
    agent.run(agent.configure_request(request).timeout_global(Some(wait)).build())
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

fn agent(tls: bool, ca_file: Option<&Path>) -> Result<Agent> {
    let roots = if tls { roots(ca_file)? } else { Vec::new() };
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
        .input_buffer_size(BUCKET_BUFFER_BYTES)
        .output_buffer_size(BUCKET_BUFFER_BYTES)
        .max_response_header_size(BUCKET_HEADER_BYTES_MAX)
        .max_idle_connections(BUCKET_IDLE_CONNECTIONS_MAX)
        .max_idle_connections_per_host(BUCKET_IDLE_CONNECTIONS_MAX)
        .max_idle_age(BUCKET_IDLE_AGE_MAX)
        .user_agent(concat!("atalaya/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(BUCKET_CONNECT_WAIT_MAX))
        .timeout_per_read(Some(BUCKET_SILENCE_MAX))
        .timeout_per_write(Some(BUCKET_SILENCE_MAX));
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
    file.take(BUCKET_ROOTS_BYTES_MAX).read_to_end(&mut pem).map_err(|err| fail(&err.to_string()))?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(fail("there is none in it; name another")) } else { Ok(found) }
}
