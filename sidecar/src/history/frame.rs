//! The numbers in a frame as it waits in the database.

use atalaya_history::round;
use atalaya_wire::limits::MESSAGE_BYTES_MAX;
use atalaya_wire::message::Message;
use atalaya_wire::view::Value;
use atalaya_wire::{ObjectId, Sample};
use zstd::bulk::Decompressor;

use crate::error::{Error, Kind, Result};
use crate::tower::PACKED;

/// Digits that a number with a fraction has on the wire.
const DIGITS: i32 = 5;

/// Unpacks frames; keeps what zstd works with and one message.
pub(super) struct Unpacker {
    zstd: Decompressor<'static>,
    room: Vec<u8>,
    name: String,
}

impl Unpacker {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { zstd: Decompressor::new()?, room: Vec::with_capacity(MESSAGE_BYTES_MAX), name: String::new() })
    }

    /// Gives each number of a frame: its object (`disk/WD-1`), its key, its value. Yes is 1 and no is 0.
    ///
    /// # Errors
    ///
    /// If it is no frame; then some may have been given.
    pub(super) fn each(&mut self, flags: u8, body: &[u8], mut give: impl FnMut(&str, &'static str, f64)) -> Result<()> {
        let bad = |what: &str| Error::new(Kind::Refused, format!("a frame in the database is none: {what}"));
        let bytes = if flags & PACKED == 0 {
            body
        } else {
            self.zstd.decompress_to_buffer(body, &mut self.room).map_err(|_| bad("it cannot be unpacked"))?;
            self.room.as_slice()
        };
        let message = Message::parse(bytes).map_err(|_| bad("its head or its parts"))?;
        for part in message.parts() {
            let sample = Sample::decode(part.kind, part.body).map_err(|_| bad("a view in it"))?;
            let Some(sample) = sample else { continue };
            name(&mut self.name, sample.name(), &part.id);
            for (key, value) in numbers(&sample) {
                give(&self.name, key, value);
            }
        }
        Ok(())
    }
}

/// What an object is called: its view's name, and its id if it has one.
fn name(to: &mut String, view: &str, id: &ObjectId) {
    to.clear();
    to.push_str(view);
    if *id != ObjectId::only() {
        to.push('/');
        to.push_str(id.as_str());
    }
}

/// A view's numbers.
pub(super) fn numbers(sample: &Sample) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    let fields = sample.fields().iter().enumerate();
    fields.filter_map(|(at, field)| Some((field.key, number(sample.value(at))?)))
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2⁵³ nothing that is told is exact to one")]
fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(x) => Some(round(f64::from(x), DIGITS)),
        Value::Whole(x) => Some(x as f64),
        Value::Signed(x) => Some(x as f64),
        Value::Flag(x) => Some(f64::from(u8::from(x))),
        Value::Unknown | Value::Text(_) => None,
    }
}
