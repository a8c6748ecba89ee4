//! `s3://HOST[:PORT]/BUCKET[/PREFIX]`, and `s3+http://…` for servers without TLS.

use std::fmt;

use super::host::host_and_port;
use crate::name::is_component;

const FORM: &str = "s3://HOST/BUCKET/PREFIX";

/// Longest prefix; with an object's name it stays below the 1,024 bytes that a key may have.
const PREFIX_BYTES_MAX: usize = 512;

/// A part of a bucket of a server that speaks as S3 does. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Url {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The server: a name, or an address without brackets.
    pub host: String,
    /// Without, 443, or 80 without TLS.
    pub port: Option<u16>,
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with, without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
}

impl S3Url {
    /// Reads what stands behind `s3://`.
    pub(super) fn parse(rest: &str, tls: bool) -> Result<Self, String> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(
                "credentials in a URL are seen by everybody; give --s3-credentials-file FILE in their place".to_owned()
            );
        }
        let (host, port) = host_and_port(authority, FORM)?;
        if port.is_none() && !host.contains(['.', ':']) && host != "localhost" {
            return Err(format!(
                "the server stands before the bucket, as in s3://s3.eu-central-1.amazonaws.com/{host}; a server that is called {host:?} is written {host}:443"
            ));
        }
        if host.contains('%') {
            return Err("an address with a zone is not understood here; give the server a name".to_owned());
        }
        let path = path.trim_end_matches('/');
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        Ok(Self { tls, host, port, bucket: bucket_of(bucket)?, prefix: prefix_of(prefix)? })
    }

    /// The same with `name` below its prefix.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { prefix: self.key(name), ..self.clone() }
    }

    /// An object's key in the bucket, or what the keys of many begin with.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// `HOST[:PORT]`, as it stands in a URL.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "s3" } else { "s3+http" };
        write!(f, "{scheme}://{}/{}", self.authority(), self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// As servers name them; some allow more than Amazon does.
fn bucket_of(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text.is_empty() {
        return Err(format!("it names no bucket; write {FORM}"));
    }
    let good = (3..=63).contains(&text.len()) && !text.starts_with(['.', '-']) && text.bytes().all(plain);
    if good { Ok(text.to_owned()) } else { Err(format!("{text:?} is no name of a bucket")) }
}

fn prefix_of(text: &str) -> Result<String, String> {
    if text.len() > PREFIX_BYTES_MAX {
        return Err(format!("what stands behind the bucket has more than {PREFIX_BYTES_MAX} characters"));
    }
    match text.split('/').find(|part| !is_component(part.as_bytes())) {
        Some(part) if !text.is_empty() => Err(format!(
            "{part:?} cannot stand behind the bucket; use letters, digits, \".\", \"_\" and \"-\", with no dot at the beginning"
        )),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood() {
        for (text, authority, bucket, prefix) in [
            ("s3.eu-central-1.amazonaws.com/nas-1", "s3.eu-central-1.amazonaws.com", "nas-1", ""),
            ("s3.example.org:9000/bucket/nas/", "s3.example.org:9000", "bucket", "nas"),
            ("localhost/my.bucket/a/b.c", "localhost", "my.bucket", "a/b.c"),
            ("minio:443/bucket/", "minio:443", "bucket", ""),
            ("[2001:db8::1]:9000/bucket/x", "[2001:db8::1]:9000", "bucket", "x"),
        ] {
            let url = S3Url::parse(text, true).unwrap();
            assert_eq!((&*url.authority(), &*url.bucket, &*url.prefix), (authority, bucket, prefix), "{text}");
            assert_eq!(url.to_string(), format!("s3://{}", text.trim_end_matches('/')));
        }
        let url = S3Url::parse("127.0.0.1:5000/bucket", false).unwrap();
        assert_eq!(url.to_string(), "s3+http://127.0.0.1:5000/bucket");
        assert_eq!((url.key("data/a"), url.below("x").key("data/a")), ("data/a".to_owned(), "x/data/a".to_owned()));
    }

    #[test]
    fn what_is_refused() {
        for (text, said) in [
            ("", "no host"),
            ("/bucket", "no host"),
            ("mybucket/nas", "s3.eu-central-1.amazonaws.com/mybucket"),
            ("AKIA:secret@s3.example.org/bucket", "--s3-credentials-file"),
            ("s3.example.org", "no bucket"),
            ("s3.example.org/", "no bucket"),
            ("s3.example.org/ab", "no name of a bucket"),
            ("s3.example.org/.abc", "no name of a bucket"),
            ("s3.example.org/a%20b", "no name of a bucket"),
            ("s3.example.org/bucket//x", "cannot stand behind"),
            ("s3.example.org/bucket/a/../b", "cannot stand behind"),
            ("s3.example.org/bucket/a b", "cannot stand behind"),
            ("s3.example.org/bucket/x?region=y", "cannot stand behind"),
            ("s3.example.org:0/bucket", "no port"),
            ("2001:db8::1/bucket", "as in s3://[2001:db8::1]/path"),
            ("[fe80::1%25eth0]/bucket", "zone"),
        ] {
            let why = S3Url::parse(text, true).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        let long = format!("s3.example.org/bucket/{}", "a/".repeat(300));
        assert!(S3Url::parse(&long, true).unwrap_err().contains("more than 512"));
    }
}
