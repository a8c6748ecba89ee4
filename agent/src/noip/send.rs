//! Sends an update, once, and understands the answer.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::reply::{ANSWER_BYTES_MAX, Reply, parse};
use super::request::{AGENT, Credentials, Request};
use crate::probe::web::Web;

/// The answers for the request's names, in their order, from `server`, whose certificate is checked by those in the file
/// `roots`. Everything together takes at most `time`.
pub(super) fn send(
    request: &Request,
    (server, roots): (&str, &Path),
    credentials: &Credentials,
    time: Duration,
) -> Vec<Reply> {
    let names = request.names.len();
    let nonsense = |why: String| vec![Reply::Nonsense(why); names];
    let url = match request.url(server) {
        Ok(url) => url,
        Err(why) => return nonsense(why.into()),
    };
    let web = Web::named(roots, AGENT);
    let authorization = credentials.basic();
    // A byte more than there may be, so that what is cut off shows.
    match web.ask(&url, Some(&authorization), ANSWER_BYTES_MAX + 1, time) {
        Ok(answer) if answer.body.len() as u64 > ANSWER_BYTES_MAX => nonsense("it answers with too much".into()),
        Ok(answer) => parse(answer.status, &answer.body, names),
        Err(why) => nonsense(why),
    }
}

impl Credentials {
    /// As the header `Authorization` has it (RFC 7617).
    fn basic(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(format!("{}:{}", self.user, *self.password));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        Zeroizing::new(format!("Basic {}", *encoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_sent_as_http_wants_them_and_never_shown() {
        let credentials = Credentials { user: "Aladdin".into(), password: Zeroizing::new("open sesame".into()) };
        assert_eq!(credentials.basic().as_str(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{credentials:?}"), "***");
    }
}
