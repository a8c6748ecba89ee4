//! Runs probes when they are due, in threads, so that one that hangs holds up nobody. A probe that is stuck is told as
//! such and not asked again before it came back. Those that may take long have a thread of their own, so that a
//! network that is silent does not hold up the quick ones.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use atalaya_wire::{ObjectId, Sample};

use crate::probe::{Fault, Moment, Probe, Site};

/// Threads that may be stuck at once; beyond that no probe is asked. Each has little more than a stack.
const STUCK_MAX: usize = 4;
const STACK_BYTES: usize = 256 << 10;
/// Deadline of a probe that is quick.
const QUICK_MAX: Duration = Duration::from_secs(15);
/// Objects of one reading: what it takes of memory and of the wire has a bound, and what is beyond is told as left out.
const SAMPLES_MAX: usize = 128;

/// What came of a reading.
pub(super) struct Reading {
    /// Which probe.
    pub(super) number: usize,
    /// Which reading of it.
    pub(super) turn: u64,
    pub(super) samples: Vec<(ObjectId, Sample)>,
    /// How many there were besides, and what to do about it.
    pub(super) left_out: Option<String>,
    pub(super) result: Result<(), Fault>,
    pub(super) took: Duration,
    /// Back from the thread that it was lent to.
    pub(super) probe: Box<dyn Probe>,
}

struct Eye {
    name: &'static str,
    /// Which thread asks it: 0 for the quick ones, 1 for the others.
    lane: usize,
    every: Duration,
    deadline: Duration,
    /// Not here while it is at work.
    probe: Option<Box<dyn Probe>>,
    due: Duration,
    turn: u64,
    /// Since when it is at work.
    since: Option<Duration>,
    stuck: bool,
    /// Whether it was ever back in time.
    told: bool,
}

type Task = (usize, u64, Box<dyn Probe>, Moment);

/// All probes of the daemon.
pub(super) struct Eyes {
    eyes: Vec<Eye>,
    site: Site,
    out: Sender<Reading>,
    lanes: [Lane; 2],
}

#[derive(Default)]
struct Lane {
    /// The thread that is free for work, or at it.
    worker: Option<mpsc::Sender<Task>>,
    /// Which probe it is at.
    busy: Option<usize>,
}

impl Eyes {
    pub(super) fn new(probes: Vec<Box<dyn Probe>>, site: Site, out: Sender<Reading>) -> Self {
        let eye = |probe: Box<dyn Probe>| Eye {
            name: probe.name(),
            lane: usize::from(probe.deadline() > QUICK_MAX),
            every: probe.every(),
            deadline: crate::clock::goes_by(probe.deadline()),
            probe: Some(probe),
            due: Duration::ZERO,
            turn: 0,
            since: None,
            stuck: false,
            told: false,
        };
        Self { eyes: probes.into_iter().map(eye).collect(), site, out, lanes: Default::default() }
    }

    pub(super) fn name(&self, number: usize) -> &'static str {
        self.eyes.get(number).map_or("", |eye| eye.name)
    }

    /// The probe itself, while it is not at work.
    pub(super) fn probe(&self, number: usize) -> Option<&dyn Probe> {
        self.eyes.get(number)?.probe.as_deref()
    }

    /// All of them.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.eyes.iter().map(|eye| eye.name).collect()
    }

    /// Whether each has told what it sees, or is stuck.
    pub(super) fn all_read(&self) -> bool {
        self.eyes.iter().all(|eye| eye.told || eye.stuck)
    }

    /// All are due now.
    pub(super) fn refresh(&mut self) {
        for eye in &mut self.eyes {
            eye.due = Duration::ZERO;
        }
    }

    /// The probe of this name is due now.
    pub(super) fn hurry(&mut self, name: &str) {
        for eye in self.eyes.iter_mut().filter(|eye| eye.name == name) {
            eye.due = Duration::ZERO;
        }
    }

    /// Starts what is due and gives the probes that became stuck.
    pub(super) fn step(&mut self, now: Moment) -> Vec<usize> {
        (0..self.lanes.len()).filter_map(|lane| self.step_lane(lane, now)).collect()
    }

    fn step_lane(&mut self, lane: usize, now: Moment) -> Option<usize> {
        let mut stuck = None;
        if let Some(number) = self.lanes[lane].busy {
            let eye = &mut self.eyes[number];
            let late = eye.since.is_some_and(|since| now.boot.saturating_sub(since) > eye.deadline);
            if !late {
                return None;
            }
            // Its thread is left to it; the others get another.
            eye.stuck = true;
            stuck = Some(number);
            self.lanes[lane] = Lane::default();
        }
        if self.too_many_stuck() {
            return stuck;
        }
        let due = |eye: &&mut Eye| eye.lane == lane && eye.probe.is_some() && eye.due <= now.boot;
        let next = self.eyes.iter_mut().enumerate().filter(|(_, eye)| due(eye)).min_by_key(|(_, eye)| eye.due);
        if let Some((number, eye)) = next
            && let Some(probe) = eye.probe.take()
        {
            // Readings keep their distance, not their phase: after a pause there is one, not many.
            eye.due = now.boot + eye.every;
            eye.turn += 1;
            eye.since = Some(now.boot);
            let task = (number, eye.turn, probe, now);
            self.lanes[lane].busy = Some(number);
            self.give(lane, task);
        }
        stuck
    }

    fn too_many_stuck(&self) -> bool {
        self.eyes.iter().filter(|eye| eye.stuck).count() >= STUCK_MAX
    }

    fn give(&mut self, lane: usize, task: Task) {
        let task = match &self.lanes[lane].worker {
            Some(worker) => match worker.send(task) {
                Ok(()) => return,
                Err(mpsc::SendError(task)) => task,
            },
            None => task,
        };
        let (sender, receiver) = mpsc::channel::<Task>();
        let (site, out) = (self.site.clone(), self.out.clone());
        let number = task.0;
        let _ = sender.send(task);
        let work = move || work(&receiver, &site, &out);
        if thread::Builder::new().name("probe".into()).stack_size(STACK_BYTES).spawn(work).is_ok() {
            self.lanes[lane].worker = Some(sender);
        } else {
            // The probe went with the thread that could not be had; it is told as stuck.
            self.eyes[number].stuck = true;
            self.lanes[lane].busy = None;
        }
    }

    /// Takes a probe back; `false` where its reading comes too late to count.
    pub(super) fn back(&mut self, number: usize, turn: u64, probe: Box<dyn Probe>) -> bool {
        let Some(eye) = self.eyes.get_mut(number) else { return false };
        let fresh = eye.turn == turn && !eye.stuck;
        (eye.probe, eye.stuck, eye.since) = (Some(probe), false, None);
        eye.told |= fresh;
        for lane in self.lanes.iter_mut().filter(|lane| lane.busy == Some(number)) {
            lane.busy = None;
        }
        fresh
    }

    /// When the next thing is to be done here, since the start of the machine.
    pub(super) fn wake(&self) -> Option<Duration> {
        let full = self.too_many_stuck();
        let of = |(lane, state): (usize, &Lane)| {
            if let Some(eye) = state.busy.and_then(|number| self.eyes.get(number)) {
                return eye.since.map(|since| since + eye.deadline);
            }
            // Waking for what may not begin would be to turn for ever.
            let due = |eye: &&Eye| !full && eye.lane == lane && eye.probe.is_some();
            self.eyes.iter().filter(due).map(|eye| eye.due).min()
        };
        self.lanes.iter().enumerate().filter_map(of).min()
    }
}

fn work(tasks: &mpsc::Receiver<Task>, site: &Site, out: &Sender<Reading>) {
    while let Ok((number, turn, mut probe, at)) = tasks.recv() {
        let began = std::time::Instant::now();
        let (mut samples, mut beyond) = (Vec::new(), 0);
        let result = probe.read(site, at, &mut |id, sample| {
            if samples.len() < SAMPLES_MAX {
                samples.push((id, sample));
            } else {
                beyond += 1;
            }
        });
        let left_out = crate::probe::left_out(beyond + probe.left_out(), probe.chosen_by());
        let reading = Reading { number, turn, samples, left_out, result, took: began.elapsed(), probe };
        if out.send_blocking(reading).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use atalaya_wire::view::Auth;

    use super::*;

    /// A probe that waits for its gate.
    struct Gate(&'static str, Arc<Mutex<mpsc::Receiver<()>>>);

    impl Probe for Gate {
        fn name(&self) -> &'static str {
            self.0
        }

        fn every(&self) -> Duration {
            Duration::from_secs(60)
        }

        fn read(&mut self, _: &Site, _: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> crate::probe::Result<()> {
            let _ = self.1.lock().unwrap().recv();
            out(ObjectId::only(), Auth::default().into());
            Ok(())
        }
    }

    fn gate(name: &'static str) -> (mpsc::Sender<()>, Box<dyn Probe>) {
        let (open, gate) = mpsc::channel();
        (open, Box::new(Gate(name, Arc::new(Mutex::new(gate)))))
    }

    fn at(seconds: u64) -> Moment {
        Moment { boot: Duration::from_secs(seconds), wall: jiff::Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_probe_that_hangs_is_told_and_holds_up_nobody() {
        let (out, readings) = async_channel::unbounded();
        let ((open_a, a), (open_b, b)) = (gate("a"), gate("b"));
        let mut eyes = Eyes::new(vec![a, b], Site::default(), out);
        assert!(eyes.step(at(0)).is_empty() && eyes.step(at(10)).is_empty());
        assert_eq!(eyes.step(at(11)), [0]);
        open_b.send(()).unwrap();
        let reading = readings.recv_blocking().unwrap();
        assert_eq!((reading.number, reading.samples.len()), (1, 1));
        assert!(eyes.back(reading.number, reading.turn, reading.probe));
        // It is not asked again before it came back, however long that takes.
        open_b.send(()).unwrap();
        eyes.step(at(500));
        let reading = readings.recv_blocking().unwrap();
        assert_eq!(reading.number, 1);
        eyes.back(reading.number, reading.turn, reading.probe);
        open_a.send(()).unwrap();
        let reading = readings.recv_blocking().unwrap();
        assert!(reading.number == 0 && !eyes.back(reading.number, reading.turn, reading.probe));
        open_a.send(()).unwrap();
        assert!(eyes.step(at(501)).is_empty());
        let reading = readings.recv_blocking().unwrap();
        assert!(eyes.back(reading.number, reading.turn, reading.probe));
    }

    #[test]
    fn what_is_left_out_is_counted_and_told() {
        struct Many(usize);
        impl Probe for Many {
            fn name(&self) -> &'static str {
                "many"
            }

            fn every(&self) -> Duration {
                Duration::from_secs(60)
            }

            fn left_out(&self) -> usize {
                2
            }

            fn chosen_by(&self) -> &'static str {
                "name what does not matter in probes.many.ignored"
            }

            fn read(&mut self, _: &Site, _: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> crate::probe::Result<()> {
                (0..self.0).for_each(|number| out(ObjectId::of(&number.to_string()), Auth::default().into()));
                Ok(())
            }
        }
        let check = |number: usize, left_out: &str| {
            let (out, readings) = async_channel::unbounded();
            Eyes::new(vec![Box::new(Many(number))], Site::default(), out).step(at(0));
            let reading = readings.recv_blocking().unwrap();
            assert_eq!(reading.samples.len(), number.min(SAMPLES_MAX));
            let told = reading.left_out.unwrap();
            assert!(told.starts_with(left_out) && told.ends_with("probes.many.ignored"), "{told}");
            assert_eq!(atalaya_wire::text(&told).as_str(), told, "it fits");
        };
        check(SAMPLES_MAX, "2 more are left out");
        check(SAMPLES_MAX + 22, "24 more are left out");
        assert_eq!(crate::probe::left_out(0, "x"), None);
    }

    #[test]
    fn when_too_many_hang_nothing_is_due() {
        let (out, _readings) = async_channel::unbounded();
        let (gates, probes): (Vec<_>, Vec<_>) = ["a", "b", "c", "d", "e"].into_iter().map(gate).unzip();
        let mut eyes = Eyes::new(probes, Site::default(), out);
        for turn in 0..=STUCK_MAX as u64 {
            eyes.step(at(turn * 11));
        }
        // The fifth is due, but a loop that woke for it would only turn.
        assert_eq!(eyes.wake(), None);
        drop(gates);
    }

    #[test]
    fn one_that_may_take_long_holds_up_no_quick_one() {
        struct Slow(Box<dyn Probe>);
        impl Probe for Slow {
            fn name(&self) -> &'static str {
                "slow"
            }

            fn every(&self) -> Duration {
                self.0.every()
            }

            fn deadline(&self) -> Duration {
                Duration::from_secs(90)
            }

            fn read(
                &mut self,
                site: &Site,
                at: Moment,
                out: &mut dyn FnMut(ObjectId, Sample),
            ) -> crate::probe::Result<()> {
                self.0.read(site, at, out)
            }
        }
        let (out, readings) = async_channel::unbounded();
        let ((open_slow, slow), (open_quick, quick)) = (gate("a"), gate("b"));
        let mut eyes = Eyes::new(vec![Box::new(Slow(slow)), quick], Site::default(), out);
        assert!(eyes.step(at(0)).is_empty());
        open_quick.send(()).unwrap();
        let reading = readings.recv_blocking().unwrap();
        assert_eq!((reading.number, eyes.wake()), (1, Some(Duration::from_secs(10))));
        assert!(eyes.back(reading.number, reading.turn, reading.probe));
        assert_eq!(eyes.wake(), Some(Duration::from_secs(60)));
        open_slow.send(()).unwrap();
        assert_eq!(readings.recv_blocking().unwrap().number, 0);
    }

    #[test]
    fn a_pause_costs_one_reading() {
        let (out, readings) = async_channel::unbounded();
        let (open, probe) = gate("a");
        let mut eyes = Eyes::new(vec![probe], Site::default(), out);
        for (second, wake) in [(0, 60), (100_000, 100_060)] {
            open.send(()).unwrap();
            eyes.step(at(second));
            let reading = readings.recv_blocking().unwrap();
            eyes.back(reading.number, reading.turn, reading.probe);
            eyes.step(at(second + 1));
            assert_eq!(eyes.wake(), Some(Duration::from_secs(wake)));
        }
        assert!(readings.is_empty());
    }
}
