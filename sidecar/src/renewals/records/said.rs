//! What a node says of its public address, from its views as they are in memory.

use atalaya_alert::Presence;
use atalaya_wire::Sample;
use atalaya_wire::view::Dns;

use super::decide::Said;
use crate::tower::{Latest, NodeState, Seen};

/// What the node of this id says now.
pub(super) fn said(seen: &Seen, node: &str) -> Said {
    let Some(node) = seen.nodes.get(node) else { return Said::NoSuchNode };
    if node.presence != Presence::Online {
        return Said::Away;
    }
    let mut views = views(node);
    // The newest word on each counts.
    views.sort_by_key(|(read_at, _)| std::cmp::Reverse(*read_at));
    let Some((_, newest)) = views.first() else { return Said::Nothing };
    let text = |of: fn(&Dns) -> Option<&str>| views.iter().find_map(|(_, view)| of(view));
    Said::Here {
        v4: text(|view| view.public_ipv4.as_deref()).and_then(|text| text.parse().ok()),
        v6: text(|view| view.public_ipv6.as_deref()).and_then(|text| text.parse().ok()),
        cgnat: newest.cgnat == Some(true),
    }
}

/// What the broker had kept is of before the start, and may be of before the last address.
fn views(node: &NodeState) -> Vec<(i64, Dns)> {
    let live = node.objects.iter().filter(|((kind, _), latest)| *kind == "dns" && !latest.retained);
    let view = |latest: &Latest| if let Some(Sample::Dns(view)) = latest.sample() { Some(view) } else { None };
    live.filter_map(|(_, latest)| Some((latest.read_at, view(latest)?))).collect()
}
