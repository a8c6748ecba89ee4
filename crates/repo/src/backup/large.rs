//! Reads one large (or sparse) file: cuts it into chunks of its own and says which runs it has.

use std::collections::VecDeque;

use super::buffer::Buffer;
use super::item::PendingRun;
use super::worker::Job;
use crate::chunker::Chunker;
use crate::source::{Content, Segment};
use crate::{Result, limits};

/// What the reader offers a large file while it is read.
pub(super) trait Lane {
    /// An empty buffer; waits for one.
    fn buffer(&mut self) -> Result<Buffer>;
    /// Takes back a buffer that was not needed.
    fn give_back(&mut self, buffer: Buffer);
    /// The number of the next chunk.
    fn number(&mut self) -> u64;
    /// Hands a chunk to the workers.
    fn submit(&mut self, job: Job) -> Result<()>;
    /// The next run of the file.
    fn run(&mut self, run: PendingRun) -> Result<()>;
    /// Counts bytes that were read.
    fn count(&mut self, bytes: usize);
}

/// Why a file could not be read to its end.
pub(super) enum Trouble {
    /// This file cannot be read.
    File(std::io::Error),
    /// The backup cannot go on.
    Fatal(crate::Error),
}

impl From<crate::Error> for Trouble {
    fn from(err: crate::Error) -> Self {
        Self::Fatal(err)
    }
}

/// Data and holes that were begun and not told yet.
struct Layout(VecDeque<(bool, u64)>);

impl Layout {
    fn push(&mut self, data: bool, len: u64) {
        match self.0.back_mut() {
            Some((kind, total)) if *kind == data => *total += len,
            _ => self.0.push_back((data, len)),
        }
    }

    /// Tells the runs of a chunk of `len` bytes, and the holes before it.
    fn tell(&mut self, chunk: u64, len: usize, lane: &mut dyn Lane) -> Result<()> {
        let mut offset = 0;
        while offset < len as u32 {
            let Some((data, left)) = self.0.front_mut() else { break };
            if !*data {
                lane.run(PendingRun::Hole(*left))?;
                self.0.pop_front();
                continue;
            }
            let part = (*left).min(u64::from(len as u32 - offset)) as u32;
            lane.run(PendingRun::Data { chunk, offset, len: part })?;
            offset += part;
            *left -= u64::from(part);
            if *left == 0 {
                self.0.pop_front();
            }
        }
        Ok(())
    }
}

/// Reads `file` from its beginning; gives the bytes it turned out to have (holes included).
pub(super) fn read(
    file: &mut dyn Content,
    chunker: &Chunker,
    lane: &mut dyn Lane,
) -> std::result::Result<u64, Trouble> {
    let mut buffer = lane.buffer()?;
    let total = cut_up(file, chunker, lane, &mut buffer);
    lane.give_back(buffer);
    total
}

fn cut_up(
    file: &mut dyn Content,
    chunker: &Chunker,
    lane: &mut dyn Lane,
    buffer: &mut Buffer,
) -> std::result::Result<u64, Trouble> {
    let mut layout = Layout(VecDeque::new());
    let mut segment = 0;
    let mut total = 0;
    let mut ended = false;
    loop {
        while !ended && buffer.len() < limits::CHUNK_BYTES_MAX {
            if segment == 0 {
                match file.segment().map_err(Trouble::File)? {
                    Segment::Data(len) => segment = len,
                    Segment::Hole(len) => {
                        layout.push(false, len);
                        total += len;
                    }
                    Segment::End => ended = true,
                }
                continue;
            }
            let got = fill(file, buffer, segment).map_err(Trouble::File)?;
            if got == 0 {
                ended = true;
                break;
            }
            layout.push(true, got as u64);
            lane.count(got);
            segment -= got as u64;
            total += got as u64;
        }
        if buffer.is_empty() {
            break;
        }
        let cut = chunker.cut(buffer);
        let mut rest = lane.buffer()?;
        rest.append(&buffer[cut..]);
        buffer.truncate(cut);
        let number = lane.number();
        layout.tell(number, cut, lane)?;
        lane.submit(Job { number, bytes: std::mem::replace(buffer, rest) })?;
    }
    for (_, len) in layout.0 {
        lane.run(PendingRun::Hole(len))?;
    }
    Ok(total)
}

/// Reads behind what `buffer` has, at most `limit` bytes and at most to a chunk's largest size.
fn fill(file: &mut dyn Content, buffer: &mut Buffer, limit: u64) -> std::io::Result<usize> {
    let room = buffer.room();
    let part = (room.len() as u64).min(limit) as usize;
    let got = file.read(&mut room[..part])?;
    buffer.grow(got);
    Ok(got)
}
