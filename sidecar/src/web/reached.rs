//! Where people reach the pages: what stands in the first link, and is said at the start.

use std::net::{IpAddr, SocketAddr};

/// What was bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    /// Without TLS; on this machine alone.
    pub(super) plain: Vec<SocketAddr>,
    /// With TLS.
    pub(super) tls: Vec<SocketAddr>,
}

/// The beginning of an address of a page: `url` where the configuration says it, else over TLS where that is spoken. Where all
/// addresses are listened on it is by the first of `named`, which others know this machine by, or else by an address of `own`.
pub(super) fn pages(url: Option<&str>, named: &[String], own: &[String], bound: &Bound) -> String {
    if let Some(url) = url {
        return url.to_owned();
    }
    match (bound.tls.first(), bound.plain.first()) {
        (Some(address), _) => {
            let host = host(address.ip(), named, own);
            if address.port() == 443 { format!("https://{host}") } else { format!("https://{host}:{}", address.port()) }
        }
        (None, Some(address)) => format!("http://{address}"),
        (None, None) => String::new(),
    }
}

fn host(bound: IpAddr, named: &[String], own: &[String]) -> String {
    // One without a name is found by its address on every network; its own name, not on all.
    let address = || own.iter().find(|name| name.parse::<IpAddr>().is_ok()).or(own.first());
    let name = match named.first().or_else(address) {
        Some(name) if bound.is_unspecified() => name.clone(),
        None if bound.is_unspecified() => "localhost".into(),
        _ => bound.to_string(),
    };
    if name.contains(':') { format!("[{name}]") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_address_that_somebody_can_follow() {
        let all = |text: &str| text.split_whitespace().map(|one| one.parse().unwrap()).collect();
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (url, named, plain, tls, shown) in [
            (Some("https://nas.example.org"), "nas.lan", "127.0.0.1:8480", "0.0.0.0:8443", "https://nas.example.org"),
            (None, "", "127.0.0.1:8480", "", "http://127.0.0.1:8480"),
            (None, "", "[::1]:8480", "", "http://[::1]:8480"),
            (None, "nas.lan fd00::2", "127.0.0.1:8480", "[::]:8443", "https://nas.lan:8443"),
            (None, "fd00::2", "", "0.0.0.0:443", "https://[fd00::2]"),
            (None, "", "127.0.0.1:8480", "0.0.0.0:8443", "https://192.168.1.20:8443"),
            (None, "nas.lan", "", "192.168.1.7:8443", "https://192.168.1.7:8443"),
            (None, "", "", "[fd00::3]:443", "https://[fd00::3]"),
        ] {
            let bound = Bound { plain: all(plain), tls: all(tls) };
            assert_eq!(pages(url, &names(named), &names("cellar 192.168.1.20 fd00::20"), &bound), shown);
        }
        let everywhere = Bound { plain: Vec::new(), tls: all("0.0.0.0:8443") };
        assert_eq!(pages(None, &[], &[], &everywhere), "https://localhost:8443");
        assert_eq!(pages(None, &[], &names("cellar"), &everywhere), "https://cellar:8443");
    }
}
