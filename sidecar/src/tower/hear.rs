//! Messages of nodes.

use atalaya_alert::{Event, Values, Wall};
use atalaya_wire::limits::MESSAGE_BYTES_MAX;
use atalaya_wire::message::Stream;
use atalaya_wire::{NodeId, ObjectId, Sample};

use super::fleet::Latest;
use super::refused::Why;
use super::streams::Record;
use super::take::{Taken, take};
use super::{Tower, time};
use crate::clock::Now;
use crate::db::Row;
use crate::limits::OBJECTS_PER_NODE_MAX;
use crate::link::Heard;
use crate::link::topic::{Place, place};

/// A frame that is older than this, and than two intervals, is history: nobody is alarmed by it.
const LIVE_SECONDS_MAX: i64 = 120;

impl Tower {
    /// A message came.
    pub(super) fn hear(&mut self, heard: &Heard, now: Now) {
        let Some((node, place)) = place(&self.terms.prefix, &heard.topic) else { return };
        let is_itself = |sender: &str| sender.parse() == Ok(atalaya_broker::Sender::Node(node.clone()));
        if self.terms.senders && !heard.retained && heard.sender.as_deref().is_some_and(|sender| !is_itself(sender)) {
            return self.refuse(&node, Why::NotItself, now);
        }
        if !self.knows(&node, &place, heard, now) {
            return;
        }
        let Some(line) = self.lines.get_mut(&node) else { return };
        // What is kept by the broker comes all at once, and is bounded there.
        if !heard.retained && !line.allows(now.since_start) {
            return self.refuse(&node, Why::Flood, now);
        }
        let bytes = heard.payload.as_slice();
        match place {
            Place::Status => self.status(&node, bytes, heard.retained, now),
            Place::Frame if !heard.retained => self.frame(&node, bytes, now),
            Place::Record if !heard.retained => self.record(&node, bytes, now),
            Place::View(kind, id) => self.view(&node, kind, &id, heard, now),
            Place::Result(name) => self.result(&node, &name, bytes, now),
            Place::Frame | Place::Record => {}
        }
    }

    /// Counts what is not taken, and says so once in a while.
    pub(super) fn refuse(&mut self, node: &NodeId, why: Why, now: Now) {
        let mut seen = self.board.write();
        let Some(state) = seen.nodes.get_mut(node.as_str()) else { return };
        let tell = state.refused.count(why, now.since_start);
        seen.version += 1;
        if tell {
            tracing::warn!(
                node = node.as_str(),
                why = why.name(),
                "a message was refused; further ones of this hour are only counted"
            );
        }
    }

    fn frame(&mut self, node: &NodeId, bytes: &[u8], now: Now) {
        let taken = match take(Stream::Frame, bytes) {
            Ok(taken) => taken,
            Err(why) => return self.refuse(node, why, now),
        };
        self.heard_now(node, now);
        // Nothing of a frame that is not written may count as heard: it is asked for again.
        if !self.open.has_room() {
            return;
        }
        let Some(line) = self.lines.get_mut(node) else { return };
        let Taken { head, samples, lost, .. } = &taken;
        let made = line.clock.hear(&head.stamp, now);
        let mut gone = Vec::new();
        if !line.frames.hear(head.id, head.seq, made.at_millis.div_euclid(1000), lost, &mut gone) {
            return;
        }
        let (flags, body) = self.packer.pack(bytes);
        let rows = [Row::Frame { node: line.id, at_millis: made.at_millis, flags, body }, line.frames_row()];
        let boot = line.boot_row(now);
        let (id, skew) = (line.id, line.clock.skew_seconds());
        rows.into_iter().chain(boot).for_each(|row| self.row(row, now));
        self.gone(id, &gone, now);
        self.set_skew(node, skew);
        let interval = self.interval(node);
        if made.age_seconds <= LIVE_SECONDS_MAX.max(2 * interval) {
            self.came(node, samples, made.at_millis.div_euclid(1000), now);
        }
    }

    fn record(&mut self, node: &NodeId, bytes: &[u8], now: Now) {
        let taken = match take(Stream::Record, bytes) {
            Ok(taken) => taken,
            Err(why) => return self.refuse(node, why, now),
        };
        self.heard_now(node, now);
        if !self.open.has_room() {
            return;
        }
        let Some(line) = self.lines.get_mut(node) else { return };
        let head = taken.head;
        let lost = match line.records.hear(head.id, head.seq, &taken.lost, now.since_start) {
            Record::Take { lost } => lost,
            Record::Again => return line.owed = true,
            Record::Ahead => return line.owed |= line.tells_again(now.since_start),
        };
        line.owed = true;
        let at = time::of_record(&mut line.clock, &head.stamp, now);
        let (id, row) = (line.id, line.records_row());
        let wall_millis = head.stamp.wall_millis;
        self.row(Row::Record { node: id, stream: head.id, seq: head.seq, at, wall_millis, body: bytes.to_vec() }, now);
        self.row(row, now);
        if let Some((from, to)) = lost {
            let body = serde_json::json!({ "from": from, "to": to }).to_string();
            self.row(Row::Event { node: id, at, kind: "lost", object: String::new(), body }, now);
        }
        self.told(node, id, at, &taken, now);
    }

    /// A view, as people's tools read it.
    fn view(&mut self, node: &NodeId, kind: &'static str, id: &ObjectId, heard: &Heard, now: Now) {
        if heard.payload.is_empty() {
            return self.object_gone(node, kind, id, now);
        }
        if heard.payload.len() > MESSAGE_BYTES_MAX {
            return self.refuse(node, Why::TooLong, now);
        }
        let told = match Sample::from_json(kind, &heard.payload) {
            Ok(Some(told)) => told,
            Ok(None) => return,
            Err(_) => return self.refuse(node, Why::View, now),
        };
        if heard.retained {
            return self.kept(node, id, told.sample, told.ts, now);
        }
        self.heard_now(node, now);
        self.came(node, &[(id.clone(), told.sample)], now.seconds(), now);
    }

    /// What the broker had kept counts only where nothing newer is known.
    fn kept(&mut self, node: &NodeId, id: &ObjectId, sample: Sample, ts: i64, now: Now) {
        let known = {
            let seen = self.board.read();
            let object =
                seen.nodes.get(node.as_str()).and_then(|state| state.objects.get(&(sample.name(), id.clone())));
            object.is_some_and(|latest| !latest.retained)
        };
        if known {
            return;
        }
        self.note(node, id, &sample, ts.min(now.seconds()), true, now);
        self.feed(node, id, &sample, ts, now);
    }

    /// Live readings: shown, and looked at by the rules.
    fn came(&mut self, node: &NodeId, samples: &[(ObjectId, Sample)], at: i64, now: Now) {
        for (id, sample) in samples {
            if !self.note(node, id, sample, at, false, now) {
                return self.refuse(node, Why::Objects, now);
            }
            self.feed(node, id, sample, at, now);
        }
    }

    fn feed(&mut self, node: &NodeId, id: &ObjectId, sample: &Sample, at: i64, now: Now) {
        let object = atalaya_alert::Object::new(sample.name(), id.as_str());
        let event = Event::Sample { node: node.as_str().into(), object, values: Values::from(sample), at: Wall(at) };
        self.engine_of(node, &event, now);
    }

    /// Puts a reading on the board; `false` if the node has too many objects.
    fn note(&mut self, node: &NodeId, id: &ObjectId, sample: &Sample, at: i64, retained: bool, now: Now) -> bool {
        let Some(latest) = Latest::new(sample, at, retained) else { return true };
        let key = (sample.name(), id.clone());
        let mut seen = self.board.write();
        seen.version += 1;
        let Some(state) = seen.nodes.get_mut(node.as_str()) else { return true };
        if let Sample::Meta(meta) = sample {
            state.interval = meta.interval_seconds.unwrap_or(60).clamp(1, 3600);
            state.version = meta.version.as_deref().unwrap_or_default().to_owned();
        }
        let old = state.objects.get(&key);
        if old.is_none() && state.objects.len() >= OBJECTS_PER_NODE_MAX {
            return false;
        }
        let is_news = old.is_none_or(|old| !old.says(sample));
        state.objects.insert(key, latest);
        drop(seen);
        if is_news {
            self.board.tell(|| format!("node:{}", node.as_str()));
        }
        self.named(node, sample, now);
        true
    }

    fn interval(&self, node: &NodeId) -> i64 {
        let seen = self.board.read();
        seen.nodes.get(node.as_str()).map_or(60, |state| i64::try_from(state.interval).unwrap_or(60))
    }

    fn set_skew(&mut self, node: &NodeId, skew: Option<i64>) {
        if let Some(state) = self.board.write().nodes.get_mut(node.as_str()) {
            state.skew = skew;
        }
    }
}
