//! Google's Cloud Storage.
//!
//! Objects are put and got by its XML interface, which compares the sum of what arrives as S3 does; what says something about
//! them comes from the JSON one, <https://cloud.google.com/storage/docs/json_api/v1/objects>, whose listings need no token of
//! another kind.

use std::io::{BufRead, Read};

use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use super::access::Keys;
use super::dialect::{Dialect, Formed, Query};
use super::http::Ask;
use super::limits::BUCKET_REFUSAL_BYTES_MAX;
use super::page::{Object, Page};
use super::time::Stamp;
use crate::BucketUrl;
use crate::url::percent::encode;

/// A bucket.
pub(super) struct Google {
    host: String,
    bucket: String,
}

impl Google {
    pub(super) fn new(url: &BucketUrl) -> Self {
        Self { host: url.authority(), bucket: url.bucket.clone() }
    }
}

impl Dialect for Google {
    fn form(&self, ask: &Ask<'_>, _: &str, _: u64, keys: &Keys, _: &Stamp) -> Formed {
        let (bucket, key) = (&self.bucket, encode(ask.key.as_bytes(), b""));
        let (method, path) = match ask.method {
            "HEAD" => ("GET", format!("/storage/v1/b/{bucket}/o/{key}")),
            "DELETE" => ("DELETE", format!("/storage/v1/b/{bucket}/o/{key}")),
            method if ask.key.is_empty() => (method, format!("/storage/v1/b/{bucket}/o")),
            method => (method, format!("/{bucket}/{}", ask.key)),
        };
        let mut headers = ask.headers.to_vec();
        headers.extend(keys.token.as_ref().map(|token| ("authorization", format!("Bearer {}", **token))));
        Formed { method, host: self.host.clone(), path, headers }
    }

    fn only_new(&self) -> (&'static str, &'static str) {
        ("x-goog-if-generation-match", "0")
    }

    fn listing(&self, begin: &str, token: Option<&str>, objects: usize) -> Query {
        let mut query = vec![("fields", "nextPageToken,items(name,size)".to_owned())];
        query.push(("maxResults", objects.to_string()));
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        query.push(("prefix", begin.to_owned()));
        query
    }

    fn page(&self, from: &mut dyn BufRead) -> Result<Page, String> {
        let said: Value = serde_json::from_reader(from).map_err(|err| err.to_string())?;
        let mut page = Page { objects: Vec::new(), next: said["nextPageToken"].as_str().map(str::to_owned) };
        for item in said["items"].as_array().into_iter().flatten() {
            let name = item["name"].as_str().ok_or("an object has no name")?;
            page.objects.push(Object::new(name.to_owned(), length(item).ok_or("a length is no number")?));
        }
        page.checked()
    }

    fn length(&self, answer: &mut Response<Body>) -> Option<u64> {
        length(&serde_json::from_reader(answer.body_mut().as_reader().take(BUCKET_REFUSAL_BYTES_MAX)).ok()?)
    }
}

/// As Google writes what may have 64 bits.
fn length(of: &Value) -> Option<u64> {
    of["size"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn google() -> Google {
        Google { host: "h".to_owned(), bucket: "nas".to_owned() }
    }

    #[test]
    fn where_things_are() {
        let keys = Keys { token: Some("t".to_owned().into()), ..Keys::default() };
        for (method, key, sent, path) in [
            ("HEAD", "a/b", "GET", "/storage/v1/b/nas/o/a%2Fb"),
            ("DELETE", "a/b", "DELETE", "/storage/v1/b/nas/o/a%2Fb"),
            ("GET", "", "GET", "/storage/v1/b/nas/o"),
            ("GET", "a/b", "GET", "/nas/a/b"),
            ("PUT", "a/b", "PUT", "/nas/a/b"),
        ] {
            let formed = google().form(&Ask::of("x", method, key), "", 0, &keys, &Stamp::of(0));
            assert_eq!((formed.method, &*formed.path), (sent, path));
            assert_eq!(formed.headers, [("authorization", "Bearer t".to_owned())]);
        }
    }

    #[test]
    fn pages() {
        let of = |text: &str| google().page(&mut text.as_bytes());
        let page = of(r#"{"kind":"x","items":[{"name":"a/b","size":"7"}],"nextPageToken":"t"}"#);
        assert_eq!(page, Ok(Page { objects: vec![Object::new("a/b".to_owned(), 7)], next: Some("t".to_owned()) }));
        assert_eq!(of("{}"), Ok(Page::default()));
        for bad in
            ["", "[", "<x/>", r#"{"items":[{"name":"a"}]}"#, r#"{"items":[{"size":"1"}]}"#, r#"{"nextPageToken":""}"#]
        {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
