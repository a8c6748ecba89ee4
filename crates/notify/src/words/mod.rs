//! Messages from notifications: what happened, since when, what to do next and where to look, in the reader's language
//! and zone.

mod catalogue;
mod moment;

use atalaya_alert::{IncidentId, Kind, Notification, Severity, Told, Wall};
use jiff::tz::TimeZone;

pub use catalogue::Language;

use crate::clean::line;
use crate::limits::{DIGEST_NAMES_MAX, FIELD_BYTES_MAX, INCIDENTS_MAX, ITEMS_MAX, SUBJECT_BYTES_MAX};
use crate::message::{Facts, Item, Link, Message, What};

/// Who reads it.
#[derive(Clone, Debug)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// By which clock.
    pub zone: TimeZone,
}

/// Where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The address of the sidecar's pages; empty if nobody can reach them.
    pub url: &'a str,
    /// Whose nodes.
    pub customer: &'a str,
    /// When the notification was made.
    pub at: Wall,
}

impl Reader {
    /// A notification's message. `over`: it is the end of something whose beginning was never told.
    #[must_use]
    pub fn message(&self, told: &Notification, over: bool, origin: Origin<'_>) -> Message {
        let words = self.language.catalogue();
        let named = told.alerts.iter().take(ITEMS_MAX);
        let items = match told.alerts.is_empty() {
            false => named.map(|told| self.item(told)).collect(),
            // What is about no alert says so in its text alone.
            true => self.language.of(&told.body).lines().take(ITEMS_MAX).map(plain).collect(),
        };
        let lead = if over && told.kind == Kind::Resolved { &words.lead.over } else { words.lead(told.kind) };
        Message {
            lead: lead.to_owned(),
            items,
            more: told.alerts.len().saturating_sub(ITEMS_MAX),
            incidents: told.incidents.iter().take(INCIDENTS_MAX).copied().collect(),
            link: self.link(origin.url, &told.incidents),
            ..self.empty(&told.id, What::Alert(told.kind), told.severity, self.language.of(&told.subject), origin)
        }
    }

    /// One message instead of many: `first` are those that are named, the worst first, of `count`.
    #[must_use]
    pub fn digest<'a>(
        &self,
        id: &str,
        first: impl IntoIterator<Item = &'a Notification>,
        count: usize,
        severity: Severity,
        origin: Origin<'_>,
    ) -> Message {
        let words = self.language.catalogue();
        let first = first.into_iter().take(DIGEST_NAMES_MAX);
        let items: Vec<Item> = first.map(|told| plain(self.language.of(&told.subject))).collect();
        let subject = words.digest.subject.replace("{count}", &count.to_string());
        Message {
            lead: words.digest.lead.clone(),
            more: count.saturating_sub(items.len()),
            items,
            link: self.link(origin.url, &[]),
            ..self.empty(id, What::Digest, severity, &subject, origin)
        }
    }

    /// A message that says that it is a test.
    #[must_use]
    pub fn test(&self, id: &str, channel: &str, severity: Severity, origin: Origin<'_>) -> Message {
        let words = self.language.catalogue();
        let subject = words.test.subject.replace("{channel}", channel);
        Message {
            lead: words.test.lead.clone(),
            link: page(origin.url, "", &words.dashboard),
            ..self.empty(id, What::Test, severity, &subject, origin)
        }
    }

    fn empty(&self, id: &str, what: What, severity: Severity, subject: &str, origin: Origin<'_>) -> Message {
        Message {
            id: id.to_owned(),
            what,
            severity,
            language: self.language,
            customer: line(origin.customer, FIELD_BYTES_MAX),
            at: origin.at,
            subject: line(subject, SUBJECT_BYTES_MAX),
            lead: String::new(),
            items: Vec::new(),
            more: 0,
            incidents: Vec::new(),
            link: None,
        }
    }

    fn link(&self, url: &str, incidents: &[IncidentId]) -> Option<Link> {
        let words = self.language.catalogue();
        match incidents {
            [one] => page(url, &format!("incidents/{one}"), &words.open),
            _ => page(url, "incidents", &words.open_all),
        }
    }

    fn item(&self, told: &Told) -> Item {
        let words = self.language.catalogue();
        let text = |text: &str| line(text, FIELD_BYTES_MAX);
        let (title, shown) = (self.language.of(&told.title), text(self.language.of(&told.shown)));
        let what = match (told.label.as_str(), shown.as_str()) {
            ("", "") => title.to_owned(),
            ("", seen) | (seen, "") => format!("{title} ({seen})"),
            (label, seen) => format!("{title} ({label}: {seen})"),
        };
        let parts = [("severity", words.severity(told.severity)), ("node", &told.node_name), ("what", &what)];
        let runbook = text(self.language.of(&told.runbook));
        let link = text(&told.link);
        let moment = moment::moment(words, &self.zone, told.since);
        let details =
            [(&words.since, "{moment}", &moment), (&words.next, "{runbook}", &runbook), (&words.read, "{link}", &link)];
        let said = details.into_iter().filter(|(_, _, text)| !text.is_empty());
        Item {
            headline: text(&filled(&words.item, &parts)),
            details: said.map(|(words, place, text)| words.replace(place, text)).collect(),
            facts: Some(Facts {
                alert: told.alert.clone(),
                severity: told.severity,
                since: told.since,
                shown,
                runbook,
                link,
            }),
        }
    }
}

/// How many more there are, said.
pub(crate) fn more(language: Language, count: usize) -> String {
    language.catalogue().more.replace("{count}", &count.to_string())
}

/// All at once, so that a placeholder in what is put in stays as it was written.
fn filled(words: &str, parts: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut pieces = words.split('{');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
        out.push_str(parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text));
        out.push_str(rest);
    }
    out
}

fn plain(text: &str) -> Item {
    Item { headline: line(text, FIELD_BYTES_MAX), ..Item::default() }
}

fn page(url: &str, path: &str, label: &str) -> Option<Link> {
    let url = url.trim_end_matches('/');
    (!url.is_empty()).then(|| Link { url: format!("{url}/{path}"), label: label.to_owned() })
}

#[cfg(test)]
mod tests;
