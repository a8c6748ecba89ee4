//! Pages that tell our address. They may need TLS, and so more memory than the daemon has.

use std::path::Path;
use std::time::Duration;

use super::Fetch;
use crate::probe::address::host_of;
use crate::probe::run_with;
use crate::probe::web::Web;

/// Of an answer: more is no address.
const ANSWER_BYTES_MAX: u64 = 256;
const TIME: Duration = Duration::from_secs(8);

/// The body of the page `url`, whose certificate is checked by those in the file `roots`.
///
/// # Errors
///
/// One line: why there is none.
pub(crate) fn page(url: &str, roots: &Path) -> Result<String, String> {
    let host = host_of(url);
    let answer = Web::new(roots).get(url, ANSWER_BYTES_MAX, TIME).map_err(|why| format!("{host}: {why}"))?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(format!("{host} answers with status {status}")),
    }
}

/// Gets pages in this process, which is to be a short-lived one.
pub(crate) fn here(roots: std::path::PathBuf) -> Fetch {
    Box::new(move |url| page(url, &roots))
}

/// Gets pages in a process of their own: `atalaya-agent probe --page`. An address may hold somebody's secret, so it goes
/// there by standard input, where nobody else sees it.
pub(crate) fn elsewhere() -> Fetch {
    Box::new(|url| {
        let program = crate::program::this();
        let program = program.to_string_lossy();
        let said = run_with(&program, &["probe", "--page"], url.as_bytes(), TIME + Duration::from_secs(4))
            .map_err(|fault| fault.to_string())?;
        match said.text.split_once(' ').unwrap_or((said.text.trim_end(), "")) {
            ("ok", body) => Ok(body.to_owned()),
            ("failed", why) => Err(why.trim_end().to_owned()),
            _ => Err(format!("the process that asks {} ended early", host_of(url))),
        }
    })
}

/// What that process writes.
pub(crate) fn line(page: &Result<String, String>) -> String {
    match page {
        Ok(body) => format!("ok {body}"),
        Err(why) => format!("failed {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noip::server::{Act, Server};
    use crate::probe::web::tests::serve;

    #[test]
    fn a_page_is_an_answer_of_two_hundred_bytes_and_nothing_else() {
        let answer = |status: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        };
        for (said, expected) in [
            (answer("200 OK", "203.0.113.7\n"), Ok("203.0.113.7\n".to_owned())),
            (answer("503 Busy", "203.0.113.7"), Err("answers with status 503")),
            (answer("302 Found", ""), Err("answers with status 302")),
            (answer("200 OK", &"9".repeat(5000)), Ok("9".repeat(256))),
            (b"garbage\r\n\r\n".to_vec(), Err("")),
        ] {
            let url = serve(vec![said]) + "?token=secret";
            match (page(&url, Path::new("/nowhere")), expected) {
                (Ok(body), Ok(expected)) => assert_eq!(body, expected),
                (Err(why), Err(expected)) => {
                    assert!(why.starts_with(host_of(&url)) && why.contains(expected), "{why}");
                    assert!(!why.contains("secret"), "{why}");
                }
                (got, _) => panic!("{got:?}"),
            }
        }
    }

    #[test]
    fn a_page_shows_a_certificate_that_is_trusted() {
        let server = Server::start("127.0.0.1", |head| Act::ok(head.split(' ').nth(1).unwrap()));
        assert_eq!(page(&server.url, &server.ca), Ok("/nic/update".into()));
        let why = page(&server.url, Path::new("/nowhere")).unwrap_err();
        assert!(why.contains("no certificates to trust"), "{why}");
        let other = Server::start("ip.example", |_| Act::ok("203.0.113.7"));
        let why = page(&other.url, &other.ca).unwrap_err();
        assert!(why.contains("its certificate is for another name"), "{why}");
        assert!(other.asked().is_empty());
        // As the probe does, with whatever came of it.
        let mut fetch = here(server.ca.clone());
        assert_eq!(fetch(&server.url), Ok("/nic/update".into()));
        assert_eq!((line(&Ok("a\n".into())), line(&Err("b".into()))), ("ok a\n".into(), "failed b".into()));
    }
}
