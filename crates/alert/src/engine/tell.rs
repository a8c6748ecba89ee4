//! Who is told what: once for each transition, together with what belongs to it.

use std::collections::{BTreeMap, BTreeSet};

use super::mute::Active;
use super::{Work, id};
use crate::action::{Action, Kind, Notification, Told};
use crate::ids::{AlertKey, IncidentId, NodeId, RuleId};
use crate::limits::{GROUP_INTERVAL_SECONDS, GROUP_WAIT_SECONDS, NOTICES_PER_TICK_MAX};
use crate::rule::{Rule, Severity};
use crate::state::{Incident, Mute, Open, Phase, What};
use crate::time::Moment;
use crate::words;

/// Something owed.
struct Want {
    key: AlertKey,
    kind: Kind,
    to: Vec<String>,
    severity: Severity,
}

/// A notification without its text.
#[derive(Default)]
struct Draft {
    incidents: BTreeSet<IncidentId>,
    keys: Vec<AlertKey>,
}

impl Work<'_> {
    pub(super) fn tell(&mut self) {
        let mut drafts: BTreeMap<(String, Kind), Vec<Draft>> = BTreeMap::new();
        let mut told = Vec::new();
        let owed = self.owed();
        self.rest(&owed);
        for (incident, wants) in owed {
            let ready = self.ready(incident, &wants);
            let mut here: BTreeMap<(String, Kind), Draft> = BTreeMap::new();
            // Whom nobody answered waits for nothing.
            for want in wants.into_iter().filter(|want| ready || want.kind == Kind::Escalated) {
                for to in &want.to {
                    let draft = here.entry((to.clone(), want.kind)).or_default();
                    draft.incidents.insert(incident);
                    draft.keys.push(want.key.clone());
                }
                told.push((incident, want));
            }
            for (place, draft) in here {
                drafts.entry(place).or_default().push(draft);
            }
        }
        if drafts.values().any(|drafts| drafts.len() > NOTICES_PER_TICK_MAX) {
            let worst = told.iter().map(|(_, want)| want.severity).max();
            self.state.head.storm = worst.map(|severity| (self.now.moment, severity));
        }
        for ((to, kind), drafts) in drafts {
            merged(drafts).into_iter().for_each(|draft| self.notify(kind, &to, &draft));
        }
        told.iter().for_each(|(incident, want)| self.mark(*incident, want));
    }

    /// All that is owed and not muted, by incident.
    fn owed(&mut self) -> BTreeMap<IncidentId, Vec<Want>> {
        let mut owed: BTreeMap<IncidentId, Vec<Want>> = BTreeMap::new();
        let mut of: Option<(NodeId, Active)> = None;
        for key in self.open_keys() {
            if of.as_ref().is_none_or(|(node, _)| *node != key.node) {
                of = Some((key.node.clone(), self.active(&key.node)));
            }
            let Some((_, active)) = &of else { continue };
            let rule = self.rules.get(&key.rule, &key.node, &key.object);
            let mute = rule.and_then(|rule| self.mute(&key, rule, active));
            self.hush(&key, mute);
            let now = self.now.moment;
            let Some(track) = self.state.track(&key) else { continue };
            let (phase, Some(open)) = (track.phase, track.open.as_ref()) else { continue };
            if let Some((kind, to)) = wanted(phase, open, rule, now) {
                let want = Want { kind, to, severity: open.severity, key };
                owed.entry(open.incident).or_default().push(want);
            }
        }
        owed
    }

    fn open_keys(&self) -> Vec<AlertKey> {
        let mut keys = Vec::new();
        for (node, one) in &self.state.nodes {
            for (object, thing) in one.things.iter() {
                let open = thing.tracks.iter().filter(|(_, track)| track.open.is_some());
                let key = |rule: &RuleId| AlertKey { node: node.clone(), object: object.clone(), rule: rule.clone() };
                keys.extend(open.map(|(rule, _)| key(rule)));
            }
        }
        keys
    }

    /// Sets why it is muted now. When a silence or maintenance has ended and it still fires, that is owed.
    fn hush(&mut self, key: &AlertKey, mute: Option<Mute>) {
        let Some(track) = self.state.track(key) else { return };
        let fires = track.phase.fires();
        let Some(open) = track.open.as_mut() else { return };
        let mut changed = open.mute != mute;
        match &mute {
            Some(Mute::Silence(_) | Mute::Maintenance(_)) if fires => open.hush.clone_from(&mute),
            None if fires => {
                if let Some(hushed) = open.hush.take() {
                    changed = true;
                    open.say = Some(match (hushed, open.told) {
                        (Mute::Maintenance(_), None) => Kind::Fired,
                        (Mute::Maintenance(_), Some(_)) => Kind::StillFiring,
                        _ => Kind::SilenceEnded,
                    });
                }
            }
            _ => {}
        }
        open.mute = mute;
        if changed {
            self.publish(key);
        }
    }

    /// What owes nothing now waits for nothing.
    fn rest(&mut self, owed: &BTreeMap<IncidentId, Vec<Want>>) {
        let idle = self.state.incidents.iter_mut().filter(|(id, one)| one.waiting.is_some() && !owed.contains_key(id));
        idle.for_each(|(_, one)| one.waiting = None);
    }

    /// Whether it has waited for what belongs to it, and long enough since it was last told.
    fn ready(&mut self, id: IncidentId, wants: &[Want]) -> bool {
        let now = self.now.moment;
        let fresh = wants.iter().filter(|want| want.kind != Kind::Resolved).map(|want| want.severity).max();
        // Of a storm people know: what comes after it is told together, unless it is worse.
        let storm = self.state.head.storm.filter(|(at, _)| now.since(*at) < GROUP_INTERVAL_SECONDS);
        // An incident that had to make room keeps nobody waiting.
        let Some(incident) = self.state.incidents.get_mut(&id) else { return true };
        let graver = fresh > incident.told;
        let first = incident.waiting.get_or_insert(now).after(GROUP_WAIT_SECONDS);
        if storm.is_some_and(|(_, worst)| fresh <= Some(worst)) {
            return false;
        }
        let next = incident.flushed.filter(|_| !graver).map(|at| at.after(GROUP_INTERVAL_SECONDS));
        now >= first.max(next.unwrap_or_default())
    }

    fn notify(&mut self, kind: Kind, to: &str, draft: &Draft) {
        let (mut alerts, mut counts) = (Vec::new(), Vec::new());
        for key in &draft.keys {
            let name = self.state.nodes.get(&key.node).and_then(|node| node.name.clone());
            let rule = self.rules.get(&key.rule, &key.node, &key.object);
            let Some(open) = self.state.track(key).and_then(|track| track.open.as_ref()) else { continue };
            counts.push(open.tellings);
            alerts.push(about(key, open, rule, name));
        }
        let severity = alerts.iter().map(|told| told.severity).max().unwrap_or(Severity::Low);
        let id = id::id(kind, to, &alerts, &counts);
        for incident in &draft.incidents {
            self.write(*incident, What::Told { kind, to: to.to_owned(), id: id.clone() }, "", "");
        }
        self.out.push(Action::Notify(Notification {
            subject: words::subject(kind, severity, &alerts),
            body: words::body(&alerts),
            id,
            kind,
            to: to.to_owned(),
            severity,
            incidents: draft.incidents.iter().copied().collect(),
            alerts,
        }));
    }

    /// It was told.
    fn mark(&mut self, id: IncidentId, want: &Want) {
        let now = self.now.moment;
        let incident = self.state.incidents.get_mut(&id).filter(|_| want.kind != Kind::Escalated);
        if let Some(incident) = incident {
            let severity = if want.kind == Kind::Resolved { incident.told } else { Some(want.severity) };
            incident.told = incident.told.max(severity);
            (incident.flushed, incident.waiting) = (Some(now), None);
        }
        if want.kind == Kind::Resolved {
            return self.close(&want.key);
        }
        let Some(open) = self.state.track(&want.key).and_then(|track| track.open.as_mut()) else { return };
        match want.kind {
            Kind::Escalated => open.steps += 1,
            // Escalation begins with what people were told last of their own accord, not during a silence.
            kind if open.say == Some(kind) => (open.say, open.told_first) = (None, now),
            _ => {}
        }
        open.told = Some(now);
        open.tellings += 1;
        for to in want.to.iter().filter(|to| !open.told_to.contains(to)).cloned().collect::<Vec<_>>() {
            open.told_to.push(to);
        }
        self.touch(&want.key.node);
    }
}

/// What is owed of this alert, and to whom.
fn wanted(phase: Phase, open: &Open, rule: Option<&Rule>, now: Moment) -> Option<(Kind, Vec<String>)> {
    let first = || rule.and_then(|rule| rule.to.clone()).into_iter();
    if !phase.fires() {
        // That another alert explains it does not keep its end from those who know of it.
        let kept = matches!(open.mute, Some(Mute::Silence(_) | Mute::Maintenance(_)));
        let to = if open.told.is_some() { open.told_to.clone() } else { first().collect() };
        return (!kept).then_some((Kind::Resolved, to));
    }
    let rule = rule.filter(|_| open.mute.is_none())?;
    if let Some(kind) = open.say {
        let to: BTreeSet<String> = first().chain(open.told_to.iter().cloned()).collect();
        return Some((kind, to.into_iter().collect()));
    }
    let told = open.told.filter(|_| open.ack.is_none() && phase == Phase::Firing)?;
    if let Some(step) = rule.escalate.get(open.steps).filter(|step| now.since(open.told_first) >= step.after) {
        return Some((Kind::Escalated, vec![step.to.clone()]));
    }
    let again = rule.repeat.is_some_and(|span| now.since(told) >= span);
    again.then(|| (Kind::StillFiring, open.told_to.clone()))
}

fn about(key: &AlertKey, open: &Open, rule: Option<&Rule>, name: Option<String>) -> Told {
    Told {
        alert: key.clone(),
        episode: open.episode,
        severity: open.severity,
        title: open.title.clone(),
        node_name: name.unwrap_or_else(|| key.node.to_string()),
        label: open.label.clone(),
        shown: open.shown.clone(),
        since: open.since,
        runbook: rule.map(|rule| rule.runbook.clone()).unwrap_or_default(),
        link: rule.map(|rule| rule.link.clone()).unwrap_or_default(),
    }
}

/// When much happens at once, one notification says so.
fn merged(drafts: Vec<Draft>) -> Vec<Draft> {
    if drafts.len() <= NOTICES_PER_TICK_MAX {
        return drafts;
    }
    let mut all = Draft::default();
    for draft in drafts {
        all.incidents.extend(draft.incidents);
        all.keys.extend(draft.keys);
    }
    vec![all]
}

impl Incident {
    /// Whether some alert of it fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        !self.firing.is_empty()
    }
}
