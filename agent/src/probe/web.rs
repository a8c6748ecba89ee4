//! Asking a web page, with an end in time and a bound on what is read. Needs TLS, so it is used only by probes that run
//! apart.

use std::fs;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Where Debian, OpenWrt and Alpine have the roots that the machine trusts.
pub(crate) const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// What is read of the file of roots.
const ROOTS_BYTES_MAX: u64 = 1 << 20;
const HEADER_BYTES_MAX: usize = 32 << 10;

/// What a page answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its beginning; bytes that are no UTF-8 are replaced.
    pub(crate) body: String,
}

/// Gets pages. Follows no redirection and uses no proxy: what is asked is what is told.
pub(crate) struct Web {
    agent: Agent,
    /// Whether there is any certificate to trust.
    trusts: bool,
}

/// Who asks, where nobody says otherwise.
const NAME: &str = concat!("atalaya/", env!("CARGO_PKG_VERSION"));

impl Web {
    /// Trusts the certificates in the file `roots`, as long as HTTPS is asked for.
    pub(crate) fn new(roots: &std::path::Path) -> Self {
        Self::named(roots, NAME)
    }

    /// The same; `name` is the `User-Agent`.
    pub(crate) fn named(roots: &std::path::Path, name: &str) -> Self {
        let mut pem = Vec::new();
        let _ = fs::File::open(roots).and_then(|file| file.take(ROOTS_BYTES_MAX).read_to_end(&mut pem));
        let certs: Vec<_> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        let trusts = !certs.is_empty();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(certs)))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_response_header_size(HEADER_BYTES_MAX)
            .max_idle_connections(0)
            .user_agent(name)
            .build();
        Self { agent: config.into(), trusts }
    }

    /// Asks `url` and reads at most `bytes` of its body.
    pub(crate) fn get(&self, url: &str, bytes: u64, deadline: Duration) -> Result<Answer, String> {
        self.ask(url, None, bytes, deadline)
    }

    /// The same with a header `Authorization`, which nothing shows.
    pub(crate) fn ask(
        &self,
        url: &str,
        authorization: Option<&str>,
        bytes: u64,
        deadline: Duration,
    ) -> Result<Answer, String> {
        let mut request = self.agent.get(url).config().timeout_global(Some(deadline)).build();
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call().map_err(|err| self.plain(&err))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        if bytes > 0 {
            // What ends it is a timeout of the whole request as well, wrapped once more.
            let read = response.body_mut().as_reader().take(bytes).read_to_end(&mut body);
            read.map_err(|err| self.plain(&err.into()))?;
        }
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn plain(&self, err: &ureq::Error) -> String {
        let text = match err {
            ureq::Error::Io(err) => atalaya_reach::plain(err),
            ureq::Error::Timeout(_) => "no answer in time".into(),
            // It would be shown, and it may hold a secret.
            ureq::Error::BadUri(_) => "that is no address of a page".into(),
            other => other.to_string(),
        };
        if !text.contains("invalid peer certificate") {
            return text;
        }
        match text {
            _ if !self.trusts => "this machine has no certificates to trust; install ca-certificates",
            _ if text.contains("UnknownIssuer") || text.contains("BadSignature") => {
                "its certificate is signed by nobody whom this machine trusts"
            }
            _ if text.contains("not valid for name") => "its certificate is for another name",
            _ if text.contains("expired") => "its certificate has expired",
            _ => return text,
        }
        .into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// Serves `answers`, one a connection; a gulp of nothing leaves the connection open in silence. The URL is handed back.
    pub(crate) fn serve(answers: Vec<Vec<u8>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let endless = answer.ends_with(b"\xff\xff");
                while stream.write_all(&answer).is_ok() && endless {}
                open.extend(answer.is_empty().then_some(stream));
            }
            std::thread::park();
        });
        format!("http://{address}/")
    }

    #[test]
    fn pages_are_read_to_a_bound_and_an_end_in_time() {
        let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        endless.extend([0xff; 4096]);
        for (answer, expected) in [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec(), Ok((200, 2))),
            (
                b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec(),
                Ok((302, 0)),
            ),
            (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_vec(), Ok((502, 0))),
            (endless, Ok((200, 0))),
            (b"garbage\r\n\r\n".to_vec(), Err("")),
            (Vec::new(), Err("no answer in time")),
        ] {
            let url = serve(vec![answer.clone()]);
            let got = Web::new(std::path::Path::new("/nowhere")).get(&url, 1000, Duration::from_millis(500));
            match (got, expected) {
                (Ok(answer), Ok((status, bytes))) => {
                    assert_eq!(answer.status, status);
                    assert!(answer.body.len() >= bytes && answer.body.len() <= 3000);
                }
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
                (got, _) => panic!("{got:?}"),
            }
        }
    }
}
