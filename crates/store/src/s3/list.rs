//! Listing: one page at a time, which is read whole before anybody is told of it, so that no connection waits for a caller.

use std::io::{BufReader, Read};

use super::S3Store;
use super::http::{Ask, drain};
use super::limits::{S3_BUFFER_BYTES, S3_PAGE_BYTES_MAX, S3_PAGE_OBJECTS, S3_PAGE_TRIES_MAX};
use super::page::{self, Page};
use crate::url::percent::encode;
use crate::{Entry, Result, check_name, retry};

/// Pages without any object, one after another; some servers skip what was deleted so.
const EMPTY_PAGES_MAX: u32 = 1000;

impl S3Store {
    /// Calls `each` for all objects below `prefix`, which is known to be good. The order of keys is the server's promise,
    /// and who breaks it could go on for ever or leave something out.
    pub(super) fn list_checked(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        let (begin, base) = (self.http.url().key(prefix), self.http.url().key(""));
        let what = format!("list {prefix:?}");
        let (mut token, mut last, mut empty) = (None, String::new(), 0);
        loop {
            let page = self.page_again(&what, &begin, token.as_deref())?;
            empty = if page.objects.is_empty() { empty + 1 } else { 0 };
            for (key, len) in page.objects {
                if key == last {
                    continue;
                }
                if key < last || !key.starts_with(&begin) {
                    return Err(self.nonsense(&what, "a listing that is out of order"));
                }
                let name = key.strip_prefix(&base).unwrap_or_default();
                if check_name(name).is_ok() {
                    each(&Entry { name: name.to_owned(), len })?;
                }
                last = key;
            }
            match page.next {
                None => return Ok(()),
                next if next == token || empty > EMPTY_PAGES_MAX => {
                    return Err(self.nonsense(&what, "a listing without an end"));
                }
                next => token = next,
            }
        }
    }

    /// A page, tried again while that may help: what was listed before it is not asked for again.
    fn page_again(&self, what: &str, begin: &str, token: Option<&str>) -> Result<Page> {
        let mut failed = 0;
        loop {
            match self.page(what, begin, token, S3_PAGE_OBJECTS) {
                Err(err) if failed + 1 < S3_PAGE_TRIES_MAX && retry::may_pass(err.kind) => {
                    (self.sleep)(retry::wait(err.kind, failed));
                    failed += 1;
                }
                done => return done,
            }
        }
    }

    /// One page, asked for once.
    pub(super) fn page(&self, what: &str, begin: &str, token: Option<&str>, objects: usize) -> Result<Page> {
        let token = token.map(|token| format!("continuation-token={}&", encode(token.as_bytes(), b"")));
        let query = format!(
            "{}encoding-type=url&list-type=2&max-keys={objects}&prefix={}",
            token.unwrap_or_default(),
            encode(begin.as_bytes(), b"")
        );
        let bytes = S3_PAGE_BYTES_MAX;
        let ask = Ask { what: what.to_owned(), method: "GET", key: "", query: &query, headers: &[], body: None, bytes };
        let mut answer = match self.http.ask(&ask)? {
            Ok(answer) => answer,
            Err(refused) => return Err(self.http.error(&ask, &refused)),
        };
        let body = answer.body_mut().as_reader().take(S3_PAGE_BYTES_MAX);
        let mut body = BufReader::with_capacity(S3_BUFFER_BYTES, body);
        let page = page::read(&mut body).map_err(|why| self.nonsense(what, &format!("no listing: {why}")));
        drain(body);
        page
    }
}
