//! A mail as far as it is looked at.

use atalaya_renew::limits::short;
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, PartType};

use crate::limits::{HEADERS_MAX, PARTS_MAX, RESULTS_BYTES_MAX, TYPES_MAX};

/// Read by the library, which makes something of everything and never fails; but it nests a mail in a mail as deep as
/// somebody wrote them, and all of that is let go in one recursion. Each step down needs a `Content-Type`, so those are
/// counted first: of a mail with too many only the header is read.
pub(crate) struct Letter<'a>(Message<'a>);

impl<'a> Letter<'a> {
    /// `None` of what has no header.
    pub(crate) fn read(mail: &'a [u8]) -> Option<Self> {
        let mail = mail.get(..mail.len().min(crate::limits::MAIL_BYTES_MAX))?;
        let parser = MessageParser::default();
        if types(mail) > TYPES_MAX { parser.parse_headers(mail) } else { parser.parse(mail) }.map(Letter)
    }

    /// One line, for people and for patterns.
    pub(crate) fn subject(&self) -> String {
        short(self.0.subject().unwrap_or_default())
    }

    /// In seconds since 1970.
    pub(crate) fn sent(&self) -> Option<i64> {
        self.0.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_timestamp)
    }

    /// Names and addresses of all that claim to have written it.
    pub(crate) fn froms(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.senders().filter_map(|value| value.as_address());
        all.flat_map(Address::iter).map(|one| (one.name().unwrap_or_default(), one.address().unwrap_or_default()))
    }

    /// The domain of the one who wrote it; `None` if that is not exactly one, or no address.
    pub(crate) fn sender(&self) -> Option<&str> {
        let mut froms = self.froms();
        let (_, address) = froms.next()?;
        if froms.next().is_some() || self.senders().count() != 1 {
            return None;
        }
        let (local, domain) = address.split_once('@')?;
        (!local.is_empty() && !domain.contains('@')).then_some(domain)
    }

    fn senders(&self) -> impl Iterator<Item = &HeaderValue<'a>> {
        self.0.headers().iter().take(HEADERS_MAX).filter(|header| header.name == HeaderName::From).map(|one| &one.value)
    }

    /// All `Authentication-Results`, from the top.
    pub(crate) fn results(&self) -> impl Iterator<Item = &str> {
        let all = self.0.headers_raw().take(HEADERS_MAX);
        all.filter(|(name, text)| {
            name.trim().eq_ignore_ascii_case("Authentication-Results") && text.len() <= RESULTS_BYTES_MAX
        })
        .map(|(_, text)| text)
    }

    /// Its plain texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.text_body.iter().take(PARTS_MAX).filter_map(|id| match &self.0.part(*id)?.body {
            PartType::Text(text) => Some(text.as_ref()),
            _ => None,
        })
    }

    /// Its texts in HTML.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &str> {
        self.0.html_body.iter().take(PARTS_MAX).filter_map(|id| match &self.0.part(*id)?.body {
            PartType::Html(text) => Some(text.as_ref()),
            _ => None,
        })
    }
}

/// How often a mail says `Content-Type`, anywhere.
fn types(mail: &[u8]) -> usize {
    const NAME: &[u8] = b"content-type";
    mail.windows(NAME.len()).filter(|text| text.eq_ignore_ascii_case(NAME)).count()
}
