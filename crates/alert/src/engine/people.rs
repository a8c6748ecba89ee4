//! What people do: acknowledge, keep quiet, write down.

use super::Work;
use crate::action::{Part, Refused};
use crate::event::{Quiet, Target};
use crate::ids::{AlertKey, IncidentId, QuietId};
use crate::limits::QUIETS_MAX;
use crate::state::{Ack, Stage, What, cut};
use crate::time::Moment;

impl Work<'_> {
    pub(super) fn acknowledge(&mut self, what: &Target, who: &str, note: &str) {
        let keys: Vec<AlertKey> = match what {
            Target::Alert(key) => vec![key.clone()],
            Target::Incident(id) => {
                self.state.incidents.get(id).map(|one| one.firing.iter().cloned().collect()).unwrap_or_default()
            }
        };
        let ack = Ack { who: cut(who), at: self.now.wall, note: cut(note) };
        let done = keys.iter().filter(|key| self.acknowledge_one(key, &ack)).count();
        if done == 0 {
            self.refuse(Refused::Unknown);
        }
    }

    fn acknowledge_one(&mut self, key: &AlertKey, ack: &Ack) -> bool {
        let track = self.state.track(key).filter(|track| track.phase.fires());
        let Some(open) = track.and_then(|track| track.open.as_mut()) else { return false };
        open.ack = Some(ack.clone());
        let incident = open.incident;
        self.publish(key);
        self.write(incident, What::Acknowledged(key.clone()), &ack.who, &ack.note);
        true
    }

    /// It ends when its time has come by the wall clock, or when that much time has passed, whichever is first: a clock that
    /// is set back makes no silence longer.
    pub(super) fn quiet(&mut self, quiet: &Quiet) {
        let Ok(span) = u64::try_from(quiet.until.0.saturating_sub(self.now.wall.0)) else {
            return self.refuse(Refused::Over);
        };
        let quiets = &mut self.state.head.quiets;
        if quiets.len() >= QUIETS_MAX && !quiets.contains_key(&quiet.id) {
            return self.refuse(Refused::Quiets);
        }
        let ends = self.now.moment.after(span);
        let quiet = Quiet { who: cut(&quiet.who), why: cut(&quiet.why), ends, ..quiet.clone() };
        quiets.insert(quiet.id.clone(), quiet);
        self.dirty.insert(Part::Head);
    }

    pub(super) fn end_quiet(&mut self, id: &QuietId) {
        if self.state.head.quiets.remove(id).is_some() {
            self.dirty.insert(Part::Head);
        } else {
            self.refuse(Refused::Unknown);
        }
    }

    pub(super) fn end_quiets(&mut self) {
        let (wall, moment): (_, Moment) = (self.now.wall, self.now.moment);
        let before = self.state.head.quiets.len();
        self.state.head.quiets.retain(|_, quiet| quiet.until > wall && quiet.ends > moment);
        if self.state.head.quiets.len() < before {
            self.dirty.insert(Part::Head);
        }
    }

    /// People say how far an incident is; whether it is solved, its alerts say.
    pub(super) fn note(&mut self, id: IncidentId, who: &str, text: &str, stage: Option<Stage>) {
        let Some(incident) = self.state.incidents.get_mut(&id) else {
            return self.refuse(Refused::Unknown);
        };
        let stage = stage.filter(|stage| incident.firing.is_empty() || *stage < Stage::Solved);
        incident.stage = stage.unwrap_or(incident.stage);
        self.write(id, stage.map_or(What::Note, What::Stage), who, text);
    }
}
