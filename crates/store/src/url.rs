//! Where a store is, as people write it: a folder, or a URL. The only place that reads one.

mod bucket;
mod host;
pub(crate) mod percent;
mod sftp;

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

pub use bucket::{BucketUrl, Service};
pub use sftp::SftpUrl;

/// What is known, for whoever wrote something else.
const KNOWN: &str = "name a folder, sftp://USER@HOST:PORT/PATH, s3://HOST/BUCKET/PREFIX, az://ACCOUNT/CONTAINER/PREFIX, or gs://BUCKET/PREFIX";

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of a machine that is reached by SSH.
    Sftp(SftpUrl),
    /// A part of a bucket.
    Bucket(BucketUrl),
}

impl StoreUrl {
    /// Reads what a person wrote. What does not begin with a scheme and `://` is a folder, in any encoding.
    ///
    /// # Errors
    /// Why it names no store, in words that follow "cannot open repository X: ".
    pub fn parse(written: &OsStr) -> Result<Self, String> {
        if written.is_empty() {
            return Err(format!("nothing is named; {KNOWN}"));
        }
        let Some((scheme, rest)) = scheme(written.as_bytes()) else {
            return Ok(Self::Folder(PathBuf::from(written)));
        };
        let rest = std::str::from_utf8(rest).map_err(|_| "a URL is plain text; write other bytes as %XX".to_owned())?;
        match scheme.to_ascii_lowercase().as_str() {
            "sftp" => SftpUrl::parse(rest).map(Self::Sftp),
            "s3" => bucket(Service::S3, rest, true),
            "s3+http" => bucket(Service::S3, rest, false),
            "az" => bucket(Service::Azure, rest, true),
            "az+http" => bucket(Service::Azure, rest, false),
            "gs" => bucket(Service::Google, rest, true),
            "gs+http" => bucket(Service::Google, rest, false),
            "s3+https" | "az+https" | "gs+https" => Err("it is over TLS already; leave \"+https\" out".to_owned()),
            "ssh" | "scp" => Err("files are reached by SFTP; write sftp:// in its place".to_owned()),
            "file" => Err("a folder is written without \"file://\"".to_owned()),
            other => Err(format!("there are no \"{other}\" stores; {KNOWN}")),
        }
    }

    /// The folder, if it is one of this machine.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Sftp(_) | Self::Bucket(_) => None,
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Sftp(url) => url.fmt(f),
            Self::Bucket(url) => url.fmt(f),
        }
    }
}

fn bucket(service: Service, rest: &str, tls: bool) -> Result<StoreUrl, String> {
    BucketUrl::parse(service, rest, tls).map(StoreUrl::Bucket)
}

/// What stands before `://`, if that is a scheme (RFC 3986, 3.1), and what stands behind.
fn scheme(written: &[u8]) -> Option<(&str, &[u8])> {
    let at = written.windows(3).position(|three| three == b"://")?;
    let scheme = std::str::from_utf8(&written[..at]).ok()?;
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    good.then_some((scheme, &written[at + 3..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        StoreUrl::parse(OsStr::new(text)).map(|url| format!("{url:?}"))
    }

    #[test]
    fn what_has_no_scheme_is_a_folder() {
        for text in ["/mnt/usb/nas", "nas", "./a://b", "/a://b", "1a://b", "nas@host:/path", "sftp:/x"] {
            assert_eq!(StoreUrl::parse(OsStr::new(text)), Ok(StoreUrl::Folder(text.into())), "{text}");
        }
        let odd = OsStr::from_bytes(b"/mnt/\xff");
        assert_eq!(StoreUrl::parse(odd), Ok(StoreUrl::Folder(odd.into())));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (text, said) in [
            ("", "nothing is named"),
            ("s3://bucket/nas", "the server stands before the bucket"),
            ("s3+https://h.x/bucket", "leave \"+https\" out"),
            ("az://container", "names no bucket; write az://ACCOUNT/CONTAINER"),
            ("GS://a/b", "no name of a bucket"),
            ("http://host/x", "there are no \"http\" stores"),
            ("ssh://host/x", "write sftp://"),
            ("file:///x", "without \"file://\""),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert!(StoreUrl::parse(OsStr::from_bytes(b"sftp://h/\xff")).is_err());
    }
}
