//! What records hold, so that two ways of writing it are the same.

use std::net::{Ipv4Addr, Ipv6Addr};

use atalaya_renew::limits::short;
use atalaya_renew::{RecordType, Trouble};

/// What a record is to hold, as it is written.
///
/// # Errors
///
/// [`Trouble::SetUp`] where that is nothing for a record of the type.
pub(crate) fn checked(kind: RecordType, data: &str) -> Result<String, Trouble> {
    let printed = || data.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\');
    let written = match kind {
        RecordType::A => data.parse::<Ipv4Addr>().ok().map(|address| address.to_string()),
        RecordType::Aaaa => data.parse::<Ipv6Addr>().ok().map(|address| address.to_string()),
        RecordType::Txt => ((1..=255).contains(&data.len()) && printed()).then(|| data.to_owned()),
    };
    written.ok_or_else(|| Trouble::SetUp(format!("{:?} is nothing for a record of type {kind}", short(data))))
}

/// What a service says that a record holds, as [`checked`] writes it; whatever else it is stays as it is.
pub(crate) fn told(kind: RecordType, data: &str) -> String {
    let quoted = data.len() >= 2 && data.starts_with('"') && data.ends_with('"');
    match kind {
        // A long text comes in parts.
        RecordType::Txt if quoted => data[1..data.len() - 1].replace("\" \"", ""),
        _ => checked(kind, data).unwrap_or_else(|_| data.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_writing_are_the_same() {
        assert_eq!(checked(RecordType::Aaaa, "2001:DB8:0:0::7").unwrap(), "2001:db8::7");
        assert_eq!(told(RecordType::Aaaa, "2001:0db8::7"), "2001:db8::7");
        assert_eq!(told(RecordType::Txt, "\"abc\" \"def\""), "abcdef");
        assert_eq!((told(RecordType::Txt, "abc"), told(RecordType::Txt, "\"")), ("abc".into(), "\"".into()));
        let long = "x".repeat(256);
        for (kind, bad) in [
            (RecordType::A, "2001:db8::7"),
            (RecordType::A, "example.com"),
            (RecordType::Aaaa, "203.0.113.7"),
            (RecordType::Txt, ""),
            (RecordType::Txt, "a\"b"),
            (RecordType::Txt, "a\nb"),
            (RecordType::Txt, &long),
        ] {
            assert!(checked(kind, bad).is_err(), "{kind} {bad}");
        }
    }
}
