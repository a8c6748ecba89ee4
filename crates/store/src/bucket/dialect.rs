//! What differs between services: how a request is made of what is asked, and what is read of some answers.

use std::io::BufRead;

use ureq::Body;
use ureq::http::Response;

use super::access::Keys;
use super::http::Ask;
use super::page::Page;
use super::refused::Refused;
use super::time::Stamp;

/// A request as it is sent, its body excepted.
pub(super) struct Formed {
    pub(super) method: &'static str,
    pub(super) host: String,
    /// Percent-encoded.
    pub(super) path: String,
    /// In lower case, with what says who asks.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Names and values of a query, which nobody has encoded yet, in the order of their names.
pub(super) type Query = Vec<(&'static str, String)>;

/// See the module. Each service has a file that is called as it is.
pub(super) trait Dialect: Send + Sync {
    /// What is sent for `ask`, whose body has `len` bytes. `query` is what it has behind its path, encoded.
    fn form(&self, ask: &Ask<'_>, query: &str, len: u64, keys: &Keys, at: &Stamp) -> Formed;

    /// The condition of a put that nothing is there.
    fn only_new(&self) -> (&'static str, &'static str) {
        ("if-none-match", "*")
    }

    /// How a page is asked for.
    fn listing(&self, begin: &str, token: Option<&str>, objects: usize) -> Query;

    /// A page that was asked for so.
    ///
    /// # Errors
    /// What is wrong with it.
    fn page(&self, from: &mut dyn BufRead) -> Result<Page, String>;

    /// The length of an object that was looked at.
    fn length(&self, answer: &mut Response<Body>) -> Option<u64> {
        said_length(answer)
    }

    /// Whether something was learnt from a refusal, so that another try may do.
    fn learns(&self, _: &Refused) -> bool {
        false
    }
}

/// What an answer says of its own length.
pub(super) fn said_length(answer: &Response<Body>) -> Option<u64> {
    answer.headers().get("content-length")?.to_str().ok()?.parse().ok()
}
