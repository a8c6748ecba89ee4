//! The one link that is believed: No-IP's page on which a person confirms a host. Whatever a mail says, what comes out of
//! here is an address that is built here; of the mail it holds a token of known letters.

use std::fmt;

use zeroize::Zeroizing;

use crate::judge::letter::Letter;
use crate::limits::{ADDRESSES_MAX, LINK_BYTES_MAX, TOKEN_BYTES};

const BEGINS: &str = "https://";
const HOSTS: [&str; 2] = ["www.noip.com", "noip.com"];
const PATH: &str = "/confirm-host";

/// Where a person confirms a host. Whoever has it can do so: it is not shown in logs, and kept only encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(Zeroizing<String>);

impl Link {
    /// Of a token, as it was kept; `None` if it is none.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let letters = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (letters && TOKEN_BYTES.contains(&token.len())).then(|| Self(Zeroizing::new(token.to_owned())))
    }

    /// The token, to be encrypted and kept.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.0
    }

    /// The address, for a person to open.
    #[must_use]
    pub fn address(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{BEGINS}{}{PATH}?n={}", HOSTS[0], self.0.as_str()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The link of a mail; `None` if there is none that is as it should be, or more than one.
pub(crate) fn find(letter: &Letter<'_>) -> Option<Link> {
    // Where both are, the page was not wrapped by anybody.
    [letter.pages().flat_map(hrefs).collect::<Vec<_>>(), letter.texts().flat_map(written).collect()]
        .into_iter()
        .map(|all| all.iter().take(ADDRESSES_MAX).filter_map(|text| accept(text)).collect::<Vec<_>>())
        .find(|links| !links.is_empty())
        .filter(|links| links.iter().all(|link| Some(link) == links.first()))?
        .pop()
}

/// An address as it should be: scheme, host without port or user, path and one token; all else is dropped or refuses it.
fn accept(text: &str) -> Option<Link> {
    if text.len() > LINK_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    let rest = text.strip_prefix(BEGINS)?;
    let host =
        HOSTS.into_iter().find(|host| rest.get(..host.len()).is_some_and(|one| one.eq_ignore_ascii_case(host)))?;
    let query = rest.get(host.len()..)?.strip_prefix(PATH)?.strip_prefix('?')?;
    let query = query.split('#').next()?;
    let mut token = None;
    for one in query.split('&') {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        // Written in another way it would still be an `n` to the server.
        if name.contains('%') || (name == "n" && token.replace(value).is_some()) {
            return None;
        }
    }
    Link::of_token(token?)
}

/// What attributes `href` of a page hold.
fn hrefs(page: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lower = page.to_ascii_lowercase();
    for (at, _) in lower.match_indices("href").take(ADDRESSES_MAX) {
        let Some(rest) = page.get(at + 4..).map(str::trim_start) else { continue };
        let Some(rest) = rest.strip_prefix('=').map(str::trim_start) else { continue };
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.get(1..).and_then(|rest| rest.split(quote).next()),
            _ => rest.split(|letter: char| letter.is_whitespace() || letter == '>').next(),
        };
        out.extend(value.filter(|value| value.len() <= LINK_BYTES_MAX).map(unescape));
    }
    out
}

/// The one character that matters in a query. A wrapped attribute is joined, as browsers do.
fn unescape(text: &str) -> String {
    let text = text.trim().replace(['\r', '\n', '\t'], "");
    ["&amp;", "&#38;", "&#038;", "&#x26;", "&#X26;"].into_iter().fold(text, |text, one| text.replace(one, "&"))
}

/// Lines from this length on were broken by who sent them, not by who wrote them.
const WRAPPED_BYTES_MIN: usize = 60;

/// Addresses in a plain text. One that ends with its line goes on in the next if it is in angle brackets, or if the line
/// is long and the next is one word.
fn written(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices(BEGINS).take(ADDRESSES_MAX) {
        let Some(rest) = text.get(at..) else { continue };
        let bracketed = text.get(..at).is_some_and(|before| before.ends_with('<'));
        if let Some(inside) = rest.split('>').next().filter(|inside| bracketed && inside.len() <= LINK_BYTES_MAX) {
            out.push(inside.replace(['\r', '\n'], ""));
            continue;
        }
        let begins = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let mut lines = rest.split('\n').map(|line| line.trim_end_matches('\r'));
        let first = lines.next().unwrap_or_default();
        let word = first.split(|letter: char| letter.is_whitespace() || letter == '"').next().unwrap_or_default();
        let long = word.len() == first.len() && at - begins + first.len() >= WRAPPED_BYTES_MIN;
        let next = lines.next().filter(|next| long && !next.is_empty() && next.bytes().all(is_of_a_link));
        out.push(format!("{word}{}", next.unwrap_or_default()));
    }
    out
}

const fn is_of_a_link(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'&' | b'=' | b'.' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_page_is_believed() {
        for good in [
            "https://www.noip.com/confirm-host?n=AbCd1234efgh5678IJK",
            "https://noip.com/confirm-host?n=AbCd1234efgh5678IJK&utm_source=mail",
            "https://WWW.NoIP.com/confirm-host?utm_n=x&n=AbCd1234efgh5678IJK#n=other",
        ] {
            let link = accept(good).expect(good);
            assert_eq!(link.address().as_str(), "https://www.noip.com/confirm-host?n=AbCd1234efgh5678IJK");
            assert_eq!(format!("{link:?}"), "***");
        }
        for bad in [
            "http://www.noip.com/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com.evil.example/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com@evil.example/confirm-host?n=AbCd1234efgh",
            "https://user@www.noip.com/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com:8443/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com:443/confirm-host?n=AbCd1234efgh",
            "https://my.noip.com/confirm-host?n=AbCd1234efgh",
            "https://www.no-ip.com/confirm-host?n=AbCd1234efgh",
            "https://www.xn--nip-hla.com/confirm-host?n=AbCd1234efgh",
            "https://www.nοip.com/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com./confirm-host?n=AbCd1234efgh",
            "https://www.noip.com\\@evil.example/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com/confirm-host/?n=AbCd1234efgh",
            "https://www.noip.com/confirm-host/../evil?n=AbCd1234efgh",
            "https://www.noip.com/confirm-hosts?n=AbCd1234efgh",
            "https://www.noip.com//confirm-host?n=AbCd1234efgh",
            "https://www.noip.com/redirect?to=/confirm-host?n=AbCd1234efgh",
            "https://www.noip.com/confirm-host?n=AbCd1234efgh&n=other1234",
            "https://www.noip.com/confirm-host?n=AbCd1234efgh&%6e=other1234",
            "https://www.noip.com/confirm-host?n=short",
            "https://www.noip.com/confirm-host?n=AbCd1234%2Fefgh",
            "https://www.noip.com/confirm-host?n=AbCd1234;drop",
            "https://www.noip.com/confirm-host?m=AbCd1234efgh",
            "https://www.noip.com/confirm-host",
            "//www.noip.com/confirm-host?n=AbCd1234efgh",
            "javascript:https://www.noip.com/confirm-host?n=AbCd1234efgh",
            "",
        ] {
            assert_eq!(accept(bad), None, "{bad}");
        }
        assert!(Link::of_token(&"a".repeat(64)).is_some() && Link::of_token(&"a".repeat(65)).is_none());
    }

    #[test]
    fn pages() {
        let page =
            "<a class=x HREF = 'https://a/?b&amp;c'>x</a><a href=https://d>y</a><a href=\"https://e\r\nf\">z</a>href";
        assert_eq!(hrefs(page), ["https://a/?b&c", "https://d", "https://ef"]);
        assert_eq!(hrefs("<a href=\"é"), ["é"]);
    }

    #[test]
    fn texts() {
        let long = "https://www.noip.com/confirm-host?utm_source=mail&utm_medium=x&n=AbCd1234";
        assert_eq!(written(&format!("x {long}\r\nefgh5678\r\nBye")), [format!("{long}efgh5678")]);
        assert_eq!(written(&format!("{long}\r\nBye, Ana")), [long]);
        assert_eq!(written("at https://a/b?c\r\nBye"), ["https://a/b?c"]);
        assert_eq!(written("<https://a/b\r\n?c=d> more"), ["https://a/b?c=d"]);
    }
}
