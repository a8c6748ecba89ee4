//! The request: both families at once, over TLS only, with the name of this program.

use std::net::{Ipv4Addr, Ipv6Addr};

use zeroize::Zeroizing;

/// What No-IP wants to know of a client: who made it, which, on what, which version, and whom to write to.
pub const AGENT: &str = concat!("Atalaya atalaya-agent/Linux-", env!("CARGO_PKG_VERSION"), " noip@atalaya.invalid");
/// Where updates go.
pub const ENDPOINT: &str = "https://dynupdate.no-ip.com/nic/update";
/// Of the list of names: what No-IP's own client allows.
const NAMES_BYTES_MAX: usize = 4000;

/// A DDNS key's user name and password.
#[derive(Clone)]
pub struct Credentials {
    /// Its user name.
    pub user: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Names, in the order of the answers.
    pub names: Vec<String>,
    /// Our address.
    pub v4: Option<Ipv4Addr>,
    /// Our address.
    pub v6: Option<Ipv6Addr>,
}

impl Request {
    /// The address to get, without any secret in it.
    ///
    /// # Errors
    ///
    /// If there is nothing to tell, or a name is none.
    pub fn url(&self, endpoint: &str) -> Result<String, &'static str> {
        if !endpoint.starts_with("https://") {
            return Err("updates are sent over https only");
        }
        let good = |name: &String| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
            (1..=253).contains(&name.len()) && name.bytes().all(fits)
        };
        let names = self.names.join(",");
        if self.names.is_empty() || !self.names.iter().all(good) || names.len() > NAMES_BYTES_MAX {
            return Err("a name to update has letters, digits, dots and hyphens");
        }
        let addresses: Vec<String> =
            [self.v4.map(|ip| ip.to_string()), self.v6.map(|ip| ip.to_string())].into_iter().flatten().collect();
        if addresses.is_empty() {
            return Err("there is no address to tell");
        }
        Ok(format!("{endpoint}?hostname={names}&myip={}", addresses.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(v4: Option<&str>, v6: Option<&str>) -> Request {
        Request {
            names: vec!["nas.ddns.net".into()],
            v4: v4.map(|ip| ip.parse().unwrap()),
            v6: v6.map(|ip| ip.parse().unwrap()),
        }
    }

    #[test]
    fn both_families_go_in_one_request() {
        let url = |v4, v6| request(v4, v6).url(ENDPOINT).unwrap();
        assert!(url(Some("203.0.113.7"), None).ends_with("?hostname=nas.ddns.net&myip=203.0.113.7"));
        assert!(url(Some("203.0.113.7"), Some("2001:db8::7")).ends_with("&myip=203.0.113.7,2001:db8::7"));
        assert!(url(None, Some("2001:db8::7")).ends_with("&myip=2001:db8::7"));
    }

    #[test]
    fn nothing_goes_in_the_clear_and_nothing_is_smuggled() {
        assert!(request(None, None).url(ENDPOINT).is_err());
        for clear in ["http://dynupdate.no-ip.com/nic/update", "http://127.0.0.1:80/", "HTTPS://x", ""] {
            assert!(request(Some("203.0.113.7"), None).url(clear).is_err(), "{clear}");
        }
        let mut odd = request(Some("203.0.113.7"), None);
        odd.names = vec!["x&offline=YES".into()];
        assert!(odd.url(ENDPOINT).is_err());
    }

    #[test]
    fn the_agent_is_as_no_ip_wants_it() {
        let words: Vec<&str> = AGENT.split(' ').collect();
        assert!(words.len() == 3 && words[1].contains('/') && words[1].contains('-') && words[2].contains('@'));
    }
}
