//! Words of the wire as people read them: what stands in views and events, once for pages and for notifications.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::rule::Words;

// That it can be read is a test; without it words would be shown as they came.
static WORDS: LazyLock<BTreeMap<String, Words>> =
    LazyLock::new(|| toml::from_str(include_str!("values.toml")).unwrap_or_default());

/// A word such as `on_battery` in both languages; `None` for what is no word of the wire.
#[must_use]
pub fn word(value: &str) -> Option<&'static Words> {
    WORDS.get(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::VIEWS;
    use atalaya_wire::view::KINDS;

    /// What stands between backquotes beside the words of a state: names that are the same in every language, and keys.
    const NAMES: &[&str] = &[
        "HTTP 502",
        "OL CHRG",
        "active (running)",
        "apk",
        "apt",
        "atalaya",
        "btmp",
        "btrfs",
        "ddclient",
        "ddns-scripts",
        "emmc",
        "ext4",
        "hdd",
        "http",
        "icmp",
        "inadyn",
        "journal",
        "logread",
        "md",
        "noip-duc",
        "noip2",
        "nvme",
        "opkg",
        "other",
        "procd",
        "process",
        "raid1",
        "sda",
        "ssd",
        "systemd",
        "tcp",
        "upsd",
        "zfs",
    ];
    /// What no view says of itself: units, and what events have.
    const ELSEWHERE: &[&str] = &[
        "activating",
        "answers",
        "asked",
        "auto-restart",
        "calendar",
        "catch_up",
        "connected",
        "dead",
        "deactivating",
        "done",
        "exited",
        "false",
        "listening",
        "mounted",
        "not-found",
        "offline",
        "refused",
        "reloading",
        "retry",
        "true",
    ];

    /// What stands between backquotes in what is said of keys.
    fn quoted() -> Vec<&'static str> {
        let wire = KINDS.iter().flat_map(|kind| kind.fields).map(|field| field.about);
        let own = VIEWS.iter().flat_map(|view| view.keys).map(|key| key.about);
        wire.chain(own).flat_map(|about| about.split('`').skip(1).step_by(2)).collect()
    }

    /// Whether it names a view or a key, and is nothing that one says.
    fn is_key(word: &str) -> bool {
        KINDS.iter().any(|kind| kind.name == word || kind.fields.iter().any(|field| field.key == word))
    }

    #[test]
    fn every_word_of_a_state_is_there_in_both_languages() {
        let known = |word: &str| super::word(word).is_some_and(|words| !words.en.is_empty() && !words.es.is_empty());
        let without: Vec<_> =
            quoted().into_iter().filter(|word| !is_key(word) && !known(word) && !NAMES.contains(word)).collect();
        assert!(without.is_empty(), "{without:?}: in values.toml, or among NAMES");
    }

    #[test]
    fn every_word_is_one_that_is_said() {
        let quoted = quoted();
        for word in WORDS.keys() {
            assert!(quoted.contains(&word.as_str()) || ELSEWHERE.contains(&word.as_str()), "{word}");
        }
    }
}
