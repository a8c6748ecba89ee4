//! Where a service is asked.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};
use ureq::http::Uri;

/// An address that begins with `https://`, or with `http://` on this machine: keys travel to it. No query, no password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// All of it, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it is encrypted, and by its name nobody of this house.
    pub(crate) fn is_public(&self) -> bool {
        self.is_tls() && self.0.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_public))
    }

    /// Whether it is this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.0.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_local))
    }
}

/// Whether it is a name that means something elsewhere too, and no address.
fn is_public(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.parse::<IpAddr>().is_err() && bare.contains('.') && !bare.ends_with(".local") && !bare.ends_with(".localhost")
}

fn is_local(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "this is no address; write https://host, with a port and a path if need be";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let authority = uri.authority().ok_or(wrong)?;
        let odd = authority.host().is_empty() || authority.as_str().contains('@');
        if odd || uri.query().is_some() || text.contains('#') {
            return Err(wrong);
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_local(authority.host()) => {}
            Some("http") => return Err("keys do not travel in clear: write https://"),
            _ => return Err(wrong),
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Without the path.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
    fn keys_travel_encrypted_or_not_at_all() {
        let parse = |text: &str| text.parse::<Address>();
        for good in ["https://api.godaddy.com", "http://127.0.0.1:8080/x/", "http://[::1]", "http://localhost:1"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.godaddy.com",
            "http://api.godaddy.com",
            "http://localhost.example",
            "ftp://a",
            "https://",
            "https://u:p@a",
            "https://a?b=c",
            "https://a/#b",
            "https://a b",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let address = parse("https://a.example:1/b/c/").unwrap();
        assert_eq!(
            (address.as_str(), address.to_string().as_str()),
            ("https://a.example:1/b/c", "https://a.example:1")
        );
    }
}
