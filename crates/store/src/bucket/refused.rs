//! What a server refuses, and what that means to a caller.

use std::io::Read;

use ureq::Body;
use ureq::http::Response;

use super::limits::{BUCKET_REFUSAL_BYTES_MAX, BUCKET_WORDS_CHARS_MAX};
use super::xml;
use crate::plain::plain;
use crate::{Error, Kind};

/// A request that was answered, and not with what was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused {
    pub(super) status: u16,
    /// `NoSuchKey`; empty where the server says none, as it does when it is asked for headers alone.
    pub(super) code: String,
    message: String,
    /// Where the bucket is, if the server says that it is elsewhere.
    pub(super) region: Option<String>,
    /// What the server's clock says.
    date: Option<String>,
}

impl Refused {
    /// Reads what there is of it. Whatever cannot be read leaves the status, which is enough.
    pub(super) fn read(mut answer: Response<Body>) -> Self {
        let header = |name: &str| answer.headers().get(name).map(|value| words(value.as_bytes()));
        let mut refused = Self {
            status: answer.status().as_u16(),
            region: header("x-amz-bucket-region"),
            date: header("date"),
            code: header("x-ms-error-code").unwrap_or_default(),
            ..Self::default()
        };
        let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let mut body = Vec::new();
        let _ = answer.body_mut().as_reader().take(BUCKET_REFUSAL_BYTES_MAX).read_to_end(&mut body);
        if is_json {
            let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            refused.message = words(&text);
        }
        let _ = xml::read(&*body, &mut |path, text| {
            match path.last().map(String::as_str) {
                Some("Code") => refused.code = words(text.as_bytes()),
                Some("Message") => refused.message = words(text.as_bytes()),
                Some("Region") => refused.region = Some(words(text.as_bytes())),
                _ => {}
            }
            Ok(())
        });
        refused
    }

    /// Only where `header` was asked for and nothing else.
    pub(super) fn is_absent(&self) -> bool {
        ["NoSuchKey", "BlobNotFound"].contains(&self.code.as_str()) || (self.status == 404 && self.code.is_empty())
    }

    /// The name is taken.
    pub(super) fn exists(&self) -> bool {
        self.status == 412 || ["PreconditionFailed", "BlobAlreadyExists"].contains(&self.code.as_str())
    }

    /// Another request of the same name was under way.
    pub(super) fn crossed(&self) -> bool {
        self.status == 409 && ["ConditionalRequestConflict", "OperationAborted", ""].contains(&self.code.as_str())
    }

    /// A header that the server does not know how to obey.
    pub(super) fn not_implemented(&self) -> bool {
        self.status == 501 || self.code == "NotImplemented"
    }

    /// The region that the request should have been signed for.
    pub(super) fn other_region(&self) -> Option<&str> {
        let codes = ["AuthorizationHeaderMalformed", "IncorrectRegion", "InvalidRegion"];
        self.region.as_deref().filter(|region| codes.contains(&self.code.as_str()) && !region.is_empty())
    }

    /// A listing is not there: then the bucket is not, and not all servers say so.
    pub(super) fn of_bucket(mut self) -> Self {
        if self.status == 404 && self.code.is_empty() {
            "NoSuchBucket".clone_into(&mut self.code);
        }
        self
    }

    /// Keys that had an end, or were taken back.
    #[cfg(feature = "cloud")]
    pub(super) fn of_keys(&self) -> bool {
        self.status == 401 || ["ExpiredToken", "InvalidToken", "AuthenticationFailed"].contains(&self.code.as_str())
    }

    /// For a caller: `what` was tried on `place`.
    pub(super) fn error(&self, what: &str, place: &str, stamp: &str) -> Error {
        let (kind, why) = self.meaning(stamp);
        Error::new(kind, format!("{what} in {place}: {why}"))
    }

    fn meaning(&self, stamp: &str) -> (Kind, String) {
        if let Some((_, kind, says)) = MEANINGS.iter().find(|(code, ..)| *code == self.code) {
            let region = self.region.as_deref().unwrap_or("not said");
            let date = self.date.as_deref().unwrap_or("not said");
            return (*kind, says.replace("{region}", region).replace("{date}", date).replace("{here}", stamp));
        }
        let kind = match self.status {
            404 => Kind::NotFound,
            416 => Kind::Truncated,
            429 | 503 => Kind::Busy,
            507 => Kind::Full,
            408 | 409 | 425 | 500.. => Kind::Io,
            301 | 302 | 303 | 307 | 308 => {
                return (
                    Kind::Denied,
                    "the server sends elsewhere, which is not followed; name the right server".to_owned(),
                );
            }
            _ => Kind::Denied,
        };
        let said = [self.code.as_str(), self.message.as_str()].map(str::to_owned);
        let said: Vec<String> = said.into_iter().filter(|text| !text.is_empty()).collect();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) };
        (kind, format!("the server answers {}{said}", self.status))
    }
}

/// The server's own words, few of them and in one line.
fn words(said: &[u8]) -> String {
    plain(said).chars().take(BUCKET_WORDS_CHARS_MAX).collect()
}

const DENIED: &str = "the server denies it to this key; give the key the right there (docs/stores.md)";
const LOCKED: &str = "the object is locked there until its retention ends; nothing but time removes it";
const PATIENCE: &str = "the server asks for patience";

/// What codes mean; others go by their status. `{here}` is this machine's time, `{date}` the server's.
const MEANINGS: &[(&str, Kind, &str)] = &[
    ("NoSuchKey", Kind::NotFound, "there is no such object"),
    ("NoSuchBucket", Kind::BadName, "there is no such bucket; make it there, or name another"),
    ("InvalidBucketName", Kind::BadName, "the server knows no buckets of such a name; name another"),
    ("AccessDenied", Kind::Denied, DENIED),
    ("AllAccessDisabled", Kind::Denied, "the server denies it to everybody; look there why"),
    ("InvalidAccessKeyId", Kind::Denied, "the server knows no such access key; look whether it was copied whole"),
    (
        "SignatureDoesNotMatch",
        Kind::Denied,
        "the server makes another signature; look whether the secret key was copied whole, and whether the region is the server's",
    ),
    (
        "RequestTimeTooSkewed",
        Kind::Denied,
        "the clocks differ too much: here it is {here}, there {date}; set this machine's clock",
    ),
    (
        "RequestExpired",
        Kind::Denied,
        "the clocks differ too much: here it is {here}, there {date}; set this machine's clock",
    ),
    ("ExpiredToken", Kind::Denied, "the session of these credentials is over; get others"),
    ("InvalidToken", Kind::Denied, "the server does not know the session of these credentials; get others"),
    (
        "AuthorizationHeaderMalformed",
        Kind::Denied,
        "the request was for another region (the server's: {region}); write it as \"region\" in the file of credentials",
    ),
    (
        "PermanentRedirect",
        Kind::Denied,
        "the bucket is in another region ({region}), which has a server of its own; name that one",
    ),
    (
        "TemporaryRedirect",
        Kind::Denied,
        "the bucket is in another region ({region}), which has a server of its own; name that one",
    ),
    ("SlowDown", Kind::Busy, PATIENCE),
    ("ServiceUnavailable", Kind::Busy, PATIENCE),
    ("TooManyRequests", Kind::Busy, PATIENCE),
    ("RequestLimitExceeded", Kind::Busy, PATIENCE),
    ("BadDigest", Kind::Io, "the bytes were changed on their way"),
    ("XAmzContentSHA256Mismatch", Kind::Io, "the bytes were changed on their way"),
    ("RequestTimeout", Kind::Io, "the server waited too long for the bytes"),
    ("QuotaExceeded", Kind::Full, "its quota is reached"),
    ("XMinioStorageFull", Kind::Full, "its disks are full"),
    ("ContainerNotFound", Kind::BadName, "there is no such container; make it there, or name another"),
    ("InvalidResourceName", Kind::BadName, "the server knows no containers of such a name; name another"),
    ("BlobNotFound", Kind::NotFound, "there is no such object"),
    (
        "AuthenticationFailed",
        Kind::Denied,
        "the server makes another signature; look whether key or signature were copied whole and still hold, and whether the clocks agree: here it is {here}, there {date}",
    ),
    ("AuthorizationFailure", Kind::Denied, DENIED),
    ("AuthorizationPermissionMismatch", Kind::Denied, DENIED),
    ("InsufficientAccountPermissions", Kind::Denied, DENIED),
    ("AccountIsDisabled", Kind::Denied, "the account is switched off; look there why"),
    ("BlobImmutableDueToPolicy", Kind::Denied, LOCKED),
    ("ServerBusy", Kind::Busy, PATIENCE),
    ("ContainerBeingDeleted", Kind::Busy, "the container is being deleted; wait until it is, and make it again"),
    ("OperationTimedOut", Kind::Io, "the server waited too long for its own disks"),
    ("Md5Mismatch", Kind::Io, "the bytes were changed on their way"),
    ("InvalidObjectState", Kind::Denied, "the object is archived; have it restored there"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(status: u16, body: &'static str) -> Refused {
        let answer = Response::builder().status(status).header("date", "Fri, 24 May 2013 00:00:00 GMT");
        Refused::read(answer.body(Body::builder().data(body)).unwrap())
    }

    fn code(code: &str) -> String {
        format!("<Error><Code>{code}</Code><Message>m\u{1b}[2J</Message><Region>eu-x</Region></Error>")
    }

    #[test]
    fn kinds_and_words() {
        for (status, name, kind, said) in [
            (404, "NoSuchKey", Kind::NotFound, "no such object"),
            (404, "NoSuchBucket", Kind::BadName, "no such bucket; make it"),
            (404, "", Kind::NotFound, "answers 404"),
            (403, "AccessDenied", Kind::Denied, "give the key the right"),
            (403, "SignatureDoesNotMatch", Kind::Denied, "secret key"),
            (403, "RequestTimeTooSkewed", Kind::Denied, "here it is now, there Fri, 24 May 2013"),
            (400, "AuthorizationHeaderMalformed", Kind::Denied, "the server's: eu-x"),
            (301, "PermanentRedirect", Kind::Denied, "(eu-x)"),
            (307, "", Kind::Denied, "not followed"),
            (503, "SlowDown", Kind::Busy, "patience"),
            (503, "", Kind::Busy, "503"),
            (429, "Odd", Kind::Busy, "429: Odd, m?[2J"),
            (500, "InternalError", Kind::Io, "InternalError"),
            (502, "", Kind::Io, "502"),
            (400, "BadDigest", Kind::Io, "on their way"),
            (507, "", Kind::Full, "507"),
            (400, "Odd", Kind::Denied, "400: Odd"),
            (200, "", Kind::Denied, "200"),
        ] {
            let body: &'static str = if name.is_empty() { "" } else { code(name).leak() };
            let err = of(status, body).error("read a", "s3://x", "now");
            assert!(err.kind == kind && err.text.contains(said), "{status} {name}: {err:?}");
            assert!(err.text.starts_with("read a in s3://x: ") && !err.text.contains('\u{1b}'), "{err}");
        }
    }

    #[test]
    fn what_a_request_may_do_about_it() {
        assert!(of(404, "").is_absent() && of(404, code("NoSuchKey").leak()).is_absent());
        assert!(!of(404, code("NoSuchBucket").leak()).is_absent() && !of(403, "").is_absent());
        assert!(of(412, "").exists() && !of(200, "").exists());
        assert!(
            of(409, code("ConditionalRequestConflict").leak()).crossed()
                && !of(409, code("BucketNotEmpty").leak()).crossed()
        );
        assert!(of(501, "").not_implemented());
        assert_eq!(of(400, code("AuthorizationHeaderMalformed").leak()).other_region(), Some("eu-x"));
        assert_eq!(of(403, code("AccessDenied").leak()).other_region(), None);
    }

    #[test]
    fn a_server_that_says_much_is_heard_in_part() {
        let long = format!("<Error><Code>{}</Code></Error>", "x".repeat(100_000));
        let refused = of(400, long.leak());
        assert!(refused.code.len() <= BUCKET_WORDS_CHARS_MAX && refused.error("a", "b", "c").text.len() < 500);
    }
}
