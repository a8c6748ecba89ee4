//! A frame or a record: a head, then parts, each with its kind and length. `docs/wire.md` has every byte.

use crate::limits::{MESSAGE_BYTES_MAX, PARTS_MAX};
use crate::{ObjectId, Sample, Stamp, StreamId};

/// Of the layout of the head. What parts hold is told by their kinds.
pub const VERSION: u8 = 1;
/// Versions that may come after. What begins with more is no message of ours: any text does.
const LATER_MAX: u8 = 8;
/// Version, stream, length of the rest.
const PREFIX_BYTES: usize = 6;
/// Prefix, stream id, sequence, stamp.
pub const HEAD_BYTES: usize = PREFIX_BYTES + 16 + 8 + 8 + 8 + 16 + 1;

/// Which stream a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Samples: may be lost, and then says so.
    Frame,
    /// Results and changes: never lost.
    Record,
}

impl Stream {
    const fn number(self) -> u8 {
        match self {
            Self::Frame => 1,
            Self::Record => 2,
        }
    }
}

/// Everything before the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which stream.
    pub stream: Stream,
    /// Which run of it: numbers count within one.
    pub id: StreamId,
    /// 1, 2, 3, …
    pub seq: u64,
    /// When its content was seen.
    pub stamp: Stamp,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// What is in it: [`crate::view::View::KIND`], or one of [`crate::event`].
    pub kind: u16,
    /// What it is about.
    pub id: ObjectId,
    /// Postcard.
    pub body: &'a [u8],
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Its head has a newer layout.
    Newer(u8),
    /// Anything else.
    Damaged(&'static str),
}

/// Builds a message in a buffer that never grows beyond [`MESSAGE_BYTES_MAX`].
#[derive(Debug)]
pub struct Builder {
    bytes: Vec<u8>,
    parts: usize,
}

impl Builder {
    /// One without parts.
    #[must_use]
    pub fn new(head: &Head) -> Self {
        let mut bytes = vec![VERSION, head.stream.number(), 0, 0, 0, 0];
        bytes.extend(head.id.0);
        bytes.extend(head.seq.to_le_bytes());
        bytes.extend(head.stamp.wall_millis.to_le_bytes());
        bytes.extend(head.stamp.boot_millis.to_le_bytes());
        bytes.extend(head.stamp.boot);
        bytes.push(u8::from(head.stamp.synchronised));
        Self { bytes, parts: 0 }
    }

    /// Goes on with a message that was finished.
    #[must_use]
    pub fn resume(bytes: Vec<u8>) -> Self {
        let parts = Message::parse(&bytes).map_or(PARTS_MAX, |message| message.parts().count());
        Self { bytes, parts }
    }

    /// Adds a part; `false` if it does not fit, and then nothing was added.
    #[must_use]
    pub fn part(&mut self, kind: u16, id: &ObjectId, body: &[u8]) -> bool {
        let id = id.as_str().as_bytes();
        let size = 2 + 1 + id.len() + 4 + body.len();
        if self.parts == PARTS_MAX || self.bytes.len() + size > MESSAGE_BYTES_MAX {
            return false;
        }
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.push(id.len() as u8);
        self.bytes.extend(id);
        self.bytes.extend((body.len() as u32).to_le_bytes());
        self.bytes.extend(body);
        self.parts += 1;
        true
    }

    /// Adds a view; `false` if it does not fit.
    #[must_use]
    pub fn sample(&mut self, id: &ObjectId, sample: &Sample) -> bool {
        let mut room = [0; crate::limits::SAMPLE_BYTES_MAX];
        sample.encode(&mut room).is_ok_and(|body| self.part(sample.kind(), id, body))
    }

    /// Gives it another head: what is gathered over time gets its number and its time when it goes.
    pub fn set_head(&mut self, head: &Head) {
        let other = Self::new(head);
        self.bytes[..HEAD_BYTES].copy_from_slice(&other.bytes);
    }

    /// Bytes and parts that it still takes.
    #[must_use]
    pub const fn room(&self) -> (usize, usize) {
        (MESSAGE_BYTES_MAX - self.bytes.len(), PARTS_MAX - self.parts)
    }

    /// Whether it has no part.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts == 0
    }

    /// The message.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let rest = (self.bytes.len() - PREFIX_BYTES) as u32;
        self.bytes[2..PREFIX_BYTES].copy_from_slice(&rest.to_le_bytes());
        self.bytes
    }
}

/// A message that was looked through: its parts are in bounds.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Everything before the parts.
    pub head: Head,
    parts: &'a [u8],
}

impl<'a> Message<'a> {
    /// Looks through bytes from anybody.
    ///
    /// # Errors
    ///
    /// [`Bad::Newer`] for a layout of later versions, [`Bad::Damaged`] for anything else.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Bad> {
        let damaged = Bad::Damaged;
        let (&version, _) = bytes.split_first().ok_or(damaged("it is empty"))?;
        if version != VERSION {
            let is_later = version > VERSION && version <= LATER_MAX;
            return Err(if is_later { Bad::Newer(version) } else { damaged("it begins with no version") });
        }
        if bytes.len() > MESSAGE_BYTES_MAX || bytes.len() < HEAD_BYTES {
            return Err(damaged("it is too short or too long"));
        }
        let stream = match bytes[1] {
            1 => Stream::Frame,
            2 => Stream::Record,
            _ => return Err(damaged("it is of no stream")),
        };
        let mut rest = Reader(&bytes[2..]);
        if rest.u32()? as usize != bytes.len() - PREFIX_BYTES {
            return Err(damaged("its length is wrong"));
        }
        let id = StreamId(rest.array()?);
        let seq = u64::from_le_bytes(rest.array()?);
        let stamp = Stamp {
            wall_millis: i64::from_le_bytes(rest.array()?),
            boot_millis: u64::from_le_bytes(rest.array()?),
            boot: rest.array()?,
            synchronised: rest.array::<1>()?[0] & 1 == 1,
        };
        let message = Self { head: Head { stream, id, seq, stamp }, parts: rest.0 };
        let mut count = 0;
        let mut all = Reader(message.parts);
        while !all.0.is_empty() {
            part(&mut all)?;
            count += 1;
        }
        if count > PARTS_MAX { Err(damaged("it has too many parts")) } else { Ok(message) }
    }

    /// Its parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let mut rest = Reader(self.parts);
        std::iter::from_fn(move || if rest.0.is_empty() { None } else { part(&mut rest).ok() })
    }
}

fn part<'a>(from: &mut Reader<'a>) -> Result<Part<'a>, Bad> {
    let kind = u16::from_le_bytes(from.array()?);
    let length = usize::from(from.array::<1>()?[0]);
    let id = std::str::from_utf8(from.take(length)?).ok().and_then(ObjectId::parse);
    let length = from.u32()? as usize;
    Ok(Part { kind, id: id.ok_or(Bad::Damaged("a part has no proper id"))?, body: from.take(length)? })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Bad> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Bad::Damaged("it ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        self.take(N)?.try_into().map_err(|_| Bad::Damaged("it ends early"))
    }

    fn u32(&mut self) -> Result<u32, Bad> {
        self.array().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use crate::view::Auth;

    fn head() -> Head {
        let stamp = Stamp { wall_millis: -5, boot_millis: 9, boot: [3; 16], synchronised: true };
        Head { stream: Stream::Frame, id: StreamId([1; 16]), seq: 77, stamp }
    }

    fn message() -> Vec<u8> {
        let mut builder = Builder::new(&head());
        let auth = Auth { failed_count: Some(4), source: Some(text("btmp")), ..Auth::default() };
        assert!(builder.sample(&ObjectId::only(), &auth.into()));
        assert!(builder.part(60_000, &ObjectId::of("x"), b"later"));
        builder.finish()
    }

    #[test]
    fn messages_go_through_bytes() {
        let bytes = message();
        let read = Message::parse(&bytes).unwrap();
        assert_eq!(read.head, head());
        let parts: Vec<Part<'_>> = read.parts().collect();
        assert_eq!(parts.len(), 2);
        let Ok(Some(Sample::Auth(auth))) = Sample::decode(parts[0].kind, parts[0].body) else { panic!() };
        assert_eq!((auth.failed_count, auth.source.as_deref()), (Some(4), Some("btmp")));
        assert_eq!(
            (parts[1].id.as_str(), parts[1].body, Sample::decode(60_000, b"later")),
            ("x", &b"later"[..], Ok(None))
        );
    }

    #[test]
    fn what_is_gathered_gets_its_head_when_it_goes() {
        let mut builder = Builder::new(&Head { seq: 0, ..head() });
        assert_eq!(builder.room(), (MESSAGE_BYTES_MAX - HEAD_BYTES, PARTS_MAX));
        assert!(builder.part(60_000, &ObjectId::only(), b"later"));
        assert_eq!(builder.room(), (MESSAGE_BYTES_MAX - HEAD_BYTES - 12, PARTS_MAX - 1));
        builder.set_head(&head());
        let bytes = builder.finish();
        let read = Message::parse(&bytes).unwrap();
        assert_eq!((read.head, read.parts().count()), (head(), 1));
    }

    #[test]
    fn the_layout_stays() {
        let bytes = message();
        assert_eq!(bytes[..6], [1, 1, bytes.len() as u8 - 6, 0, 0, 0]);
        assert_eq!((HEAD_BYTES, &bytes[22..30]), (63, &77_u64.to_le_bytes()[..]));
        assert_eq!(bytes[63..66], [14, 0, 0]);
    }

    #[test]
    fn cut_or_changed_messages_are_refused_or_read() {
        let bytes = message();
        for end in 0..bytes.len() {
            assert!(Message::parse(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                if let Ok(read) = Message::parse(&other) {
                    for part in read.parts() {
                        let _ = Sample::decode(part.kind, part.body);
                    }
                }
            }
        }
        let mut newer = bytes;
        newer[0] = 2;
        assert_eq!(Message::parse(&newer).unwrap_err(), Bad::Newer(2));
    }

    #[test]
    fn what_begins_with_no_version_is_not_taken_for_a_later_one() {
        let told = |first| Message::parse(&[&[first][..], &message()[1..]].concat()).unwrap_err();
        assert_eq!(told(LATER_MAX), Bad::Newer(LATER_MAX));
        for first in (LATER_MAX + 1..=u8::MAX).chain([0]) {
            assert!(matches!(told(first), Bad::Damaged(_)), "{first}");
        }
        assert!(matches!(Message::parse(b"garbage").unwrap_err(), Bad::Damaged(_)));
    }

    #[test]
    fn what_does_not_fit_is_handed_back() {
        let mut builder = Builder::new(&head());
        assert!(!builder.part(1, &ObjectId::only(), &vec![0; MESSAGE_BYTES_MAX]));
        assert!(builder.is_empty());
        for _ in 0..PARTS_MAX {
            assert!(builder.part(1, &ObjectId::only(), &[]));
        }
        assert!(!builder.part(1, &ObjectId::only(), &[]));
        assert!(Message::parse(&builder.finish()).is_ok());
    }
}
