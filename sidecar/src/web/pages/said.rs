//! An alert as pages show it.

use std::cmp::Ordering;

use atalaya_alert::{AlertState, Mute, Object, Rules};
use atalaya_wire::{ObjectId, Sample};

use super::frame::Frame;
use super::part::{Mark, State, When};
use crate::tower::OWN;
use crate::web::view::View;
use crate::web::words::Language;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) state: State,
    pub(super) title: String,
    pub(super) node: String,
    pub(super) node_title: String,
    /// As in the alert's key.
    pub(super) object: String,
    /// What people call it.
    pub(super) label: String,
    pub(super) shown: String,
    pub(super) since: i64,
    pub(super) when: Option<When>,
    pub(super) rule: String,
    /// Where it stands on the page of alerts.
    pub(super) anchor: String,
    pub(super) incident: u64,
    /// Who takes care, or why nobody is told.
    pub(super) aside: String,
    pub(super) is_acknowledged: bool,
}

impl Said {
    pub(super) fn new(frame: &Frame, seen: &View<'_>, rules: &Rules, alert: &AlertState) -> Self {
        let key = &alert.alert;
        let rule = rules.get(&key.rule, &key.node, &key.object);
        let of = |words: &atalaya_alert::rule::Words| match frame.language {
            Language::En => words.en.clone(),
            Language::Es => words.es.clone(),
        };
        let node = seen.node(key.node.as_str());
        Self {
            state: frame.state(alert.severity.into()),
            title: rule.map_or_else(|| key.rule.as_str().to_owned(), |rule| of(&rule.title)),
            node: key.node.as_str().to_owned(),
            node_title: match node {
                Some(node) => node.row.title.clone(),
                None if key.node.as_str() == OWN => frame.t("node.tower").to_owned(),
                None => key.node.as_str().to_owned(),
            },
            object: key.object.as_str().to_owned(),
            label: label_of(frame, seen, key.node.as_str(), key.object.view(), key.object.id()),
            shown: of(&alert.shown),
            since: alert.since.0,
            when: frame.when(alert.since.0),
            rule: key.rule.as_str().to_owned(),
            anchor: format!("a{:08x}", atalaya_wire::fnv(&key.to_string())),
            incident: alert.incident.0,
            aside: aside(frame, rules, alert),
            is_acknowledged: alert.ack.is_some(),
        }
    }
}

fn aside(frame: &Frame, rules: &Rules, alert: &AlertState) -> String {
    if let Some(ack) = &alert.ack {
        let who = if ack.who.is_empty() { frame.t("somebody") } else { &ack.who };
        let text = frame.fill("alert.acknowledged", &[("who", who), ("ago", &frame.ago(ack.at.0))]);
        return if ack.note.is_empty() { text } else { format!("{text}: {}", ack.note) };
    }
    match &alert.mute {
        None => String::new(),
        Some(Mute::Silence(_)) => frame.t("alert.silenced").to_owned(),
        Some(Mute::Maintenance(_)) => frame.t("alert.maintenance").to_owned(),
        Some(Mute::Depends(id)) => {
            let known = rules.iter().find(|rule| rule.id == *id);
            let title = known.map_or(id.as_str(), |rule| super::rules::of(frame, &rule.title));
            frame.fill("alert.depends", &[("rule", title)])
        }
        Some(Mute::Unrouted) => frame.t("alert.unrouted").to_owned(),
    }
}

/// What people call an object; its id where nothing says.
pub(super) fn label_of(frame: &Frame, seen: &View<'_>, node: &str, view: &str, id: &str) -> String {
    let found = seen.node(node).and_then(|state| {
        let object = ObjectId::parse(id)?;
        let (_, latest) = state.objects.iter().find(|((kind, known), _)| *kind == view && *known == object)?;
        label(frame, &latest.sample()?)
    });
    found.unwrap_or_else(|| if id.is_empty() { String::new() } else { id.to_owned() })
}

/// What a sample calls itself.
pub(super) fn label(frame: &Frame, sample: &Sample) -> Option<String> {
    if let Sample::Upkeep(upkeep) = sample {
        let (name, task) = upkeep.name.as_deref().zip(upkeep.task.as_deref())?;
        // A repository may be copied to several places.
        let to = upkeep.repo.as_deref().filter(|_| task == "copy").map(|repo| format!(" {repo}")).unwrap_or_default();
        return (!name.is_empty()).then(|| format!("{name}: {}{to}", frame.value(task)));
    }
    let name = match sample {
        Sample::Disk(disk) => disk.name.as_deref(),
        Sample::FileSystem(fs) => fs.mount.as_deref(),
        Sample::Raid(raid) => raid.name.as_deref(),
        Sample::Net(net) => net.name.as_deref(),
        Sample::Ups(ups) => ups.name.as_deref(),
        Sample::Service(service) => service.name.as_deref(),
        Sample::Backup(backup) => backup.job.as_deref(),
        Sample::Policy(policy) => policy.job.as_deref(),
        Sample::Store(store) => store.repo.as_deref(),
        Sample::Dns(dns) => dns.host.as_deref(),
        Sample::NoIp(noip) => noip.host.as_deref(),
        Sample::Cert(cert) => cert.name.as_deref(),
        Sample::Log(log) => log.name.as_deref(),
        _ => None,
    };
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Worst first, then those that nobody takes care of, then the oldest.
pub(super) fn order(a: &Said, b: &Said) -> Ordering {
    let key = |said: &Said| (said.state.mark, said.is_acknowledged, said.since);
    key(a).cmp(&key(b)).then_with(|| (&a.node, &a.object, &a.rule).cmp(&(&b.node, &b.object, &b.rule)))
}

pub(super) fn worst_first(all: &mut [Said]) {
    all.sort_by(order);
}

/// The worst that is said of something; nothing that was silenced or planned.
pub(super) fn worst<'a>(alerts: impl Iterator<Item = &'a AlertState>) -> Option<Mark> {
    let counts = |alert: &&AlertState| {
        let quiet = matches!(alert.mute, Some(Mute::Silence(_) | Mute::Maintenance(_)));
        alert.phase.fires() && !quiet
    };
    alerts.filter(counts).map(|alert| alert.severity.into()).min()
}

/// What is said of an object.
pub(super) fn of_object<'a>(
    seen: &View<'a>,
    node: &'a str,
    object: &'a Object,
) -> impl Iterator<Item = &'a AlertState> + use<'a> {
    seen.alerts_of(node).filter(move |alert| alert.alert.object == *object)
}
