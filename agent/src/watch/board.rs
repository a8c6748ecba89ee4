//! What is known now, what of it was told, and to whom it still has to be told. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::event::Changed;
use atalaya_wire::view::Value;
use atalaya_wire::{ObjectId, Sample, Topics, text};

/// Keys whose change is worth a record: what an alert or a history asks for.
const TURNS: &[(&str, &str)] = &[
    ("disk", "health"),
    ("disk", "power"),
    ("fs", "state"),
    ("raid", "state"),
    ("net", "up"),
    ("ups", "state"),
    ("service", "up"),
    ("dns", "state"),
    ("noip", "state"),
    ("cert", "state"),
    ("updates", "reboot_required"),
    ("probe", "state"),
    ("upkeep", "verdict"),
    ("policy", "verdict"),
    ("store", "state"),
];
/// Kinds that no probe tells: what the configuration says of backups, where they lie, and whether they are enough.
pub(super) const OWN: [&str; 4] = ["backup", "upkeep", "store", "policy"];
/// Objects: more disks, mounts and services than any NAS has.
pub(super) const OBJECTS_MAX: usize = 512;

/// One object's latest sample.
#[derive(Debug)]
struct Entry {
    sample: Sample,
    /// What was last told, and when.
    told: Option<(Sample, Duration)>,
    ts: i64,
    seq: u64,
    /// One bit for each output that has not got it.
    due: u8,
    /// Whether it was seen since the configuration was read.
    fresh: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Board {
    /// In boxes, because an entry has 2 KiB and a map keeps places for more than it holds.
    entries: BTreeMap<(&'static str, ObjectId), Box<Entry>>,
    outputs: u8,
    heartbeat: Duration,
    generation: u64,
}

impl Board {
    pub(super) fn new(outputs: usize, heartbeat: Duration) -> Self {
        Self { entries: BTreeMap::new(), outputs: bits(outputs), heartbeat, generation: 0 }
    }

    /// Another configuration: everything has to be seen anew, and told anew.
    pub(super) fn again(&mut self, outputs: usize, heartbeat: Duration) {
        (self.outputs, self.heartbeat) = (bits(outputs), heartbeat);
        for entry in self.entries.values_mut() {
            (entry.due, entry.fresh) = (self.outputs, false);
        }
    }

    /// Which objects there are: another number whenever that changes.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes a sample; gives what turned, if something did that is worth a record. `now` is since the start of the
    /// machine, `ts` by the wall clock in seconds.
    pub(super) fn see(&mut self, id: ObjectId, sample: Sample, now: Duration, ts: i64) -> Option<Changed> {
        if self.is_full_for(&sample, &id) {
            return None;
        }
        let key = (sample.name(), id);
        let Some(entry) = self.entries.get_mut(&key) else {
            let due = self.outputs;
            let told = Some((sample.clone(), now));
            self.entries.insert(key, Box::new(Entry { told, sample, ts, seq: 1, due, fresh: true }));
            self.generation += 1;
            return None;
        };
        let changed = turned(&entry.sample, &sample);
        let worth = match &entry.told {
            Some((told, at)) => sample.differs(told).is_some() || now.saturating_sub(*at) >= self.heartbeat,
            None => true,
        };
        entry.sample = sample;
        (entry.ts, entry.fresh) = (ts, true);
        if worth {
            entry.told = Some((entry.sample.clone(), now));
            entry.seq += 1;
            entry.due = self.outputs;
        }
        changed
    }

    /// Whether it is new, and there are so many already that it is left out.
    pub(super) fn is_full_for(&self, sample: &Sample, id: &ObjectId) -> bool {
        self.entries.len() >= OBJECTS_MAX && !self.has(sample.name(), id)
    }

    /// What nobody reads again and again by itself, and was last told a heartbeat ago: it is told again.
    pub(super) fn silent(&self, now: Duration) -> Vec<(ObjectId, Sample)> {
        let old = |entry: &Entry| entry.told.as_ref().is_some_and(|(_, at)| now.saturating_sub(*at) >= self.heartbeat);
        let each = self.entries.iter().filter(|((name, _), _)| OWN.contains(name) || *name == "meta");
        let each = each.filter(|(_, entry)| old(entry));
        each.map(|((_, id), entry)| (id.clone(), entry.sample.clone())).collect()
    }

    /// Everything has to be told anew to this output, or to all.
    pub(super) fn tell_all(&mut self, output: Option<usize>) {
        let bits = output.map_or(self.outputs, |number| 1 << number);
        for entry in self.entries.values_mut() {
            entry.due |= bits;
        }
    }

    /// The next view that this output has not got, and which it is; it counts as told if `offer` takes it.
    pub(super) fn tell_next(
        &mut self,
        output: usize,
        topics: &Topics,
        offer: impl FnOnce(String, Vec<u8>) -> bool,
    ) -> Option<(&'static str, ObjectId)> {
        let bit = 1 << output;
        let ((name, id), entry) = self.entries.iter_mut().find(|(_, entry)| entry.due & bit != 0)?;
        let payload = entry.sample.json(entry.ts, entry.seq);
        if !offer(topics.view_named(name, id), payload) {
            return None;
        }
        entry.due &= !bit;
        Some((name, id.clone()))
    }

    /// Takes an object off.
    pub(super) fn remove(&mut self, name: &str, id: &ObjectId) {
        self.retain(|known, other| known != name || other != id);
    }

    /// Takes off all of [`OWN`] but what is to be kept.
    pub(super) fn retain_own(&mut self, keep: impl Fn(&str, &ObjectId) -> bool) {
        self.retain(|name, id| !OWN.contains(&name) || keep(name, id));
    }

    fn retain(&mut self, keep: impl Fn(&str, &ObjectId) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|(name, id), _| keep(name, id));
        self.generation += u64::from(self.entries.len() != before);
    }

    /// Whether there is such an object.
    pub(super) fn has(&self, name: &str, id: &ObjectId) -> bool {
        self.entries.keys().any(|(known, other)| *known == name && other == id)
    }

    /// Whether it was seen since the configuration was read.
    pub(super) fn is_fresh(&self, name: &str, id: &ObjectId) -> bool {
        self.entries.iter().any(|((known, other), entry)| *known == name && other == id && entry.fresh)
    }

    /// Whether that was the latest of it, and told less than a heartbeat ago.
    pub(super) fn has_told(&self, id: &ObjectId, sample: &Sample, now: Duration) -> bool {
        let entry = self.entries.get(&(sample.name(), id.clone()));
        let told = entry.filter(|entry| entry.sample == *sample).and_then(|entry| entry.told.as_ref());
        told.is_some_and(|(_, at)| now.saturating_sub(*at) < self.heartbeat)
    }

    /// Which objects of a kind there are.
    pub(super) fn ids(&self, name: &str) -> impl Iterator<Item = &ObjectId> {
        self.entries.keys().filter(move |(known, _)| *known == name).map(|(_, id)| id)
    }

    /// All objects of a kind.
    pub(super) fn of(&self, name: &str) -> Vec<(&ObjectId, &Sample)> {
        let all = self.entries.iter().filter(|((known, _), _)| *known == name);
        all.map(|((_, id), entry)| (id, &entry.sample)).collect()
    }

    /// All objects, for discovery.
    pub(super) fn objects(&self) -> Vec<(&ObjectId, &Sample)> {
        self.entries.iter().map(|((_, id), entry)| (id, &entry.sample)).collect()
    }

    /// The sample of one object.
    pub(super) fn get(&self, name: &'static str, id: &ObjectId) -> Option<&Sample> {
        self.entries.get(&(name, id.clone())).map(|entry| &entry.sample)
    }
}

/// One bit for each of so many.
const fn bits(outputs: usize) -> u8 {
    ((1_u16 << outputs) - 1) as u8
}

fn turned(old: &Sample, new: &Sample) -> Option<Changed> {
    let (view, key) = TURNS.iter().find(|(view, key)| *view == new.name() && word(old, key) != word(new, key))?;
    Some(Changed {
        view: text(view),
        key: text(key),
        from: text(&word(old, key)),
        to: text(&word(new, key)),
        problem: text(&word(new, "problem")),
    })
}

fn word(sample: &Sample, key: &str) -> String {
    let at = sample.fields().iter().position(|field| field.key == key);
    match at.map(|at| sample.value(at)) {
        Some(Value::Text(words)) => words.to_owned(),
        Some(Value::Flag(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use atalaya_wire::view::{Raid, System};

    use super::*;

    fn topics() -> Topics {
        Topics::new("atalaya", "nas".parse().unwrap()).unwrap()
    }

    fn system(cpu: f32) -> Sample {
        System { cpu_percent: Some(cpu), ..System::default() }.into()
    }

    fn told(board: &mut Board, output: usize) -> Vec<String> {
        let mut out = Vec::new();
        while board
            .tell_next(output, &topics(), |topic, payload| {
                out.push(format!("{topic} {}", String::from_utf8(payload).unwrap()));
                true
            })
            .is_some()
        {}
        out
    }

    fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    #[test]
    fn what_changed_is_told_once_to_everybody_and_the_rest_at_the_heartbeat() {
        let mut board = Board::new(2, second(900));
        board.see(ObjectId::only(), system(10.0), second(0), 100);
        assert!(told(&mut board, 0)[0].starts_with(r#"atalaya/nas/system {"ts":100,"seq":1,"cpu_percent":10.0,"#));
        assert_eq!((told(&mut board, 0).len(), told(&mut board, 1).len(), told(&mut board, 1).len()), (0, 1, 0));
        for at in 1..900 {
            board.see(ObjectId::only(), system(10.0 + (at % 4) as f32), second(at), 100);
            assert!(told(&mut board, 0).is_empty());
        }
        board.see(ObjectId::only(), system(10.0), second(900), 1000);
        assert!(told(&mut board, 0)[0].contains(r#""ts":1000,"seq":2"#));
        board.see(ObjectId::only(), system(60.0), second(901), 1001);
        assert_eq!(told(&mut board, 0).len(), 1);
        board.tell_all(Some(0));
        assert_eq!(told(&mut board, 0).len(), 1);
    }

    #[test]
    fn a_job_that_does_not_run_is_told_at_the_heartbeat_too() {
        let mut board = Board::new(1, second(900));
        let view = Sample::from(atalaya_wire::view::Backup::default());
        board.see(ObjectId::of("a"), view.clone(), second(0), 100);
        board.see(ObjectId::only(), system(1.0), second(0), 100);
        assert!(board.silent(second(899)).is_empty());
        assert_eq!(board.silent(second(900)), [(ObjectId::of("a"), view.clone())]);
        board.see(ObjectId::of("a"), view, second(900), 1000);
        assert!(board.silent(second(901)).is_empty());
        assert!(told(&mut board, 0).iter().any(|said| said.contains(r#"{"ts":1000,"seq":2,"#)));
    }

    #[test]
    fn what_is_not_taken_stays_due_and_only_the_newest_of_it() {
        let mut board = Board::new(1, second(900));
        for cpu in [0.0, 50.0, 90.0] {
            board.see(ObjectId::only(), system(cpu), second(1), 1);
            assert!(board.tell_next(0, &topics(), |_, _| false).is_none());
        }
        let all = told(&mut board, 0);
        assert!(all.len() == 1 && all[0].contains("90.0"));
    }

    #[test]
    fn a_turn_is_told_with_its_reason() {
        let mut board = Board::new(1, second(900));
        let raid = |state: &str, problem: &str| -> Sample {
            Raid { state: Some(text(state)), problem: Some(text(problem)), ..Raid::default() }.into()
        };
        let id = ObjectId::of("md0");
        assert_eq!(board.see(id.clone(), raid("ok", ""), second(1), 1), None);
        let turn = board.see(id.clone(), raid("degraded", "sdb is gone"), second(2), 2).unwrap();
        assert_eq!((turn.from.as_str(), turn.to.as_str(), turn.problem.as_str()), ("ok", "degraded", "sdb is gone"));
        assert_eq!(board.see(id, raid("degraded", "sdb is gone"), second(3), 3), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut board = Board::new(1, second(900));
        for number in 0..2000 {
            board.see(ObjectId::of(&number.to_string()), system(1.0), second(1), 1);
        }
        assert_eq!(board.objects().len(), OBJECTS_MAX);
        let full = |number: &str| board.is_full_for(&system(1.0), &ObjectId::of(number));
        assert!(full("1999") && !full("0"), "what is there already is not left out");
    }
}
