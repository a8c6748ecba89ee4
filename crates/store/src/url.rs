//! Where a store is, as people write it: a folder, or a URL. The only place that reads one.

mod host;
pub(crate) mod percent;
mod s3;
mod sftp;

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

pub use s3::S3Url;
pub use sftp::SftpUrl;

/// Kinds of stores that have their place and are not there yet.
const TO_COME: [&str; 2] = ["az", "gs"];

/// What is known, for whoever wrote something else.
const KNOWN: &str = "name a folder, sftp://USER@HOST:PORT/PATH, or s3://HOST/BUCKET/PREFIX";

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of a machine that is reached by SSH.
    Sftp(SftpUrl),
    /// A part of a bucket of a server that speaks as S3 does.
    S3(S3Url),
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
            "s3" => S3Url::parse(rest, true).map(Self::S3),
            "s3+http" => S3Url::parse(rest, false).map(Self::S3),
            "s3+https" => Err("s3:// is over TLS already; write that".to_owned()),
            other if TO_COME.contains(&other) => Err(format!("this version knows no \"{other}\" stores yet; {KNOWN}")),
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
            Self::Sftp(_) | Self::S3(_) => None,
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Sftp(url) => url.fmt(f),
            Self::S3(url) => url.fmt(f),
        }
    }
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
            ("s3+https://h.x/bucket", "write that"),
            ("az://container/x", "no \"az\" stores yet; name a folder, sftp://"),
            ("az://container", "no \"az\" stores yet"),
            ("GS://bucket", "no \"gs\" stores yet"),
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
