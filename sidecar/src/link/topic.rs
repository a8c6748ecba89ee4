//! What a topic means. Pure.

use atalaya_wire::{NodeId, ObjectId, view};

/// Where a message of a node belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Whether it is connected.
    Status,
    /// Numbered samples.
    Frame,
    /// Numbered results.
    Record,
    /// A view: its kind and which object.
    View(&'static str, ObjectId),
    /// What became of a command.
    Result(String),
}

/// Whose topic it is and what belongs there; `None` for topics that no agent writes.
#[must_use]
pub fn place(prefix: &str, topic: &str) -> Option<(NodeId, Place)> {
    let mut levels = topic.strip_prefix(prefix)?.strip_prefix('/')?.split('/');
    let node = levels.next()?.parse().ok()?;
    let place = match (levels.next()?, levels.next(), levels.next(), levels.next()) {
        ("status", None, ..) => Place::Status,
        ("frame", None, ..) => Place::Frame,
        ("record", None, ..) => Place::Record,
        ("cmd", Some(name), Some("result"), None) => Place::Result(name.to_owned()),
        (name, id, None, None) => {
            let kind = view::KINDS.iter().find(|kind| kind.name == name)?;
            Place::View(kind.name, id.map_or(Some(ObjectId::only()), ObjectId::parse)?)
        }
        _ => return None,
    };
    Some((node, place))
}

/// What is subscribed to, one after another, so that what the broker kept comes in pieces. Never everything: others
/// write below the same prefix.
#[must_use]
pub fn filters(prefix: &str) -> Vec<String> {
    let first = ["status", "meta", "record", "frame", "cmd/+/result"].map(|rest| format!("{prefix}/+/{rest}"));
    let views = view::KINDS.iter().filter(|kind| kind.name != "meta");
    first
        .into_iter()
        .chain(views.flat_map(|kind| [format!("{prefix}/+/{}", kind.name), format!("{prefix}/+/{}/+", kind.name)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_apart() {
        let view =
            |kind, id: &str| Some(Place::View(kind, if id.is_empty() { ObjectId::only() } else { ObjectId::of(id) }));
        for (topic, expected) in [
            ("atalaya/nas/status", Some(Place::Status)),
            ("atalaya/nas/frame", Some(Place::Frame)),
            ("atalaya/nas/record", Some(Place::Record)),
            ("atalaya/nas/system", view("system", "")),
            ("atalaya/nas/disk/WD-1", view("disk", "WD-1")),
            ("atalaya/nas/cmd/refresh/result", Some(Place::Result("refresh".into()))),
            ("atalaya/nas/cmd/refresh", None),
            ("atalaya/nas/ack", None),
            ("atalaya/nas/later/x", None),
            ("atalaya/nas/disk/a/b", None),
            ("atalaya/nas/disk/a b", None),
            ("atalaya/nas", None),
            ("atalaya/_sidecar/status", None),
            ("atalaya2/nas/status", None),
            ("other", None),
        ] {
            assert_eq!(place("atalaya", topic).map(|(_, place)| place), expected, "{topic}");
        }
    }

    #[test]
    fn everything_that_is_told_is_heard_of() {
        let filters = filters("a/b");
        assert_eq!(filters.len(), 5 + 2 * (view::KINDS.len() - 1));
        assert!(filters.iter().all(|filter| filter.starts_with("a/b/+/") && !filter.contains('#')));
    }
}
