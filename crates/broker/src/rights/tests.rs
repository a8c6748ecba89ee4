use mqtt5::topic_matches_filter;
use proptest::prelude::*;

use super::*;

const ACL: &str = include_str!("../../../../docs/examples/mosquitto.acl");

fn node() -> Who {
    Who::Node("nas".parse().unwrap())
}

fn tool(may: ToolRights) -> Who {
    Who::Tool { name: "home".into(), may }
}

fn rights() -> Rights {
    Rights::new("atalaya", "homeassistant")
}

/// A topic that a filter of the list matches.
fn example(filter: &str) -> String {
    filter.replace("%u", "nas").replace('+', "x").replace('#', "x/y")
}

/// Every right of Mosquitto's list is one here too, for the same account.
#[test]
fn what_the_shipped_list_allows_is_allowed() {
    let mut who = node();
    let mut seen = 0;
    for line in ACL.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["user", "homeassistant"] => who = tool(ToolRights::HomeAssistant),
            ["user", "grafana"] => who = tool(ToolRights::Read),
            ["user", "sidecar"] => who = Who::Own,
            ["pattern" | "topic", how, topic] => {
                seen += 1;
                if how != "write" {
                    let filter = topic.replace("%u", "nas");
                    assert_eq!(rights().may(&who, Act::Subscribe, &filter), Ok(()), "{who:?} {line}");
                }
                // Home Assistant may write its whole tree there; here its birth, which is all that it writes.
                let topic = if topic == "homeassistant/#" { "homeassistant/status" } else { topic };
                if how != "read" {
                    assert_eq!(rights().may(&who, Act::Publish, &example(topic)), Ok(()), "{who:?} {line}");
                }
            }
            _ => panic!("{line}"),
        }
    }
    assert!(seen > 30);
}

#[test]
fn what_is_not_ones_own_is_refused_with_the_reason() {
    use Act::{Publish, Subscribe};
    let read = tool(ToolRights::Read);
    let home = tool(ToolRights::HomeAssistant);
    let table = [
        (node(), Publish, "atalaya/nas/ack", Why::NotByNodes),
        (node(), Publish, "atalaya/nas/cmd/refresh", Why::NotByNodes),
        (node(), Publish, "atalaya/nas/cmd/a/b/result", Why::NotByNodes),
        (node(), Publish, "atalaya/nas/cmd", Why::NotByNodes),
        (node(), Publish, "atalaya/nas", Why::NotYours),
        (node(), Publish, "atalaya/nas2/status", Why::NotYours),
        (node(), Publish, "atalaya/_sidecar/status", Why::NotYours),
        (node(), Publish, "other/nas/status", Why::NotYours),
        (node(), Publish, "homeassistant/device/atalaya_nas2/config", Why::NotYours),
        (node(), Publish, "homeassistant/device/atalaya_nas_tower/config", Why::NotYours),
        (node(), Publish, "homeassistant/status", Why::NotYours),
        (node(), Publish, "$SYS/x", Why::System),
        (node(), Subscribe, "atalaya/+/status", Why::NotYours),
        (node(), Subscribe, "atalaya/#", Why::NotYours),
        (node(), Subscribe, "+/nas/ack", Why::NotYours),
        (node(), Subscribe, "#", Why::NotYours),
        (node(), Subscribe, "homeassistant/#", Why::NotYours),
        (node(), Subscribe, "$share/g/atalaya/nas/ack", Why::System),
        (read.clone(), Publish, "atalaya/nas/cmd/refresh", Why::ReadOnly),
        (read.clone(), Subscribe, "#", Why::NotYours),
        (read, Subscribe, "+/#", Why::NotYours),
        (home.clone(), Publish, "atalaya/nas/cmd/repair", Why::NotYours),
        (home.clone(), Publish, "atalaya/nas/ack", Why::NotYours),
        (home.clone(), Publish, "atalaya/nas/cmd/refresh/result", Why::NotYours),
        (home, Publish, "homeassistant/device/atalaya_nas/config", Why::NotYours),
        (Who::Anybody, Publish, "$SYS/x", Why::System),
        (Who::Anybody, Subscribe, "$SYS/#", Why::System),
        (Who::Own, Subscribe, "$share/g/#", Why::System),
    ];
    for (who, act, topic, why) in table {
        assert_eq!(rights().may(&who, act, topic), Err(why), "{who:?} {act:?} {topic}");
    }
}

#[test]
fn without_discovery_there_are_no_topics_of_it() {
    let rights = Rights::new("site/atalaya", "");
    assert_eq!(rights.may(&node(), Act::Subscribe, ""), Err(Why::NotYours));
    assert_eq!(rights.may(&node(), Act::Subscribe, "/status"), Err(Why::NotYours));
    assert_eq!(rights.may(&node(), Act::Publish, "/device/atalaya_nas/config"), Err(Why::NotYours));
    assert_eq!(rights.may(&node(), Act::Publish, "site/atalaya/nas/status"), Ok(()));
    assert_eq!(rights.node_of("site/atalaya/nas/status"), Some("nas"));
    assert_eq!(rights.node_of("site/atalaya/_sidecar/status"), None);
    assert_eq!(rights.node_of("site/atalayas/nas"), None);
}

#[test]
fn a_client_id_is_a_nodes_or_it_is_not() {
    let table = [
        (node(), "atalaya-nas", Ok(())),
        (node(), "atalaya-nas2", Err(Why::ClientId)),
        (node(), "nas", Err(Why::ClientId)),
        (node(), "", Err(Why::ClientId)),
        (tool(ToolRights::Read), "1x0Vcnrh9tkw1lRzK8uQwD", Ok(())),
        (tool(ToolRights::Read), "atalaya-nas", Err(Why::ClientId)),
        (Who::Anybody, "atalaya-nas", Ok(())),
        (Who::Own, "x", Ok(())),
    ];
    for (who, id, expected) in table {
        assert_eq!(rights().may_be(&who, id), expected, "{who:?} {id}");
    }
}

/// All topics of up to four levels, of names that stand in rights and of one that stands nowhere.
fn topics() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut last = vec![String::new()];
    for depth in 0..4 {
        let longer = |base: &String| {
            ["atalaya", "nas", "cmd", "else"]
                .map(|name| if depth == 0 { name.to_owned() } else { format!("{base}/{name}") })
        };
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn filter() -> impl Strategy<Value = String> {
    let level =
        prop_oneof![3 => Just("atalaya"), 3 => Just("nas"), 1 => Just("cmd"), 1 => Just("other"), 2 => Just("+")];
    (prop::collection::vec(level, 1..4), any::<bool>()).prop_map(|(mut levels, open)| {
        if open {
            levels.push("#");
        }
        levels.join("/")
    })
}

proptest! {
    /// Against brute force: a filter is within a right exactly if no topic is matched by it and not by the right.
    #[test]
    fn a_filter_is_allowed_if_all_that_it_matches_is(right in filter(), filter in filter()) {
        let all = topics();
        let outside = all.iter().find(|topic| topic_matches_filter(topic, &filter) && !topic_matches_filter(topic, &right));
        let matches_any = all.iter().any(|topic| topic_matches_filter(topic, &filter));
        if covers(&right, &filter) {
            prop_assert_eq!(outside, None);
        } else if matches_any {
            prop_assert!(outside.is_some(), "{} is within {}", filter, right);
        }
    }
}
