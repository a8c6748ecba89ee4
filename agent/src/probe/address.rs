//! Addresses of pages as they may be shown: a name, a password or a token in them is somebody's secret.

/// `nas:8080` of `https://me:secret@nas:8080/page?token=secret`: for whatever may hold a token anywhere.
pub(crate) fn host_of(url: &str) -> &str {
    bare(url).1.split('/').next().unwrap_or_default()
}

/// `nas:8080/page` of the same, or `https://nas/page` of what names no user.
pub(crate) fn page_of(url: &str) -> &str {
    let (has_user, rest) = bare(url);
    if has_user { rest } else { url.split(['?', '#']).next().unwrap_or_default() }
}

/// Whether it names a user, and host with path.
fn bare(url: &str) -> (bool, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let host = rest.find('/').unwrap_or(rest.len());
    match rest[..host].rfind('@') {
        Some(at) => (true, &rest[at + 1..]),
        None => (false, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        for (url, host, page) in [
            ("https://me:se@cret@nas:8080/a/b?token=x#y", "nas:8080", "nas:8080/a/b"),
            ("http://nas", "nas", "http://nas"),
            ("http://nas?x=/@y", "nas", "http://nas"),
            ("https://nas/mail@home", "nas", "https://nas/mail@home"),
            ("nas/x", "nas", "nas/x"),
            ("https://", "", "https://"),
            ("https://ñ@ñ/ñ?", "ñ", "ñ/ñ"),
        ] {
            assert_eq!((host_of(url), page_of(url)), (host, page), "{url}");
        }
    }
}
