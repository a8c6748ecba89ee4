//! The names of a certificate, as they are asked for.

use std::net::IpAddr;

use crate::limits::{NAME_BYTES_MAX, NAMES_MAX};
use crate::wrong::Wrong;

/// Sorted, in lower case, each once; addresses as they are written shortest.
///
/// # Errors
///
/// Which is no name that a certificate can have.
pub fn tidy(names: &[String]) -> Result<Vec<String>, Wrong> {
    let mut out = Vec::new();
    for name in names {
        out.push(one(name).ok_or_else(|| Wrong(format!("{name:?} is no name that a certificate can have")))?);
    }
    out.sort();
    out.dedup();
    if out.is_empty() || out.len() > NAMES_MAX {
        return Err(Wrong(format!("a certificate has 1 to {NAMES_MAX} names, not {}", out.len())));
    }
    Ok(out)
}

fn one(name: &str) -> Option<String> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let name = name.to_ascii_lowercase();
    let rest = name.strip_prefix("*.").unwrap_or(&name);
    let labels: Vec<&str> = rest.split('.').collect();
    let fits = |label: &&str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    let known = labels.len() >= 2 && labels.iter().all(fits) && name.len() <= NAME_BYTES_MAX;
    // No last label is a number: what looks like an address and is none.
    (known && !labels.last()?.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        let names = |text: &[&str]| tidy(&text.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let got = names(&["NAS.example.com", "*.example.com", "nas.example.com", "2001:DB8:0::1"]).unwrap();
        assert_eq!(got, ["*.example.com", "2001:db8::1", "nas.example.com"]);
        for bad in ["", "com", "a..b", "a b.c", "*.*.a.b", "a.*.b", "-a.b", "a.b.", "1.2.3", "é.com", "a_b.c", "a/b.c"]
        {
            assert!(names(&[bad]).is_err(), "{bad}");
        }
        assert!(names(&[]).is_err());
        let many: Vec<_> = (0..=NAMES_MAX).map(|number| format!("n{number}.example")).collect();
        assert!(tidy(&many).is_err());
    }
}
