//! `HOST[:PORT]` of a URL.

/// A name or an address without brackets, and a port. `form` is how such a URL is written.
pub(super) fn host_and_port(text: &str, form: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(text) => {
            let (address, behind) = text.split_once(']').ok_or("a \"[\" has no \"]\"")?;
            (address_of(address)?, behind)
        }
        None => {
            let (host, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            if behind.matches(':').count() > 1 {
                let scheme = form.split("://").next().unwrap_or_default();
                return Err(format!("an IPv6 address stands in brackets, as in {scheme}://[2001:db8::1]/path"));
            }
            (name_of(host, form)?, behind)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return Err(format!("{port:?} behind the host is no port")),
        Some(digits) => match digits.parse::<u16>() {
            Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Some(port),
            _ => return Err(format!("{digits:?} is no port; one is a number from 1 to 65535")),
        },
    };
    Ok((host, port))
}

/// With a zone (RFC 6874), such as `fe80::1%25eth0`.
fn address_of(text: &str) -> Result<String, String> {
    let (address, zone) = match text.split_once("%25") {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let known = address.parse::<std::net::Ipv6Addr>().is_ok();
    if !known || zone.is_some_and(|zone| zone.is_empty() || !zone.bytes().all(plain)) {
        return Err(format!("{text:?} is no IPv6 address"));
    }
    Ok(zone.map_or_else(|| address.to_owned(), |zone| format!("{address}%{zone}")))
}

fn name_of(text: &str, form: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("it names no host; write {form}"));
    }
    if text.starts_with('-') || !text.bytes().all(plain) {
        return Err(format!("{text:?} is no name of a host"));
    }
    Ok(text.to_owned())
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._".contains(&byte)
}
