//! The string.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::{Code, HOST_BYTES_MAX, HOSTS_MAX, STRING_BYTES_MAX};

const PREFIX: &str = "atalaya1:";
/// The first byte of what follows the prefix.
const VERSION: u8 = 1;

/// Where the tower can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address; the tower's certificate is for it.
    pub name: String,
    /// Port of its broker, with TLS.
    pub broker: u16,
    /// Port of its pages, with TLS.
    pub web: u16,
}

impl Host {
    /// As it stands in a URL: addresses of IP version 6 in brackets.
    #[must_use]
    pub fn in_url(&self) -> String {
        if self.name.contains(':') { format!("[{}]", self.name) } else { self.name.clone() }
    }

    fn is_good(&self) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        let bytes = self.name.as_bytes();
        (1..=HOST_BYTES_MAX).contains(&bytes.len())
            && bytes.iter().all(|byte| fits(*byte))
            && self.broker != 0
            && self.web != 0
    }
}

/// What the string says.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// One to four, the most likely first.
    pub hosts: Vec<Host>,
    /// SHA-256 of the public key (`SubjectPublicKeyInfo`) that the tower's certificates go back to.
    pub ca: [u8; 32],
    /// Good once.
    pub code: Code,
}

/// The code lets anybody in who has it.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// Why a string is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It does not begin as one does.
    NoString,
    /// Something is missing, too much or mistyped.
    Mangled,
    /// A newer version made it.
    Newer,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoString => "this is no join string, which begins with \"atalaya1:\"",
            Self::Mangled => "this join string is not whole; copy all of it",
            Self::Newer => "a newer version made this join string; upgrade this program",
        })
    }
}

impl std::error::Error for Mistake {}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    hosts: heapless::Vec<(&'a str, u16, u16), HOSTS_MAX>,
    ca: [u8; 32],
    code: Code,
}

impl Invitation {
    /// As a person carries it. `None` if there is no address in it, too many, or one that is none.
    #[must_use]
    pub fn seal(&self) -> Option<String> {
        if self.hosts.is_empty() || !self.hosts.iter().all(Host::is_good) {
            return None;
        }
        let mut hosts = heapless::Vec::new();
        for host in &self.hosts {
            hosts.push((host.name.as_str(), host.broker, host.web)).ok()?;
        }
        let body = postcard::to_allocvec(&(VERSION, Body { hosts, ca: self.ca, code: self.code })).ok()?;
        Some(format!("{PREFIX}{}", BASE64.encode(body)))
    }
}

impl FromStr for Invitation {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let text = text.trim().strip_prefix(PREFIX).ok_or(Mistake::NoString)?;
        if text.len() > STRING_BYTES_MAX {
            return Err(Mistake::Mangled);
        }
        let bytes = BASE64.decode(text).map_err(|_| Mistake::Mangled)?;
        let (version, body) = bytes.split_first().ok_or(Mistake::Mangled)?;
        if *version != VERSION {
            return Err(if *version > VERSION { Mistake::Newer } else { Mistake::Mangled });
        }
        let (body, rest) = postcard::take_from_bytes::<Body<'_>>(body).map_err(|_| Mistake::Mangled)?;
        let host =
            |(name, broker, web): &(&str, u16, u16)| Host { name: (*name).to_owned(), broker: *broker, web: *web };
        let hosts: Vec<Host> = body.hosts.iter().map(host).collect();
        if !rest.is_empty() || hosts.is_empty() || !hosts.iter().all(Host::is_good) {
            return Err(Mistake::Mangled);
        }
        Ok(Self { hosts, ca: body.ca, code: body.code })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(name: &str) -> Host {
        Host { name: name.into(), broker: 8883, web: 8443 }
    }

    fn usual() -> Invitation {
        Invitation { hosts: vec![host("nas.lan"), host("192.168.1.20"), host("fd00::20")], ca: [7; 32], code: [9; 16] }
    }

    #[test]
    fn what_is_sealed_is_read_and_short_enough_to_paste() {
        let sealed = usual().seal().unwrap();
        assert!((120..=220).contains(&sealed.len()), "{} characters", sealed.len());
        assert_eq!(format!(" {sealed}\n").parse(), Ok(usual()));
        assert!(!format!("{:?}", usual()).contains("[9, 9"), "the code is a secret");
        let long = Invitation { hosts: vec![host(&"a".repeat(HOST_BYTES_MAX)); HOSTS_MAX], ..usual() };
        assert_eq!(long.seal().unwrap().parse(), Ok(long));
    }

    #[test]
    fn what_is_none_is_not_sealed() {
        for hosts in [vec![], vec![host("nas"); 5], vec![host("")], vec![host("a b")], vec![host("nas/x")]] {
            assert_eq!(Invitation { hosts, ..usual() }.seal(), None);
        }
        let closed = Host { web: 0, ..host("nas") };
        assert_eq!(Invitation { hosts: vec![closed], ..usual() }.seal(), None);
    }

    #[test]
    fn a_string_that_is_not_whole_is_refused() {
        let sealed = usual().seal().unwrap();
        for cut in 0..PREFIX.len() {
            assert_eq!(sealed[..cut].parse::<Invitation>(), Err(Mistake::NoString));
        }
        for cut in PREFIX.len()..sealed.len() {
            assert_eq!(sealed[..cut].parse::<Invitation>(), Err(Mistake::Mangled), "{cut}");
        }
        assert_eq!(format!("{sealed}AAAA").parse::<Invitation>(), Err(Mistake::Mangled));
        let sealed = |version: u8, body: &[u8]| format!("{PREFIX}{}", BASE64.encode([&[version], body].concat()));
        assert_eq!(sealed(2, b"whatever").parse::<Invitation>(), Err(Mistake::Newer));
        assert_eq!(sealed(1, &[0xff; 40]).parse::<Invitation>(), Err(Mistake::Mangled), "a length of exabytes");
        assert_eq!(format!("{PREFIX}{}", "A".repeat(1 << 20)).parse::<Invitation>(), Err(Mistake::Mangled));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = format!("{PREFIX}{}", BASE64.encode([&[1], &bytes[..]].concat()));
            if let Ok(read) = text.parse::<Invitation>() {
                prop_assert_eq!(read.seal().unwrap().parse(), Ok(read));
            }
        }
    }
}
