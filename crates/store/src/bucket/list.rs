//! Listing: one page at a time, which is read whole before anybody is told of it, so that no connection waits for a caller.

use std::io::{BufReader, Read};

use super::BucketStore;
use super::http::{Ask, drain};
use super::limits::{BUCKET_BUFFER_BYTES, BUCKET_PAGE_BYTES_MAX, BUCKET_PAGE_OBJECTS, BUCKET_PAGE_TRIES_MAX};
use super::page::{Object, Page};
use super::versions::Counts;
use crate::{Entry, Result, check_name, retry};

/// Pages without any object, one after another; some servers skip what was deleted so.
const EMPTY_PAGES_MAX: u32 = 1000;

impl BucketStore {
    /// Calls `each` for all objects below `prefix`, which is known to be good.
    pub(super) fn list_checked(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.objects(prefix, &mut |name, one| each(&Entry { name: name.to_owned(), len: one.len }))
    }

    /// Calls `each` with the name of each object and the version of it that counts. The order of keys is the server's promise,
    /// and who breaks it could go on for ever or leave something out.
    pub(super) fn objects(&self, prefix: &str, each: &mut dyn FnMut(&str, &Object) -> Result<()>) -> Result<()> {
        let (begin, base) = (self.http.url().key(prefix), self.http.url().key(""));
        let what = format!("list {prefix:?}");
        let (mut token, mut last, mut empty) = (None, String::new(), 0);
        let (mut counts, mut found) = (Counts::default(), None);
        let mut told = |found: Option<Object>| match &found {
            Some(one) => match one.key.strip_prefix(&base).filter(|name| check_name(name).is_ok()) {
                Some(name) => each(name, one),
                None => Ok(()),
            },
            None => Ok(()),
        };
        loop {
            let page = self.page_again(&what, &begin, token.as_deref(), BUCKET_PAGE_OBJECTS)?;
            empty = if page.objects.is_empty() { empty + 1 } else { 0 };
            for one in page.objects {
                if one.key < last || !one.key.starts_with(&begin) {
                    return Err(self.nonsense(&what, "a listing that is out of order"));
                }
                if one.key > last {
                    told(found.take())?;
                    counts = Counts::default();
                    one.key.clone_into(&mut last);
                }
                counts.add(&mut found, one);
            }
            match page.next {
                None => return told(found),
                next if next == token || empty > EMPTY_PAGES_MAX => {
                    return Err(self.nonsense(&what, "a listing without an end"));
                }
                next => token = next,
            }
        }
    }

    /// A page, tried again while that may help: what was listed before it is not asked for again.
    pub(super) fn page_again(&self, what: &str, begin: &str, token: Option<&str>, objects: usize) -> Result<Page> {
        let mut failed = 0;
        loop {
            match self.page(what, begin, token, objects) {
                Err(err) if failed + 1 < BUCKET_PAGE_TRIES_MAX && retry::may_pass(err.kind) => {
                    (self.sleep)(retry::wait(err.kind, failed));
                    failed += 1;
                }
                done => return done,
            }
        }
    }

    /// One page, asked for once.
    pub(super) fn page(&self, what: &str, begin: &str, token: Option<&str>, objects: usize) -> Result<Page> {
        let query = self.http.dialect().listing(begin, token, objects);
        let ask = Ask { query, bytes: BUCKET_PAGE_BYTES_MAX, ..Ask::of(what, "GET", "") };
        let mut answer = match self.http.ask(&ask)? {
            Ok(answer) => answer,
            Err(refused) => return Err(self.http.error(&ask, &refused)),
        };
        let body = answer.body_mut().as_reader().take(BUCKET_PAGE_BYTES_MAX);
        let mut body = BufReader::with_capacity(BUCKET_BUFFER_BYTES, body);
        let page =
            self.http.dialect().page(&mut body).map_err(|why| self.nonsense(what, &format!("no listing: {why}")));
        drain(body);
        page
    }
}
