//! One request to a service, with an end in time and a bound on what is read of the answer. No redirection is followed, no
//! proxy used, no connection kept, and nothing sent twice.

mod answer;
mod outgoing;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use atalaya_certificate::{handshake, provider, roots};
use ureq::Agent;
use ureq::http::{HeaderValue, Method, Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub(crate) use answer::{Answer, NoAnswer};
pub use outgoing::Outgoing;

use crate::address::Address;
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_HEADER_BYTES_MAX, CONNECT};

/// What is understood.
pub(crate) const JSON: (&str, &str) = ("Accept", "application/json");

/// A service over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) base: Address,
    /// Whose certificates are trusted, if not those of the machine.
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) outgoing: Outgoing,
}

/// What is asked of it.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Behind the base, with a slash before it. Made here of checked parts.
    pub(crate) path: &'a str,
    /// Beside `Content-Type`. What they hold is not shown.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    /// JSON.
    pub(crate) body: Option<&'a serde_json::Value>,
}

impl<'a> Ask<'a> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, headers: &[], body: None }
    }
}

impl Service {
    /// Asks once. Any status is an answer.
    pub(crate) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, NoAnswer> {
        let agent = self.agent().map_err(NoAnswer::unsent)?;
        let mut request = Request::builder().method(&ask.method).uri(format!("{}{}", self.base.as_str(), ask.path));
        for (name, value) in ask.headers {
            let wrong = |_| NoAnswer::unsent(format!("cannot ask {}: {name} holds what HTTP cannot say", self.base));
            let mut value = HeaderValue::from_str(value).map_err(wrong)?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        let odd = |_| NoAnswer::unsent(format!("cannot ask {}: the address holds what HTTP cannot say", self.base));
        let answer = match ask.body {
            None => agent.run(request.body(()).map_err(odd)?),
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string()).map_err(odd)?;
                agent.run(request)
            }
        };
        answer.map(read).map_err(|err| self.no_answer(&err))
    }

    fn agent(&self) -> Result<Agent, String> {
        let roots = if self.base.is_tls() { roots(self.ca_file.as_deref())? } else { Vec::new() };
        let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider())
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .build();
        let time = self.outgoing.time();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(ANSWER_HEADER_BYTES_MAX)
            .max_idle_connections(0)
            .user_agent(self.outgoing.user_agent())
            .timeout_connect(Some(CONNECT.min(time)))
            .timeout_global(Some(time));
        Ok(config.build().into())
    }

    /// Never with the library's own words where they may hold the address.
    fn no_answer(&self, err: &ureq::Error) -> NoAnswer {
        let tls = match err {
            ureq::Error::Rustls(err) => Some(err),
            ureq::Error::Io(err) => err.get_ref().and_then(|err| err.downcast_ref::<rustls::Error>()),
            _ => None,
        };
        if let Some(err @ rustls::Error::InvalidCertificate(_)) = tls {
            // Before the handshake is done nothing of the request is sent.
            return NoAnswer::unsent(format!("cannot trust {}: {}", self.base, handshake(err)));
        }
        let told = |why: &str| format!("cannot reach {}: {why}", self.base);
        match err {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                NoAnswer::unsent(told("no connection in time"))
            }
            ureq::Error::HostNotFound => NoAnswer::unsent(told("no such host, or no name server")),
            ureq::Error::ConnectionFailed => NoAnswer::unsent(told("no connection")),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => NoAnswer::unsent(told("that is no address")),
            ureq::Error::Io(err) if err.kind() == io::ErrorKind::ConnectionRefused => {
                NoAnswer::unsent(told("it refuses the connection"))
            }
            ureq::Error::Timeout(_) => NoAnswer::sent(told("no answer in time")),
            ureq::Error::Io(err) => NoAnswer::sent(told(&plain(err))),
            ureq::Error::Protocol(_) => NoAnswer::sent(told("what it answers is no HTTP")),
            _ => NoAnswer::sent(told("no answer")),
        }
    }
}

/// What an operating system says, without its number.
pub(crate) fn plain(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "it refuses the connection".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".into(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            "it cut the connection".into()
        }
        _ => atalaya_reach::plain(err),
    }
}

fn read(mut response: Response<ureq::Body>) -> Answer {
    let header = |name: &str| response.headers().get(name).and_then(|text| text.to_str().ok()).map(str::to_owned);
    let (retry_after, rate_limit) = (header("Retry-After"), header("Ratelimit"));
    let mut body = Vec::new();
    // A byte more than there may be, so that what is too much shows.
    let all = response.body_mut().as_reader().take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut body);
    let whole = all.is_ok() && body.len() <= ANSWER_BYTES_MAX;
    Answer { status: response.status().as_u16(), retry_after, rate_limit, body, whole }
}
