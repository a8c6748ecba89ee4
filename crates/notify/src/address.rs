//! Addresses of HTTP services.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};
use ureq::http::Uri;

/// An address that begins with `http://` or `https://`. Shown without path and query, which may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With a path behind it.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}/{path}", self.0.trim_end_matches('/'))
    }

    /// Whether what is sent there is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether nobody between here and there can read it.
    pub(crate) fn is_private(&self) -> bool {
        self.is_tls() || self.0.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_local))
    }
}

/// Whether a host is this machine.
pub(crate) fn is_local(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "this is no address; write https://host or http://host, with a port and a path if need be";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let authority = uri.authority().ok_or(wrong)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || authority.host().is_empty() {
            return Err(wrong);
        }
        if authority.as_str().contains('@') {
            return Err("an address holds no password; there is a setting for it that ends with _file");
        }
        if text.contains('#') {
            return Err("an address of a service has no part behind a #");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        f.write_str(host.split('?').next().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}/…")
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_shown_without_their_path() {
        let good = [
            ("https://ntfy.sh", "https://ntfy.sh"),
            ("http://10.0.0.2:8080/gotify/?x=secret", "http://10.0.0.2:8080"),
            ("https://[::1]/hook/secret", "https://[::1]"),
            ("https://a?secret", "https://a"),
        ];
        for (text, shown) in good {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.as_str(), address.to_string().as_str()), (text, shown));
            assert!(!format!("{address:?}").contains("secret"));
        }
        for bad in [
            "",
            "ntfy.sh",
            "ftp://a",
            "https://",
            "https://a b",
            "https://u:p@a",
            "file:///a",
            "https://a/#b",
            "https://a\r\nb",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_put_behind_whatever_stands_there() {
        let join = |text: &str| text.parse::<Address>().unwrap().join("message");
        assert_eq!((join("http://a"), join("http://a/b/")), ("http://a/message".into(), "http://a/b/message".into()));
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        let private = |text: &str| text.parse::<Address>().unwrap().is_private();
        assert!(
            private("https://a")
                && private("http://127.0.0.1:1")
                && private("http://[::1]")
                && private("http://localhost")
        );
        assert!(!private("http://a") && !private("http://localhost.example"));
    }
}
