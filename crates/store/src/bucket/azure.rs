//! Azure's Blob Storage: block blobs, each in one request.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>. Who has a shared access signature signs
//! nothing: it stands behind each request's path, and a token in its headers.

use std::io::BufRead;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::access::Keys;
use super::dialect::{Dialect, Formed, Query};
use super::http::Ask;
use super::page::{Object, Page};
use super::sign::mac;
use super::time::Stamp;
use super::xml;
use crate::BucketUrl;

/// The oldest that has all that is asked; emulators are years behind.
const VERSION: &str = "2021-12-02";

/// Those that are signed by their place and not by their name.
const PLACES: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// An account, and a container of it.
pub(super) struct Azure {
    host: String,
    account: String,
    /// `/CONTAINER`, and the account before it where that is not in the host's name.
    path: String,
}

impl Azure {
    pub(super) fn new(url: &BucketUrl) -> Self {
        let before = if url.port.is_some() { format!("/{}", url.account) } else { String::new() };
        Self { host: url.authority(), account: url.account.clone(), path: format!("{before}/{}", url.bucket) }
    }

    /// What is signed with the account's key.
    fn canonical(&self, formed: &Formed, query: &[(&'static str, String)]) -> String {
        let of = |name: &str| formed.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        let mut text = format!("{}\n", formed.method);
        for name in PLACES {
            text.push_str(if name == "content-length" && of(name) == "0" { "" } else { of(name) });
            text.push('\n');
        }
        let mut own: Vec<_> = formed.headers.iter().filter(|(name, _)| name.starts_with("x-ms-")).collect();
        own.sort();
        own.iter().for_each(|(name, value)| text.push_str(&format!("{name}:{value}\n")));
        text.push_str(&format!("/{}{}", self.account, formed.path));
        query.iter().for_each(|(name, value)| text.push_str(&format!("\n{name}:{value}")));
        text
    }
}

impl Dialect for Azure {
    fn form(&self, ask: &Ask<'_>, _: &str, len: u64, keys: &Keys, at: &Stamp) -> Formed {
        let slash = if ask.key.is_empty() { "" } else { "/" };
        let mut headers = ask.headers.to_vec();
        headers.push(("x-ms-date", at.for_people()));
        headers.push(("x-ms-version", VERSION.to_owned()));
        if ask.body.is_some() {
            headers.push(("x-ms-blob-type", "BlockBlob".to_owned()));
            headers.push(("content-length", len.to_string()));
        }
        let path = format!("{}{slash}{}", self.path, ask.key);
        let mut formed = Formed { method: ask.method, host: self.host.clone(), path, headers };
        if let Some(token) = &keys.token {
            formed.headers.push(("authorization", format!("Bearer {}", **token)));
        } else if keys.behind.is_none() {
            let text = self.canonical(&formed, &ask.query);
            let key = STANDARD.decode(&*keys.secret).unwrap_or_default();
            let signature = STANDARD.encode(mac(&key, &text));
            formed.headers.push(("authorization", format!("SharedKey {}:{signature}", self.account)));
        }
        formed
    }

    fn listing(&self, begin: &str, token: Option<&str>, objects: usize) -> Query {
        let mut query = vec![("comp", "list".to_owned())];
        query.extend(token.map(|token| ("marker", token.to_owned())));
        query.push(("maxresults", objects.to_string()));
        query.push(("prefix", begin.to_owned()));
        query.push(("restype", "container".to_owned()));
        query
    }

    fn page(&self, from: &mut dyn BufRead) -> Result<Page, String> {
        let (mut page, mut name, mut len) = (Page::default(), None, None);
        xml::read(from, &mut |path, text| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match path[..] {
                ["EnumerationResults", "Blobs", "Blob", "Name"] => name = Some(text.to_owned()),
                ["EnumerationResults", "Blobs", "Blob", "Properties", "Content-Length"] => {
                    len = Some(text.trim().parse().map_err(|_| "a length is no number".to_owned())?);
                }
                ["EnumerationResults", "Blobs", "Blob"] => match (name.take(), len.take()) {
                    (Some(name), Some(len)) => page.objects.push(Object::new(name, len)),
                    _ => return Err("a blob has no name or no length".to_owned()),
                },
                ["EnumerationResults", "NextMarker"] => page.next = Some(text.to_owned()),
                ["EnumerationResults"] => {}
                [other] => return Err(format!("it is a {other:?}")),
                _ => {}
            }
            Ok(())
        })?;
        page.next.take_if(|token| token.is_empty());
        page.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn azure() -> Azure {
        Azure { host: "h".to_owned(), account: "myaccount".to_owned(), path: "/mycontainer".to_owned() }
    }

    /// As the page above writes it: what has no value leaves its line, and a length of nothing too.
    #[test]
    fn what_is_signed() {
        let query = azure().listing("a/b", Some("m&1"), 5);
        let ask = Ask { query, headers: &[("range", "bytes=0-9".to_owned())], ..Ask::of("x", "GET", "") };
        let keys = Keys { secret: STANDARD.encode("key").into(), ..Keys::default() };
        let formed = azure().form(&ask, "", 0, &keys, &Stamp::of(1_435_361_400));
        let text = azure().canonical(&formed, &ask.query);
        let own = "x-ms-date:Fri, 26 Jun 2015 23:30:00 GMT\nx-ms-version:2021-12-02\n";
        let place = "/myaccount/mycontainer\ncomp:list\nmarker:m&1\nmaxresults:5\nprefix:a/b\nrestype:container";
        assert_eq!(text, format!("GET\n\n\n\n\n\n\n\n\n\n\nbytes=0-9\n{own}{place}"));
        let value = format!("SharedKey myaccount:{}", STANDARD.encode(mac(b"key", &text)));
        assert!(formed.headers.contains(&("authorization", value)));
    }

    #[test]
    fn who_signs_nothing() {
        let of = |keys| azure().form(&Ask::of("x", "GET", "a"), "", 0, &keys, &Stamp::of(0)).headers;
        let with = of(Keys { token: Some("t".to_owned().into()), ..Keys::default() });
        assert!(with.contains(&("authorization", "Bearer t".to_owned())));
        let behind = of(Keys { behind: Some("sig=s".to_owned().into()), ..Keys::default() });
        assert!(behind.iter().all(|(name, _)| *name != "authorization"));
    }

    #[test]
    fn pages() {
        let of =
            |inside: &str| azure().page(&mut format!("<EnumerationResults>{inside}</EnumerationResults>").as_bytes());
        let blob = |name: &str, len: &str| {
            format!(
                "<Blobs><Blob><Name>{name}</Name><Properties><Content-Length>{len}</Content-Length></Properties></Blob></Blobs>"
            )
        };
        let next = Some("m".to_owned());
        let page = of(&format!("{}<NextMarker>m</NextMarker>", blob("a&amp;b", "7")));
        assert_eq!(page, Ok(Page { objects: vec![Object::new("a&b".to_owned(), 7)], next }));
        assert_eq!(of("<Blobs/><NextMarker/>"), Ok(Page::default()));
        for bad in [blob("a", "-1"), "<Blobs><Blob><Name>a</Name></Blob></Blobs>".to_owned()] {
            assert!(of(&bad).is_err(), "{bad}");
        }
        assert!(of(&format!("<NextMarker>{}</NextMarker>", "x".repeat(5000))).is_err());
        assert!(azure().page(&mut b"<ListBucketResult/>".as_slice()).is_err());
    }
}
