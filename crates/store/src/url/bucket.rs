//! `s3://HOST[:PORT]/BUCKET[/PREFIX]`, `az://ACCOUNT/CONTAINER[/PREFIX]`, `gs://BUCKET[/PREFIX]`; with `+http` for servers
//! without TLS.

use std::fmt;

use super::host::host_and_port;
use crate::name::is_component;

/// Longest prefix; with an object's name it stays below the 1,024 bytes that a key may have.
const PREFIX_BYTES_MAX: usize = 512;

/// Where accounts have their servers, and buckets theirs, if nothing else is said.
const AZURE: &str = "blob.core.windows.net";
const GOOGLE: &str = "storage.googleapis.com";

/// What a server is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// As Amazon's S3.
    S3,
    /// As Azure's Blob Storage.
    Azure,
    /// As Google's Cloud Storage.
    Google,
}

impl Service {
    fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }

    fn form(self) -> &'static str {
        match self {
            Self::S3 => "s3://HOST/BUCKET/PREFIX",
            Self::Azure => "az://ACCOUNT/CONTAINER/PREFIX",
            Self::Google => "gs://BUCKET/PREFIX",
        }
    }
}

/// A part of a bucket of a server. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    /// What the server understands.
    pub service: Service,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The server: a name, or an address without brackets.
    pub host: String,
    /// Without, 443, or 80 without TLS.
    pub port: Option<u16>,
    /// Of Azure: whose containers these are.
    pub account: String,
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with, without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
}

impl BucketUrl {
    /// Reads what stands behind `s3://` and the like.
    pub(super) fn parse(service: Service, rest: &str, tls: bool) -> Result<Self, String> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(
                "credentials in a URL are seen by everybody; give --bucket-credentials-file FILE in their place"
                    .to_owned(),
            );
        }
        let (named, port) = host_and_port(authority, service.form())?;
        if named.contains('%') {
            return Err("an address with a zone is not understood here; give the server a name".to_owned());
        }
        let next = |path: &str| {
            let (first, rest) = path.split_once('/').unwrap_or((path, ""));
            (first.to_owned(), rest.to_owned())
        };
        let path = path.trim_end_matches('/');
        let (host, account, (bucket, prefix)) = match service {
            Service::S3 if port.is_none() && !named.contains(['.', ':']) && named != "localhost" => {
                return Err(format!(
                    "the server stands before the bucket, as in s3://s3.eu-central-1.amazonaws.com/{named}; a server that is called {named:?} is written {named}:443"
                ));
            }
            Service::S3 => (named, String::new(), next(path)),
            // Whoever names a port has a server of their own, which has accounts in its paths, as emulators have.
            Service::Azure if port.is_some() => {
                let (account, path) = next(path);
                (named, account, next(&path))
            }
            Service::Azure => {
                let account = named.split('.').next().unwrap_or_default().to_owned();
                (if named.contains('.') { named } else { format!("{named}.{AZURE}") }, account, next(path))
            }
            Service::Google if port.is_some() => (named, String::new(), next(path)),
            Service::Google => (GOOGLE.to_owned(), String::new(), (named, path.to_owned())),
        };
        let odd = account.is_empty() || !account.bytes().all(|b| b.is_ascii_alphanumeric());
        if service == Service::Azure && odd {
            return Err(format!("{account:?} is no name of an account; write {}", service.form()));
        }
        let bucket = bucket_of(&bucket, service)?;
        Ok(Self { service, tls, host, port, account, bucket, prefix: prefix_of(&prefix)? })
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

    /// `HOST[:PORT]`, as it stands in a request.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}://", self.service.scheme(), if self.tls { "" } else { "+http" })?;
        match (self.service, self.port) {
            (Service::Google, None) => {}
            (Service::Azure, Some(_)) => write!(f, "{}/{}/", self.authority(), self.account)?,
            (Service::Azure, None) if self.host.strip_prefix(&self.account) == Some(&format!(".{AZURE}")) => {
                write!(f, "{}/", self.account)?;
            }
            _ => write!(f, "{}/", self.authority())?,
        }
        f.write_str(&self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// As servers name them; some allow more than Amazon does.
fn bucket_of(text: &str, service: Service) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text.is_empty() {
        return Err(format!("it names no bucket; write {}", service.form()));
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
            let url = BucketUrl::parse(Service::S3, text, true).unwrap();
            assert_eq!((&*url.authority(), &*url.bucket, &*url.prefix), (authority, bucket, prefix), "{text}");
            assert_eq!(url.to_string(), format!("s3://{}", text.trim_end_matches('/')));
        }
        let url = BucketUrl::parse(Service::S3, "127.0.0.1:5000/bucket", false).unwrap();
        assert_eq!(url.to_string(), "s3+http://127.0.0.1:5000/bucket");
        assert_eq!((url.key("data/a"), url.below("x").key("data/a")), ("data/a".to_owned(), "x/data/a".to_owned()));
    }

    #[test]
    fn what_is_refused() {
        for (text, said) in [
            ("", "no host"),
            ("/bucket", "no host"),
            ("mybucket/nas", "s3.eu-central-1.amazonaws.com/mybucket"),
            ("AKIA:secret@s3.example.org/bucket", "--bucket-credentials-file"),
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
            let why = BucketUrl::parse(Service::S3, text, true).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        let long = format!("s3.example.org/bucket/{}", "a/".repeat(300));
        assert!(BucketUrl::parse(Service::S3, &long, true).unwrap_err().contains("more than 512"));
    }

    #[test]
    fn accounts_and_buckets_of_other_services() {
        for (service, tls, text, [host, account, bucket, prefix], shown) in [
            (Service::Azure, true, "acc1/nas", ["acc1.blob.core.windows.net", "acc1", "nas", ""], "az://acc1/nas"),
            (
                Service::Azure,
                true,
                "acc1.blob.core.chinacloudapi.cn/nas/a/",
                ["acc1.blob.core.chinacloudapi.cn", "acc1", "nas", "a"],
                "az://acc1.blob.core.chinacloudapi.cn/nas/a",
            ),
            (
                Service::Azure,
                true,
                "acc1.blob.core.windows.net/nas",
                ["acc1.blob.core.windows.net", "acc1", "nas", ""],
                "az://acc1/nas",
            ),
            (
                Service::Azure,
                false,
                "127.0.0.1:10000/devstoreaccount1/nas/a/b",
                ["127.0.0.1:10000", "devstoreaccount1", "nas", "a/b"],
                "az+http://127.0.0.1:10000/devstoreaccount1/nas/a/b",
            ),
            (
                Service::Google,
                true,
                "my.bucket/a",
                ["storage.googleapis.com", "", "my.bucket", "a"],
                "gs://my.bucket/a",
            ),
            (
                Service::Google,
                false,
                "localhost:9023/nas/a",
                ["localhost:9023", "", "nas", "a"],
                "gs+http://localhost:9023/nas/a",
            ),
        ] {
            let url = BucketUrl::parse(service, text, tls).unwrap();
            let found = [&*url.authority(), &*url.account, &*url.bucket, &*url.prefix];
            assert_eq!((found, &*url.to_string()), ([host, account, bucket, prefix], shown), "{text}");
        }
        for (service, text, said) in [
            (Service::Azure, "acc-1/nas", "no name of an account; write az://ACCOUNT"),
            (Service::Azure, "acc1", "no bucket; write az://"),
            (Service::Azure, "127.0.0.1:10000/nas", "no bucket"),
            (Service::Azure, "acc1:key@x/nas", "--bucket-credentials-file"),
            (Service::Google, "", "no host; write gs://"),
            (Service::Google, "ab/x", "no name of a bucket"),
            (Service::Google, "localhost:9023", "no bucket"),
        ] {
            let why = BucketUrl::parse(service, text, true).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
    }
}
