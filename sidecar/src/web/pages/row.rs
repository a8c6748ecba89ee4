//! A node in the list of all.

use atalaya_alert::{Object, Presence};
use atalaya_wire::Sample;

use super::format::seconds_of;
use super::frame::Frame;
use super::mark;
use super::part::{Bar, Mark, State, When};
use super::said;
use crate::tower::{Link, NodeState};
use crate::web::view::View;

/// See the module.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) customer: String,
    pub(super) site: String,
    pub(super) mark: Mark,
    pub(super) state: State,
    /// Not there, or saying nothing.
    pub(super) away: bool,
    pub(super) since: Option<When>,
    pub(super) seen: i64,
    pub(super) heard: Option<When>,
    /// How far its clock is off, in words.
    pub(super) skew: Option<String>,
    pub(super) alerts: usize,
    pub(super) more: Option<More>,
    pub(super) fullest: f32,
    pub(super) backup_at: i64,
}

/// What has to be unpacked.
#[derive(Debug, Default)]
pub(super) struct More {
    /// Marks of disks, worst first.
    pub(super) disks: Option<State>,
    pub(super) room: Option<(String, String, Bar)>,
    pub(super) backup: Option<(State, Option<When>)>,
}

impl Row {
    /// What is known without unpacking anything.
    pub(super) fn brief(frame: &Frame, seen: &View<'_>, node: &NodeState) -> Self {
        let mark = overall(seen, node);
        let away = node.presence != Presence::Online;
        Self {
            id: node.row.name.clone(),
            title: node.row.title.clone(),
            customer: node.row.customer.clone(),
            site: node.row.site.clone(),
            mark,
            state: frame.state(mark),
            away,
            since: if away { frame.when(node.since) } else { None },
            seen: node.seen,
            heard: frame.when(node.seen),
            skew: node.skew.map(|seconds| frame.skew(seconds, ["clock.is_ahead", "clock.is_behind"])),
            alerts: seen.alerts_of(&node.row.name).filter(|alert| alert.phase.fires()).count(),
            more: None,
            fullest: -1.0,
            backup_at: 0,
        }
    }

    /// The rest.
    pub(super) fn fill(&mut self, frame: &Frame, seen: &View<'_>) {
        let Some(node) = seen.node(&self.id).filter(|_| self.more.is_none()) else { return };
        let mut more = More { disks: disks(frame, seen, node), ..More::default() };
        for (key, sample) in of_kind(node, "fs") {
            let Sample::FileSystem(fs) = sample else { continue };
            let Some(used) = fs.used_percent.filter(|used| *used > self.fullest) else { continue };
            self.fullest = used;
            let mark = said::worst(said::of_object(seen, &self.id, &key)).unwrap_or(Mark::Off);
            let shown = frame.language.with_unit("used_percent", f64::from(used));
            let place = fs.mount.as_deref().unwrap_or_default().to_owned();
            more.room = Some((place, shown, Bar::new(f64::from(used), mark)));
        }
        let mut worst = None;
        for (key, sample) in of_kind(node, "backup") {
            let Sample::Backup(backup) = &sample else { continue };
            let at = backup.succeeded_at.as_deref().and_then(seconds_of).unwrap_or(0);
            let state = said::worst(said::of_object(seen, &self.id, &key)).unwrap_or_else(|| mark::of(&sample));
            if worst.is_none_or(|(worst, oldest)| (state, at) < (worst, oldest)) {
                worst = Some((state, at));
                let word = frame.state_of(state, backup.result.as_deref().unwrap_or_default());
                more.backup = Some((word, frame.when(at)));
                self.backup_at = at;
            }
        }
        self.more = Some(more);
    }
}

/// What a node is like as a whole. What nobody can know now is unknown.
pub(super) fn overall(seen: &View<'_>, node: &NodeState) -> Mark {
    let worst = said::worst(seen.alerts_of(&node.row.name)).unwrap_or(Mark::Ok);
    let presence = match node.presence {
        _ if node.row.state == "new" => Mark::New,
        _ if *seen.link() != Link::Up => Mark::Unknown,
        Presence::Offline => Mark::Offline,
        Presence::Silent => Mark::Silent,
        Presence::Online if node.objects.is_empty() => Mark::Unknown,
        Presence::Online => Mark::Ok,
    };
    worst.min(presence)
}

/// All objects of a kind with what they say.
pub(super) fn of_kind<'a>(node: &'a NodeState, kind: &'static str) -> impl Iterator<Item = (Object, Sample)> + 'a {
    let all = node.objects.iter().filter(move |((known, _), _)| *known == kind);
    all.filter_map(move |((_, id), latest)| Some((Object::new(kind, id.as_str()), latest.sample()?)))
}

/// `4 all right`, or how many of them are the worst.
fn disks(frame: &Frame, seen: &View<'_>, node: &NodeState) -> Option<State> {
    let marks: Vec<Mark> = of_kind(node, "disk")
        .map(|(key, sample)| {
            said::worst(said::of_object(seen, &node.row.name, &key)).unwrap_or(Mark::Ok).min(mark::of(&sample))
        })
        .collect();
    let worst = *marks.iter().min()?;
    let bad = marks.iter().filter(|mark| **mark == worst).count();
    let all = marks.len().to_string();
    let word = match worst {
        Mark::Ok => frame.fill("disks.ok", &[("all", &all)]),
        Mark::Unknown => frame.fill("disks.unknown", &[("count", &bad.to_string()), ("all", &all)]),
        _ => frame.fill("disks.bad", &[("count", &bad.to_string()), ("all", &all)]),
    };
    Some(State { mark: worst, word })
}
