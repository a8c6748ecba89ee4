//! Tells one configuration from another, without telling what it is.

use atalaya_wire::Hex;
use ring::digest::{SHA256, digest};

use super::config::ClientConfig;

/// Of the password's digest: enough to see that it is another one, too few to find out which.
const PASSWORD_BYTES: usize = 4;
const REST_BYTES: usize = 16;

/// Stands for all that an update of `host` depends on. Further names of the same key are none of its business.
pub(super) fn mark(config: &ClientConfig, host: &str, password: &str) -> String {
    let switches = format!("{}{}", u8::from(config.ipv4), u8::from(config.ipv6));
    let rest = digits(&[&config.server, &config.user, host, &switches], REST_BYTES);
    let password = digits(&[&rest, password], PASSWORD_BYTES);
    format!("{rest}-{password}")
}

fn digits(words: &[&str], bytes: usize) -> String {
    Hex(&digest(&SHA256, words.join("\0").as_bytes()).as_ref()[..bytes]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_that_matters_shows_and_no_other() {
        let config = ClientConfig { user: "abc".into(), hosts: vec!["a.ddns.net".into()], ..ClientConfig::default() };
        let base = mark(&config, "a.ddns.net", "secret");
        assert!(base.len() == 41 && !base.contains("abc") && !base.contains("secret"));
        let other = |change: fn(&mut ClientConfig)| {
            let mut config = config.clone();
            change(&mut config);
            mark(&config, "a.ddns.net", "secret")
        };
        assert_eq!(other(|config| config.hosts.push("b.ddns.net".into())), base);
        assert_eq!(other(|config| config.ca_file = Some(toml::Spanned::new(0..0, "/ca".parse().unwrap()))), base);
        for changed in [
            other(|config| config.user = "abd".into()),
            other(|config| config.server = "https://x/".into()),
            other(|config| config.ipv4 = false),
            other(|config| config.ipv6 = true),
            mark(&config, "b.ddns.net", "secret"),
            mark(&config, "a.ddns.net", "secret2"),
        ] {
            assert_ne!(changed, base);
        }
    }
}
