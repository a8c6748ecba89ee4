//! One request to a service, with an end in time and a bound on what is read of the answer.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use atalaya_alert::Wall;
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::address::Address;
use crate::answer::{Answer, retry_after};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_HEADER_BYTES_MAX, CONNECT, HTTP};
use crate::outcome::Outcome;
use crate::tls;

const NAME: &str = concat!("atalaya/", env!("CARGO_PKG_VERSION"));

/// A `POST` of JSON.
pub(crate) struct Post<'a> {
    /// The service's, which is shown where something is wrong.
    pub(crate) server: &'a Address,
    /// All of the address, which is not.
    pub(crate) url: &'a str,
    /// Whose certificates are trusted, if not those of the machine.
    pub(crate) ca_file: Option<&'a PathBuf>,
    /// Beside `Content-Type`. What they hold is not shown.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: &'a [u8],
}

impl Post<'_> {
    /// Sends it, once. Redirections are answers, and no proxy is used: what is set is who is told.
    ///
    /// # Errors
    ///
    /// What came of it where there is no answer.
    pub(crate) fn send(&self, now: Wall) -> Result<Answer, Outcome> {
        self.send_within(HTTP, now)
    }

    fn send_within(&self, time: Duration, now: Wall) -> Result<Answer, Outcome> {
        let agent = agent(self.server, self.ca_file, time).map_err(Outcome::wrong)?;
        let mut request = agent.post(self.url).header("Content-Type", "application/json");
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let response = request.send(self.body).map_err(|err| no_answer(self.server, &err))?;
        Ok(read(response, now))
    }
}

/// Asks for what is there, once; as [`Post::send`].
///
/// # Errors
///
/// What came of it where there is no answer.
pub(crate) fn get(server: &Address, now: Wall) -> Result<Answer, Outcome> {
    let agent = agent(server, None, HTTP).map_err(Outcome::wrong)?;
    let response = agent.get(server.as_str()).call().map_err(|err| no_answer(server, &err))?;
    Ok(read(response, now))
}

fn agent(server: &Address, ca_file: Option<&PathBuf>, time: Duration) -> Result<Agent, String> {
    let roots = if server.is_tls() { tls::roots(ca_file)? } else { Vec::new() };
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(tls::provider())
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_response_header_size(ANSWER_HEADER_BYTES_MAX)
        .max_idle_connections(0)
        .user_agent(NAME)
        .timeout_connect(Some(CONNECT.min(time)))
        .timeout_global(Some(time));
    Ok(config.build().into())
}

/// Never with the library's own words where they may hold the address.
fn no_answer(server: &Address, err: &ureq::Error) -> Outcome {
    let tls = match err {
        ureq::Error::Rustls(err) => Some(err),
        ureq::Error::Io(err) => err.get_ref().and_then(|err| err.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    if let Some(err) = tls {
        let why = tls::distrust(err).unwrap_or_else(|| format!("no TLS with it: {err}"));
        return Outcome::wrong(format!("cannot trust {server}: {why}"));
    }
    let why = match err {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "no such host, or no name server".to_owned(),
        ureq::Error::Io(err) => plain(err),
        ureq::Error::Protocol(_) => "what it answers is no HTTP".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            return Outcome::wrong(format!("cannot ask {server}: the address or a secret holds what HTTP cannot say"));
        }
        _ => "no connection".to_owned(),
    };
    Outcome::later(format!("cannot reach {server}: {why}"))
}

/// What an operating system says, without its number.
pub(crate) fn plain(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "it refuses the connection".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".into(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            "it cut the connection".into()
        }
        _ => err.to_string(),
    }
}

fn read(mut response: Response<ureq::Body>, now: Wall) -> Answer {
    let header = response.headers().get("Retry-After").and_then(|text| text.to_str().ok());
    let retry_after = header.and_then(|text| retry_after(text, now));
    let mut body = Vec::new();
    // A byte more than there may be, so that what is too much shows.
    let all = response.body_mut().as_reader().take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut body);
    let whole = all.is_ok() && body.len() <= ANSWER_BYTES_MAX;
    body.truncate(ANSWER_BYTES_MAX);
    Answer { status: response.status().as_u16(), retry_after, body, whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    /// Takes one request, answers with `answer` and stays, silent, until it is asked to go.
    fn asked(answer: Vec<u8>, time: Duration) -> Result<Answer, Outcome> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server: Address = format!("http://{}/secret", listener.local_addr().unwrap()).parse().unwrap();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(&answer);
            let _ = wait.recv();
        });
        let post = Post { server: &server, url: server.as_str(), ca_file: None, headers: &[], body: b"{}" };
        let answer = post.send_within(time, Wall(0));
        drop(done);
        thread.join().unwrap();
        answer
    }

    #[test]
    fn a_server_that_says_nothing_or_stops_half_way_keeps_nobody() {
        let short = Duration::from_millis(300);
        let silent = asked(Vec::new(), short).unwrap_err();
        assert!(matches!(&silent, Outcome::Later { why, .. } if why.contains("no answer in time")), "{silent:?}");
        assert!(!silent.text().contains("secret"));
        assert!(asked(b"HTTP/1.1 20".to_vec(), short).is_err());
        let half = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok".to_vec(), short).unwrap();
        assert_eq!((half.status, half.whole, half.body.as_slice()), (200, false, b"ok".as_slice()));
    }

    #[test]
    fn an_answer_is_read_to_a_bound() {
        let mut huge = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n".to_vec();
        huge.extend(vec![b'x'; 1 << 20]);
        let answer = asked(huge, Duration::from_secs(10)).unwrap();
        assert_eq!((answer.whole, answer.body.len()), (false, ANSWER_BYTES_MAX));
        let mut headers = b"HTTP/1.1 200 OK\r\n".to_vec();
        headers.extend("X: y\r\n".repeat(100_000).bytes());
        assert!(matches!(asked(headers, Duration::from_secs(10)), Err(Outcome::Later { .. })));
    }

    #[test]
    fn where_nobody_listens_it_is_later() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server: Address = format!("http://127.0.0.1:{port}/secret").parse().unwrap();
        let post = Post { server: &server, url: server.as_str(), ca_file: None, headers: &[], body: b"{}" };
        let outcome = post.send(Wall(0)).unwrap_err();
        assert_eq!(outcome.text(), format!("cannot reach http://127.0.0.1:{port}: it refuses the connection"));
    }
}
