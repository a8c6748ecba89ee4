//! Records: on disk before they are sent, there until they are acknowledged.
//!
//! Segments of a few records each, named after the first number in them; what a power cut tore off the end of the last
//! one was never promised to anybody. `stream` holds the id of the stream and the last number that was acknowledged.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use atalaya_wire::message::{Builder, Head, Message, Stream};
use atalaya_wire::{Stamp, StreamId, event, limits::MESSAGE_BYTES_MAX};
use sha2::{Digest, Sha256};

use crate::durable;

/// Of all segments: years of a quiet node, months of a busy one.
const DISK_BYTES_MAX: u64 = 16 << 20;
/// Of one segment: what is acknowledged goes in pieces of this size.
const SEGMENT_BYTES_MAX: u64 = 128 << 10;
/// Length and checksum before every record.
const PREFIX_BYTES: usize = 8;

/// One segment: its first number, how many records, how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    first: u64,
    count: u64,
    bytes: u64,
}

/// The records of a state folder.
#[derive(Debug)]
pub struct Records {
    folder: PathBuf,
    id: StreamId,
    segments: Vec<Segment>,
    /// Number of the next one.
    next: u64,
    acked: u64,
}

impl Records {
    /// Opens the folder, or makes it; `random` becomes the id of a stream that begins.
    ///
    /// # Errors
    ///
    /// If it cannot be read or written.
    pub fn open(folder: &Path, random: [u8; 16]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let noted = read_stream(&folder.join("stream"))?;
        let (id, acked) = noted.unwrap_or((StreamId(random), 0));
        let mut records = Self { folder: folder.to_owned(), id, segments: Vec::new(), next: acked + 1, acked };
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let first = name.to_str().and_then(|name| name.strip_suffix(".records"));
            if let Some(first) = first.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
                let segment = records.mend(first)?;
                records.segments.push(segment);
            }
        }
        records.segments.sort_by_key(|segment| segment.first);
        if let Some(last) = records.segments.last() {
            records.next = records.next.max(last.first + last.count);
        }
        if noted.is_none() {
            records.recall()?;
        }
        records.write_stream()?;
        Ok(records)
    }

    /// Opens the folder again, or makes it: somebody removed it, or put another in its place. In one without records of
    /// another stream, numbers go on.
    ///
    /// # Errors
    ///
    /// As [`Records::open`].
    pub fn reopen(&mut self) -> io::Result<()> {
        let mut found = Self::open(&self.folder, self.id.0)?;
        if found.id == self.id {
            (found.acked, found.next) = (found.acked.max(self.acked), found.next.max(self.next));
            found.write_stream()?;
        }
        *self = found;
        Ok(())
    }

    /// Id of the stream.
    #[must_use]
    pub const fn id(&self) -> StreamId {
        self.id
    }

    /// The last number that was acknowledged.
    #[must_use]
    pub const fn acked(&self) -> u64 {
        self.acked
    }

    /// The last number that was given.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.next - 1
    }

    /// Writes a record; `fill` adds its parts. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then it was not given a number.
    pub fn append(&mut self, stamp: Stamp, fill: impl FnOnce(&mut Builder)) -> io::Result<u64> {
        self.make_room()?;
        // What somebody removed or cut is no place to go on at.
        let last = self.segments.last().map(|last| (self.path(last.first), last.bytes));
        if last.is_some_and(|(path, bytes)| fs::metadata(path).map_or(0, |found| found.len()) != bytes) {
            self.reopen()?;
        }
        let seq = self.next;
        let mut builder = Builder::new(&Head { stream: Stream::Record, id: self.id, seq, stamp });
        fill(&mut builder);
        let message = builder.finish();
        let bytes = [&(message.len() as u32).to_le_bytes()[..], &checksum(&message), &message].concat();
        // Behind a gap one begins as well: a record's number is its place in its segment.
        let goes_on = |last: &Segment| last.bytes < SEGMENT_BYTES_MAX && last.first + last.count == seq;
        let fresh = !self.segments.last().is_some_and(goes_on);
        let mut segment = match self.segments.last() {
            Some(last) if !fresh => *last,
            _ => Segment { first: seq, count: 0, bytes: 0 },
        };
        let path = self.path(segment.first);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        if let Err(err) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            // A part of it would be taken for the beginning of the next.
            let _ = file.set_len(segment.bytes);
            return Err(err);
        }
        segment.count += 1;
        segment.bytes += bytes.len() as u64;
        if fresh {
            File::open(&self.folder)?.sync_all()?;
            self.segments.push(segment);
        } else if let Some(last) = self.segments.last_mut() {
            *last = segment;
        }
        self.next += 1;
        Ok(seq)
    }

    /// Everything up to `seq` is elsewhere now. An acknowledgement of another stream, or of numbers never given, is not
    /// believed.
    ///
    /// # Errors
    ///
    /// If it cannot be noted; then it will be sent again, which does no harm.
    pub fn acknowledge(&mut self, id: StreamId, seq: u64) -> io::Result<bool> {
        if id != self.id || seq <= self.acked || seq >= self.next {
            return Ok(false);
        }
        self.acked = seq;
        self.write_stream()?;
        // The last segment stays open until it is full or all of it is acknowledged.
        let gone = |segment: &Segment| segment.first + segment.count <= seq + 1;
        for segment in self.segments.iter().filter(|segment| gone(segment)) {
            fs::remove_file(self.path(segment.first))?;
        }
        self.segments.retain(|segment| !gone(segment));
        Ok(true)
    }

    /// Calls `f` with records behind number `after`, in order, until it returns `false` or there are no more. Where
    /// numbers are missing, because they were given up or the disk lost them, the next record tells which.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn each(&self, after: u64, mut f: impl FnMut(u64, Vec<u8>) -> bool) -> io::Result<()> {
        let after = after.max(self.acked);
        let mut expected = self.acked + 1;
        for segment in &self.segments {
            let begins = std::mem::replace(&mut expected, segment.first + segment.count);
            if segment.first + segment.count <= after + 1 {
                continue;
            }
            let mut file = File::open(self.path(segment.first))?;
            for seq in segment.first..segment.first + segment.count {
                let Some(mut message) = read_one(&mut file)? else { break };
                if seq == segment.first && begins < seq {
                    message = tell_lost(message, begins, seq - 1);
                }
                if seq > after && !f(seq, message) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn path(&self, first: u64) -> PathBuf {
        self.folder.join(format!("{first:016x}.records"))
    }

    /// Counts a segment's records and cuts off what a power cut left behind them.
    fn mend(&self, first: u64) -> io::Result<Segment> {
        let path = self.path(first);
        let mut file = File::open(&path)?;
        let mut segment = Segment { first, count: 0, bytes: 0 };
        while let Some(message) = read_one(&mut file)? {
            segment.count += 1;
            segment.bytes += (PREFIX_BYTES + message.len()) as u64;
        }
        if path.metadata()?.len() > segment.bytes {
            OpenOptions::new().write(true).open(&path)?.set_len(segment.bytes)?;
        }
        Ok(segment)
    }

    /// Takes id and numbers from what is there when the note of them is damaged, so that whoever has some of these
    /// records knows them again.
    fn recall(&mut self) -> io::Result<()> {
        let Some(first) = self.segments.first().map(|segment| segment.first) else { return Ok(()) };
        let message = read_one(&mut File::open(self.path(first))?)?.unwrap_or_default();
        if let Ok(message) = Message::parse(&message) {
            (self.id, self.acked) = (message.head.id, first - 1);
        }
        Ok(())
    }

    /// Gives up the oldest records when nobody took any for very long; [`Records::each`] tells which.
    fn make_room(&mut self) -> io::Result<()> {
        while self.segments.len() > 1 && self.segments.iter().map(|segment| segment.bytes).sum::<u64>() > DISK_BYTES_MAX
        {
            let oldest = self.segments.remove(0);
            fs::remove_file(self.path(oldest.first))?;
        }
        Ok(())
    }

    fn write_stream(&self) -> io::Result<()> {
        let path = self.folder.join("stream");
        let text = format!("{}\n{}\n", self.id, self.acked);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return Ok(());
        }
        durable::replace(&path, text.as_bytes())
    }
}

fn read_stream(path: &Path) -> io::Result<Option<(StreamId, u64)>> {
    let bytes = match fs::read(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let id = lines.next().and_then(|line| line.parse().ok());
    let acked = lines.next().and_then(|line| line.parse().ok());
    Ok(id.zip(acked))
}

/// The record, and beside what it says, that those before it are no more.
fn tell_lost(message: Vec<u8>, from: u64, to: u64) -> Vec<u8> {
    let body = postcard::to_allocvec(&event::Lost { from, to }).unwrap_or_default();
    let mut builder = Builder::resume(message);
    let _ = builder.part(<event::Lost as event::Event>::KIND, &atalaya_wire::ObjectId::only(), &body);
    builder.finish()
}

/// The next record; `None` at the end, or where the rest is torn.
fn read_one(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = [0; PREFIX_BYTES];
    match file.read_exact(&mut prefix) {
        Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let length = u32::from_le_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Ok(None);
    }
    let mut message = vec![0; length];
    match file.read_exact(&mut message) {
        Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    Ok((checksum(&message) == prefix[4..]).then_some(message))
}

fn checksum(message: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest(message);
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests;
