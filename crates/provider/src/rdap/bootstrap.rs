//! IANA's list of registries (RFC 9224): which top-level domains are told about where.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use atalaya_renew::Trouble;
use serde::Deserialize;

use crate::address::Address;
use crate::http::Answer;
use crate::limits::ANSWER_BYTES_MAX;

/// Where each is asked.
#[derive(Debug)]
pub(super) struct Bootstrap(BTreeMap<String, Address>);

#[derive(Deserialize)]
struct Written {
    /// Names, and addresses of which each will do.
    services: Vec<(Vec<String>, Vec<String>)>,
}

impl Bootstrap {
    /// From the web. What came from this machine may name this machine, which tests do.
    pub(super) fn parse(answer: &Answer, local: bool) -> Result<Self, Trouble> {
        let written: Written = answer.json()?;
        Self::of_written(written, local)
    }

    fn of_written(written: Written, local: bool) -> Result<Self, Trouble> {
        let mut all = BTreeMap::new();
        for (names, addresses) in written.services {
            // Nobody is asked in clear, nor inside this house because a list says so.
            let fits =
                |address: &Address| if local { address.is_local() || address.is_tls() } else { address.is_public() };
            let address = addresses.iter().filter_map(|address| address.parse().ok()).find(fits);
            let Some(address) = address else { continue };
            all.extend(names.into_iter().map(|name| (name.to_ascii_lowercase(), address.clone())));
        }
        if all.is_empty() { Err(Trouble::Garbled("IANA's list of registries is empty".into())) } else { Ok(Self(all)) }
    }

    /// By the longest name that is listed (RFC 9224, 4).
    pub(super) fn of(&self, domain: &str) -> Option<&Address> {
        let ends = std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, rest)| rest));
        ends.filter_map(|end| self.0.get(end)).next()
    }
}

/// One that somebody keeps.
pub(super) fn file(path: &Path) -> Result<Bootstrap, Trouble> {
    let cannot = |why: &dyn std::fmt::Display| {
        let why = why.to_string();
        let why = why.split(" (os").next().unwrap_or_default();
        Trouble::SetUp(format!("cannot read the list of registries in {}: {why}", path.display()))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|err| cannot(&err))?;
    file.take(ANSWER_BYTES_MAX as u64).read_to_string(&mut text).map_err(|err| cannot(&err))?;
    let written = serde_json::from_str(&text).map_err(|err| cannot(&err))?;
    Bootstrap::of_written(written, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(text: &str, local: bool) -> Result<Bootstrap, Trouble> {
        Bootstrap::of_written(serde_json::from_str(text).unwrap(), local)
    }

    #[test]
    fn the_longest_name_counts_and_only_what_is_encrypted() {
        let list = r#"{"version":"1.0","publication":"x","services":[
            [["com","NET"],["http://rdap.example/com/","https://rdap.example/com/"]],
            [["co.uk"],["https://rdap.example/couk"]], [["uk"],["https://rdap.example/uk"]],
            [["plain"],["http://rdap.example"]], [["here"],["https://127.0.0.1"]], [["odd"],["x", "https://u:p@x/"]]]}"#;
        let known = bootstrap(list, false).unwrap();
        let of = |name| known.of(name).map(Address::as_str);
        assert_eq!(of("example.com"), Some("https://rdap.example/com"));
        assert_eq!(
            (of("a.b.net"), of("a.co.uk")),
            (Some("https://rdap.example/com"), Some("https://rdap.example/couk"))
        );
        assert_eq!(of("a.uk"), Some("https://rdap.example/uk"));
        for none in ["a.es", "a.plain", "a.here", "a.odd", "com.es"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert!(bootstrap(r#"{"services":[]}"#, false).is_err());
    }
}
