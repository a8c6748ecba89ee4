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
];
/// Objects: more disks, mounts and services than any NAS has.
const OBJECTS_MAX: usize = 512;

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
}

/// See the module.
#[derive(Debug)]
pub(super) struct Board {
    entries: BTreeMap<(&'static str, ObjectId), Entry>,
    outputs: u8,
    heartbeat: Duration,
}

impl Board {
    pub(super) fn new(outputs: usize, heartbeat: Duration) -> Self {
        Self { entries: BTreeMap::new(), outputs: ((1_u16 << outputs) - 1) as u8, heartbeat }
    }

    /// Takes a sample; gives what turned, if something did that is worth a record. `now` is since the start of the
    /// machine, `ts` by the wall clock in seconds.
    pub(super) fn see(&mut self, id: ObjectId, sample: Sample, now: Duration, ts: i64) -> Option<Changed> {
        let key = (sample.name(), id);
        if self.entries.len() >= OBJECTS_MAX && !self.entries.contains_key(&key) {
            return None;
        }
        let Some(entry) = self.entries.get_mut(&key) else {
            let due = self.outputs;
            self.entries.insert(key, Entry { told: Some((sample.clone(), now)), sample, ts, seq: 1, due });
            return None;
        };
        let changed = turned(&entry.sample, &sample);
        let worth = match &entry.told {
            Some((told, at)) => sample.differs(told).is_some() || now.saturating_sub(*at) >= self.heartbeat,
            None => true,
        };
        entry.sample = sample;
        entry.ts = ts;
        if worth {
            entry.told = Some((entry.sample.clone(), now));
            entry.seq += 1;
            entry.due = self.outputs;
        }
        changed
    }

    /// Everything has to be told anew to this output, or to all.
    pub(super) fn tell_all(&mut self, output: Option<usize>) {
        let bits = output.map_or(self.outputs, |number| 1 << number);
        for entry in self.entries.values_mut() {
            entry.due |= bits;
        }
    }

    /// The next view that this output has not got; it counts as told if `offer` takes it.
    pub(super) fn tell_next(
        &mut self,
        output: usize,
        topics: &Topics,
        offer: impl FnOnce(String, Vec<u8>) -> bool,
    ) -> bool {
        let bit = 1 << output;
        let next = self.entries.iter_mut().find(|(_, entry)| entry.due & bit != 0);
        let Some(((name, id), entry)) = next else { return false };
        let payload = entry.sample.json(entry.ts, entry.seq);
        let taken = offer(topics.view_named(name, id), payload);
        if taken {
            entry.due &= !bit;
        }
        taken
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
        while board.tell_next(output, &topics(), |topic, payload| {
            out.push(format!("{topic} {}", String::from_utf8(payload).unwrap()));
            true
        }) {}
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
    fn what_is_not_taken_stays_due_and_only_the_newest_of_it() {
        let mut board = Board::new(1, second(900));
        for cpu in [0.0, 50.0, 90.0] {
            board.see(ObjectId::only(), system(cpu), second(1), 1);
            assert!(!board.tell_next(0, &topics(), |_, _| false));
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
    }
}
