//! From bytes to what they say. Pure; whatever is wrong refuses the whole message.

use atalaya_wire::event::{Event, Lost};
use atalaya_wire::limits::MESSAGE_BYTES_MAX;
use atalaya_wire::message::{Bad, Head, Message, Stream};
use atalaya_wire::{ObjectId, Sample};

use super::refused::Why;

/// A frame or a record that was understood.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    /// Everything before the parts.
    pub head: Head,
    /// Views in it.
    pub samples: Vec<(ObjectId, Sample)>,
    /// What happened: kind, object, body.
    pub events: Vec<(u16, ObjectId, &'a [u8])>,
    /// Numbers that never will come.
    pub lost: Vec<(u64, u64)>,
    /// Parts of kinds that are newer than this program.
    pub unknown: u32,
}

/// Reads a message of this stream.
///
/// # Errors
///
/// Why it is none.
pub(super) fn take(stream: Stream, bytes: &[u8]) -> Result<Taken<'_>, Why> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Why::TooLong);
    }
    let message = Message::parse(bytes).map_err(|bad| match bad {
        Bad::Newer(_) => Why::Newer,
        Bad::Damaged(_) => Why::Garbled,
    })?;
    if message.head.stream != stream || message.head.seq == 0 || message.head.seq > i64::MAX as u64 {
        return Err(Why::Garbled);
    }
    let mut taken = Taken { head: message.head, samples: Vec::new(), events: Vec::new(), lost: Vec::new(), unknown: 0 };
    for part in message.parts() {
        if part.kind == Lost::KIND {
            let lost: Lost = postcard::from_bytes(part.body).map_err(|_| Why::Garbled)?;
            if lost.from > lost.to {
                return Err(Why::Garbled);
            }
            taken.lost.push((lost.from, lost.to));
            continue;
        }
        match Sample::decode(part.kind, part.body).map_err(|_| Why::Garbled)? {
            Some(sample) => taken.samples.push((part.id, sample)),
            None if part.kind >= 0x8000 => taken.events.push((part.kind, part.id, part.body)),
            None => taken.unknown += 1,
        }
    }
    Ok(taken)
}
