//! Who a node is and how it is reached.

use atalaya_alert::Presence;
use atalaya_wire::{ObjectId, Sample};

use super::{Look, row};
use crate::web::pages::part::{State, When};

/// See the module.
pub(super) struct Head {
    pub(super) id: String,
    /// What its page listens to.
    pub(super) topics: String,
    pub(super) title: String,
    pub(super) state: State,
    /// Whether it is there, and since when.
    pub(super) presence: String,
    pub(super) since: Option<When>,
    pub(super) heard: Option<When>,
    /// Customer and site.
    pub(super) place: String,
    pub(super) is_new: bool,
    /// Names with what they have.
    pub(super) facts: Vec<(String, String)>,
    /// How far its clock is off, in words.
    pub(super) skew: Option<String>,
}

impl Head {
    pub(super) fn new(look: &Look<'_>) -> Self {
        let (frame, node) = (look.frame, look.node);
        let presence = match node.presence {
            Presence::Online => "presence.online",
            Presence::Offline => "presence.offline",
            Presence::Silent => "presence.silent",
        };
        let place = [&node.row.customer, &node.row.site].map(String::as_str);
        let keys = ["clock.ahead", "clock.behind"];
        Self {
            id: node.row.name.clone(),
            topics: format!("node:{},alerts", node.row.name),
            title: node.row.title.clone(),
            state: frame.state(row::overall(look.seen, node)),
            presence: frame.t(presence).to_owned(),
            since: frame.when(node.since),
            heard: frame.when(node.seen),
            place: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            is_new: node.row.state == "new",
            facts: facts(look),
            skew: node.skew.map(|seconds| frame.skew(seconds, keys)),
        }
    }
}

fn facts(look: &Look<'_>) -> Vec<(String, String)> {
    let address = look.things("net").find_map(|thing| match &thing.sample {
        Sample::Net(net) if net.up == Some(true) => net.ipv4.as_deref().or(net.ipv6.as_deref()).map(str::to_owned),
        _ => None,
    });
    let meta = match look.node.sample("meta", &ObjectId::only()) {
        Some(Sample::Meta(meta)) => meta,
        _ => Default::default(),
    };
    let text = |text: &Option<atalaya_wire::Text>| text.as_deref().map(str::to_owned);
    let all = [
        ("fact.model", text(&meta.model)),
        ("fact.system", text(&meta.os)),
        ("fact.kernel", text(&meta.kernel)),
        ("fact.architecture", text(&meta.architecture)),
        ("fact.agent", Some(look.node.version.clone())),
        ("fact.address", address),
        ("fact.id", Some(look.node.row.name.clone())),
    ];
    let known = |(key, value): (&str, Option<String>)| {
        Some((look.frame.t(key).to_owned(), value.filter(|value| !value.is_empty())?))
    };
    all.into_iter().filter_map(known).collect()
}
