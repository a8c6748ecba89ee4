//! What a subject says.

use serde::{Deserialize, Serialize};

/// How late it is for a host name at No-IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Seven days are left.
    ExpiringSoon,
    /// It ended today.
    Expired,
    /// It ended, and can still be had back.
    Redemption,
}

const BEGINS: &str = "action required: ";
const ENDS: [(&str, Stage); 3] = [
    (" is expiring soon", Stage::ExpiringSoon),
    (" has expired", Stage::Expired),
    (" is in redemption", Stage::Redemption),
];

/// The host name, and how late it is, as No-IP's mails say it. Mails of accounts in other languages are not known.
pub(crate) fn noip(subject: &str) -> Option<(&str, Stage)> {
    let subject = subject.trim();
    if !subject.get(..BEGINS.len())?.eq_ignore_ascii_case(BEGINS) {
        return None;
    }
    let rest = subject.get(BEGINS.len()..)?.trim_end_matches(['.', '!']);
    ENDS.into_iter().find_map(|(end, stage)| {
        let at = rest.len().checked_sub(end.len())?;
        let host = rest.get(..at).filter(|_| rest.get(at..).is_some_and(|text| text.eq_ignore_ascii_case(end)))?;
        is_host(host).then_some((host, stage))
    })
}

fn is_host(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    letters && text.contains('.') && (3..=253).contains(&text.len())
}

/// Beginnings of words by which a provider speaks of something that ends, in the languages of the screens.
const WORDS: [&str; 14] = [
    "expir",
    "renew",
    "action required",
    "redemption",
    "suspend",
    "cancel",
    "overdue",
    "payment",
    "caduc",
    "venc",
    "renov",
    "acción requerida",
    "suspen",
    "pago",
];

/// Whether it is about something that ends.
pub(crate) fn is_about_an_end(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    WORDS.iter().any(|word| subject.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages() {
        for (text, expected) in [
            ("ACTION REQUIRED: nas.ddns.net is Expiring Soon", Some(Stage::ExpiringSoon)),
            ("Action Required: nas.ddns.net has Expired", Some(Stage::Expired)),
            (" ACTION REQUIRED: nas.ddns.net is in Redemption. ", Some(Stage::Redemption)),
            ("Re: ACTION REQUIRED: nas.ddns.net is in Redemption", None),
            ("ACTION REQUIRED: nas.ddns.net is fine", None),
            ("ACTION REQUIRED: a b.ddns.net is Expiring Soon", None),
            ("ACTION REQUIRED:  is Expiring Soon", None),
            ("ACTION REQUIRED: é.ddns.net is Expiring Soon", None),
            ("ACTION REQUIRED:é", None),
            ("", None),
        ] {
            let found = noip(text);
            assert_eq!(found.map(|(_, stage)| stage), expected, "{text}");
            assert!(found.is_none_or(|(host, _)| host == "nas.ddns.net"), "{text}");
        }
    }
}
