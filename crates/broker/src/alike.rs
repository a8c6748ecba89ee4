//! Which retained topics are asked for together. The router finds them by going through all it has, so what matters is how
//! often it is asked: `atalaya/+/disk/#` for a fleet, `atalaya/nas/#` for one node. It copies all that it finds, so a few are
//! asked for one by one: two disks that changed are not worth a copy of those of the whole fleet.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::ONE_BY_ONE_MAX;

/// A topic, in an order in which those of one kind follow each other: by first and third level before the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sorted(pub(crate) Arc<str>);

impl Sorted {
    fn key(&self) -> (&str, Option<&str>, &str) {
        let mut levels = self.0.split('/');
        (levels.next().unwrap_or_default(), levels.nth(1), &self.0)
    }
}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Filters that find `topics`, with those that each finds: as few as there are nodes, or kinds, among them; and of the
/// smallest of these groups up to [`ONE_BY_ONE_MAX`] topics by themselves.
pub(crate) fn filters(topics: Vec<Arc<str>>) -> Vec<(String, Vec<Arc<str>>)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for topic in &topics {
        let [node, kind] = both(topic);
        *counts.entry(node).or_default() += 1;
        *counts.entry(kind).or_default() += 1;
    }
    let count = |filter: &String| counts.get(filter).copied().unwrap_or(0);
    let mut groups: HashMap<String, Vec<Arc<str>>> = HashMap::new();
    for topic in topics {
        let [node, kind] = both(&topic);
        let filter = if count(&kind) > count(&node) { kind } else { node };
        groups.entry(filter).or_default().push(topic);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(_, topics)| topics.len());
    let (mut left, mut filters) = (ONE_BY_ONE_MAX, Vec::new());
    for (filter, topics) in groups {
        let is_small = topics.len() == 1 || topics.len() <= left;
        left = left.saturating_sub(topics.len());
        if is_small {
            filters.extend(topics.into_iter().map(|topic| (topic.as_ref().to_owned(), vec![topic])));
        } else {
            filters.push((filter, topics));
        }
    }
    filters
}

/// All below the topic's first two levels, and all with its first and third; the same twice where there are not so many.
fn both(topic: &str) -> [String; 2] {
    let levels: Vec<&str> = topic.split('/').take(3).collect();
    match levels.as_slice() {
        [first, second, third] => [format!("{first}/{second}/#"), format!("{first}/+/{third}/#")],
        _ => {
            let all = format!("{}/#", levels.first().copied().unwrap_or_default());
            [all.clone(), all]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(topics: &[String]) -> Vec<String> {
        let mut found: Vec<_> = filters(topics.iter().map(|topic| Arc::from(topic.as_str())).collect())
            .into_iter()
            .inspect(|(filter, topics)| {
                assert!(topics.iter().all(|topic| mqtt5::topic_matches_filter(topic, filter)), "{filter} {topics:?}");
            })
            .map(|(filter, _)| filter)
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_fleet_is_asked_for_by_kind_and_a_node_by_itself() {
        let node = |n: usize| {
            let disks = (0..4).map(move |disk| format!("atalaya/nas{n}/disk/{disk}"));
            disks.chain([format!("atalaya/nas{n}/system"), format!("atalaya/nas{n}/status")])
        };
        let fleet: Vec<_> = (0..1_000).flat_map(node).collect();
        assert_eq!(of(&fleet), ["atalaya/+/disk/#", "atalaya/+/status/#", "atalaya/+/system/#"]);
        let one: Vec<_> = (0..12).map(|disk| format!("atalaya/nas7/disk/{disk}")).collect();
        assert_eq!(of(&one), ["atalaya/nas7/#"]);
        let discovery: Vec<_> = (0..50).map(|n| format!("homeassistant/device/atalaya_{n}/config")).collect();
        assert_eq!(of(&discovery), ["homeassistant/device/#"]);
    }

    #[test]
    fn a_few_are_asked_for_by_themselves_so_that_no_fleet_is_copied_for_them() {
        let disks = |count: usize| (0..count).map(|n| format!("atalaya/nas{n}/disk/1")).collect::<Vec<_>>();
        let found =
            ["homeassistant/device/atalaya_1/config", "homeassistant/device/atalaya_2/config"].map(str::to_owned);
        assert_eq!(of(&disks(2)), disks(2));
        assert_eq!(of(&found), found);
        assert_eq!(of(&disks(ONE_BY_ONE_MAX)), disks(ONE_BY_ONE_MAX));
        assert_eq!(of(&disks(ONE_BY_ONE_MAX + 1)), ["atalaya/+/disk/#"]);
        // The smallest groups first: what is asked for by kind is what there is most of.
        let both: Vec<_> = disks(100).into_iter().chain(found.clone()).collect();
        assert_eq!(of(&both), [&["atalaya/+/disk/#".to_owned()][..], &found].concat());
    }

    #[test]
    fn any_topic_is_found() {
        for topic in ["a", "a/b", "a/b/c", "a/b/c/d/e", "/", "//", "///"] {
            assert_eq!(of(&[topic.to_owned()]), [topic]);
            of(&[topic.to_owned(), format!("{topic}/x")]);
        }
    }

    #[test]
    fn those_of_a_kind_follow_each_other() {
        let mut topics: Vec<_> = ["a/2/x/1", "a/1/y", "b", "a/1/x/2", "a/2/y"].map(|t| Sorted(Arc::from(t))).into();
        topics.sort();
        let topics: Vec<_> = topics.iter().map(|topic| topic.0.as_ref()).collect();
        assert_eq!(topics, ["a/1/x/2", "a/2/x/1", "a/1/y", "a/2/y", "b"]);
    }
}
