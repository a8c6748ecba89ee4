//! One page of a listing (`ListObjectsV2`), as a server sends it.

use std::io::BufRead;

use super::limits::BUCKET_TOKEN_BYTES_MAX;
use super::xml;

/// What a page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// In the server's order.
    pub(super) objects: Vec<Object>,
    /// What the next page is asked for with.
    pub(super) next: Option<String>,
}

/// One of them, or where versions are listed one of its versions: of each key the newest comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) len: u64,
    /// What the server calls this version, if it has any.
    pub(super) version: String,
    /// Whether all that is older was deleted.
    pub(super) is_mark: bool,
}

impl Object {
    pub(super) fn new(key: String, len: u64) -> Self {
        Self { key, len, ..Self::default() }
    }
}

/// Reads a page that was asked for with `encoding-type=url`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(from: &mut dyn BufRead) -> Result<Page, String> {
    let mut page = Page::default();
    let (mut key, mut len, mut more) = (None, None, false);
    xml::read(from, &mut |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["ListBucketResult", "Contents", "Key"] => key = Some(decoded(text)),
            ["ListBucketResult", "Contents", "Size"] => {
                len = Some(text.trim().parse().map_err(|_| "a length is no number".to_owned())?);
            }
            ["ListBucketResult", "Contents"] => match (key.take(), len.take()) {
                (Some(key), Some(len)) => page.objects.push(Object::new(key, len)),
                _ => return Err("an object has no key or no length".to_owned()),
            },
            ["ListBucketResult", "IsTruncated"] => more = text.trim() == "true",
            ["ListBucketResult", "NextContinuationToken"] => page.next = Some(text.to_owned()),
            ["ListBucketResult"] => {}
            [other] => return Err(format!("it is a {other:?}")),
            _ => {}
        }
        Ok(())
    })?;
    if more && page.next.is_none() {
        return Err("it says that there is more, and not how that is asked for".to_owned());
    }
    let mut page = page.checked()?;
    page.next.take_if(|_| !more);
    Ok(page)
}

impl Page {
    /// The same, if the next one can be asked for.
    pub(super) fn checked(self) -> Result<Self, String> {
        match &self.next {
            Some(token) if token.is_empty() || token.len() > BUCKET_TOKEN_BYTES_MAX => {
                Err("its token is odd".to_owned())
            }
            _ => Ok(self),
        }
    }
}

/// What is percent-encoded in `text`. What is no text is left as it is, for no object of ours is called so.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.first_chunk::<2>().and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> Result<Page, String> {
        read(&mut format!("<ListBucketResult xmlns=\"x\">{inside}</ListBucketResult>").as_bytes())
    }

    #[test]
    fn pages() {
        let one = "<Contents><Key>a%2Fb&amp;</Key><Size>7</Size><Owner><ID>x</ID></Owner></Contents>";
        let page =
            of(&format!("<IsTruncated>true</IsTruncated>{one}<NextContinuationToken>t/=</NextContinuationToken>"));
        assert_eq!(page, Ok(Page { objects: vec![Object::new("a/b&".to_owned(), 7)], next: Some("t/=".to_owned()) }));
        let last =
            of(&format!("{one}<IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken>"));
        assert_eq!(last.map(|page| page.next), Ok(None));
        assert_eq!(of(""), Ok(Page::default()));
        for (encoded, plain) in [("%", "%"), ("a%2", "a%2"), ("%zz", "%zz"), ("%ff", "%ff"), ("%C3%A4", "ä")] {
            assert_eq!(decoded(encoded), plain);
        }
    }

    #[test]
    fn what_is_no_page() {
        for inside in [
            "<Contents><Key>a</Key></Contents>",
            "<Contents><Size>1</Size></Contents>",
            "<Contents><Key>a</Key><Size>-1</Size></Contents>",
            "<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents>",
            "<IsTruncated>true</IsTruncated>",
            "<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>",
        ] {
            assert!(of(inside).is_err(), "{inside}");
        }
        assert!(of(&format!("<NextContinuationToken>{}</NextContinuationToken>", "x".repeat(5000))).is_err());
        assert!(read(&mut b"<Error><Code>x</Code></Error>".as_slice()).is_err());
    }
}
