//! Requests to one authority: over TLS, to the host of its directory alone, with an end in time and a bound on what is
//! read. The library speaks ACME; this only carries.

use std::future::Future;
use std::io::Read;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atalaya_certificate::{handshake, provider, roots};
use bytes::Bytes;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use ureq::Agent;
use ureq::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use ureq::http::{Method, Request, Response, Uri, uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::failed::Failed;
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_HEADER_BYTES_MAX, CONNECT, HINT_SECONDS, HINT_SECONDS_RANGE, HTTP};

/// What the last answer said beside its body; the library keeps no headers of an error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// In seconds from then.
    pub(crate) retry_after: Option<u64>,
}

/// What the library asks is carried by this.
pub(crate) struct Http {
    authority: uri::Authority,
    ca_file: Option<PathBuf>,
    name: HeaderValue,
    told: Arc<Mutex<Told>>,
    /// For a request and its answer.
    within: Duration,
}

impl Http {
    /// To the server of `directory`, under our name and with the address of whoever runs this.
    pub(crate) fn new(directory: &str, ca_file: Option<PathBuf>, contact: &str) -> Result<Self, Failed> {
        let wrong = || Failed::SetUp("the authority's directory is no address that begins with https://".into());
        let uri: Uri = directory.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|one| !one.as_str().contains('@')).ok_or_else(wrong)?;
        if uri.scheme() != Some(&uri::Scheme::HTTPS) {
            return Err(wrong());
        }
        let name = format!("atalaya/{} ({contact})", env!("CARGO_PKG_VERSION"));
        let name = HeaderValue::from_str(&name);
        let name = name.map_err(|_| Failed::SetUp("the contact holds what HTTP cannot say".into()))?;
        Ok(Self { authority: authority.clone(), ca_file, name, told: Arc::default(), within: HTTP })
    }

    pub(crate) fn told(&self) -> Arc<Mutex<Told>> {
        Arc::clone(&self.told)
    }

    /// Addresses come from the authority's answers: they lead nowhere else.
    fn is_ours(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&uri::Scheme::HTTPS) && uri.authority() == Some(&self.authority)
    }
}

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (authority, ca_file, name) = (self.authority.clone(), self.ca_file.clone(), self.name.clone());
        let (ours, told, within) = (self.is_ours(request.uri()), self.told(), self.within);
        Box::pin(async move {
            let failed = |failed: Failed| Error::Other(Box::new(failed));
            if !ours {
                return Err(failed(Failed::Garbled(format!("{authority} names an address of another server"))));
            }
            let (mut parts, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            parts.headers.insert(USER_AGENT, name);
            let request = Request::from_parts(parts, body.to_bytes());
            let carried =
                tokio::task::spawn_blocking(move || carry(request, agent(ca_file, within), &authority, &told)).await;
            let gone = || Failed::Unreachable("the request was given up".into());
            carried.map_err(|_| failed(gone()))?.map_err(failed)
        })
    }
}

/// Sends it, once. Redirections are answers, and no proxy is used.
fn carry(
    request: Request<Bytes>,
    agent: Result<Agent, String>,
    authority: &uri::Authority,
    told: &Mutex<Told>,
) -> Result<BytesResponse, Failed> {
    let agent = agent.map_err(Failed::SetUp)?;
    let plain = request.method() == Method::GET;
    let answer = match *request.method() {
        Method::POST => agent.run(request.map(|body| body.to_vec())),
        _ => agent.run(request.map(|_| ())),
    };
    let mut answer = answer.map_err(|err| no_answer(authority, &err))?;
    let mut body = Vec::new();
    let read = answer.body_mut().as_reader().take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut body);
    read.map_err(|_| Failed::Unreachable(format!("{authority} stopped in the middle of its answer")))?;
    if body.len() > ANSWER_BYTES_MAX {
        return Err(Failed::Garbled(format!("{authority} answers more than {} KiB", ANSWER_BYTES_MAX >> 10)));
    }
    let mut answer = answer.map(|_| ());
    let retry_after = seconds(answer.headers());
    *told.lock().unwrap_or_else(PoisonError::into_inner) = Told { status: answer.status().as_u16(), retry_after };
    if plain {
        hint(answer.headers_mut(), retry_after);
    }
    Ok(whole(answer, body))
}

/// RFC 9773, 4.3.2: who is told nothing sane asks again in six hours. The library wants it said.
fn hint(headers: &mut HeaderMap, retry_after: Option<u64>) {
    let (least, most) = (*HINT_SECONDS_RANGE.start(), *HINT_SECONDS_RANGE.end());
    headers.insert(RETRY_AFTER, retry_after.unwrap_or(HINT_SECONDS).clamp(least, most).into());
}

fn whole(answer: Response<()>, body: Vec<u8>) -> BytesResponse {
    let (mut parts, ()) = answer.into_parts();
    // Nothing looks at it, and it may be of any length.
    parts.headers.remove(CONTENT_TYPE);
    BytesResponse { parts, body: Box::new(Bytes::from(body)) }
}

/// `Retry-After` in seconds from now; a time that has passed is none.
fn seconds(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let at = http_date(text)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    at.checked_sub(now).filter(|left| *left > 0)
}

/// `Fri, 31 Dec 1999 23:59:59 GMT` (RFC 9110, 5.6.7) in seconds since 1970.
fn http_date(text: &str) -> Option<u64> {
    let format = jiff::fmt::rfc2822::DateTimeParser::new();
    let at = format.parse_zoned(text).ok()?;
    u64::try_from(at.timestamp().as_second()).ok()
}

fn agent(ca_file: Option<PathBuf>, within: Duration) -> Result<Agent, String> {
    let roots = roots(ca_file.as_deref())?;
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .https_only(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_response_header_size(ANSWER_HEADER_BYTES_MAX)
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT.min(within)))
        .timeout_global(Some(within));
    Ok(config.build().into())
}

fn no_answer(authority: &uri::Authority, err: &ureq::Error) -> Failed {
    let tls = match err {
        ureq::Error::Rustls(err) => Some(err),
        ureq::Error::Io(err) => err.get_ref().and_then(|err| err.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    if let Some(err) = tls {
        let why = handshake(err);
        return Failed::SetUp(format!("cannot trust {authority}: {why}; set ca_file if it is your own"));
    }
    let why = match err {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "no such host, or no name server".to_owned(),
        ureq::Error::Io(err) => err.kind().to_string(),
        ureq::Error::Protocol(_) => "what it answers is no HTTP".to_owned(),
        _ => "no connection".to_owned(),
    };
    Failed::Unreachable(format!("{authority}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    /// An authority that takes connections, says this, and nothing more.
    fn silent(says: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.write_all(says);
                held.push(stream);
            }
        });
        port
    }

    #[tokio::test]
    async fn who_does_not_answer_is_left_in_time_and_who_speaks_no_tls_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem()).unwrap();
        for (says, why) in
            [(&b""[..], "no answer in time"), (b"220 smtp.example ESMTP\r\n", "what it answers is no TLS")]
        {
            let url = format!("https://127.0.0.1:{}/directory", silent(says));
            let mut http = Http::new(&url, Some(ca.clone()), "ana@example.org").unwrap();
            http.within = Duration::from_millis(500);
            let begun = std::time::Instant::now();
            let asked = http.request(Request::get(&url).body(BodyWrapper::default()).unwrap()).await;
            let Err(Error::Other(err)) = asked else { panic!("{says:?} is an answer") };
            assert!(err.to_string().contains(why), "{err}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        }
    }
}
