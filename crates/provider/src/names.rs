//! Names of domains and hosts, as they may stand in a path or a question.

use atalaya_renew::Trouble;
use atalaya_renew::limits::short;

use crate::limits::{LABEL_BYTES_MAX, MARK_BYTES_MAX, NAME_BYTES_MAX};

/// `text` in lower case and without a dot at its end. Labels hold letters, digits, `-` and, as those of proofs do, `_`.
///
/// # Errors
///
/// [`Trouble::SetUp`] where it is no name. Names in other scripts are written as `xn--…`.
pub(crate) fn name(text: &str) -> Result<String, Trouble> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(fits);
    if name.len() <= NAME_BYTES_MAX && name.contains('.') && name.split('.').all(label) {
        return Ok(name);
    }
    let hint = if text.is_ascii() { "" } else { "; write it as xn--…" };
    Err(Trouble::SetUp(format!("{:?} is no name such as nas.example.com{hint}", short(text))))
}

/// The first of them that is there before already.
pub(crate) fn twice<T: PartialEq>(all: &[T]) -> Option<&T> {
    all.iter().enumerate().find(|(at, one)| all.iter().take(*at).any(|before| before == *one)).map(|(_, one)| one)
}

/// What a service gave as the mark of a place in a list, as it stands in a query.
///
/// # Errors
///
/// [`Trouble::Garbled`] where it is too long for one.
pub(crate) fn mark(text: &str) -> Result<String, Trouble> {
    if text.len() > MARK_BYTES_MAX {
        return Err(Trouble::Garbled("a mark of a place in its list is too long".into()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    Ok(text.bytes().map(one).collect())
}

/// What is said of an answer about something else than was asked for.
pub(crate) fn another() -> Trouble {
    Trouble::Garbled("it tells of another domain than was asked for".into())
}

/// The longest of `zones` that `name` is, or lies in.
pub(crate) fn zone_of<'a>(name: &str, zones: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let within = |zone: &&str| name.strip_suffix(*zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    zones.filter(within).max_by_key(|zone| zone.len())
}

/// `name` as it is called within `zone`; `@` is the zone itself.
pub(crate) fn relative<'a>(name: &'a str, zone: &str) -> &'a str {
    name.strip_suffix(zone).and_then(|rest| rest.strip_suffix('.')).unwrap_or("@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_they_stand_in_a_path() {
        assert_eq!(name("NAS.Example.com."), Ok("nas.example.com".into()));
        assert!(name("_acme-challenge.example.com").is_ok());
        let long = format!("{}.com", "x".repeat(64));
        for bad in ["", "com", "a..com", ".com", "a/../b.com", "a.com/renew", "a b.com", "año.es", "a.com?x=1", &long]
        {
            assert!(matches!(name(bad), Err(Trouble::SetUp(_))), "{bad}");
        }
        assert!(name("año.es").unwrap_err().to_string().contains("xn--"));
    }

    #[test]
    fn a_mark_stands_in_a_query_whatever_it_is() {
        assert_eq!(mark("a+/=&x").unwrap(), "a%2B%2F%3D%26x");
        assert_eq!(mark("año.es").unwrap(), "a%C3%B1o.es");
        assert!(mark(&"x".repeat(2_000)).is_err());
    }

    #[test]
    fn the_longest_zone_holds_a_name() {
        let zones = ["example.com", "home.example.com", "ample.com"];
        let of = |name| zone_of(name, zones.into_iter());
        assert_eq!(of("nas.home.example.com"), Some("home.example.com"));
        assert_eq!(of("nas.example.com"), Some("example.com"));
        assert_eq!((of("example.com"), of("other.org")), (Some("example.com"), None));
        assert_eq!(relative("a.b.example.com", "example.com"), "a.b");
        assert_eq!(relative("example.com", "example.com"), "@");
    }
}
