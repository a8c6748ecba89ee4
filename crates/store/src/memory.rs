//! Objects in memory, in two layers: what a power cut leaves, and what it may take.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::rng::Rng;
use crate::{Error, Kind, Result};

/// What a power cut does to objects put since the last `sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Each is kept whole or gone: what the contract allows.
    Whole,
    /// Each is kept, gone, cut short, or partly zeroes: what a lying disk does.
    Torn,
    /// Each is cut to its half: the names are on the disk and the bytes are not, as file systems have it.
    Cut,
}

#[derive(Clone, Debug)]
struct Object {
    bytes: Vec<u8>,
    durable: bool,
    /// When it was put, counted in puts; for listings that lag.
    number: u64,
}

/// The contents of a simulated store.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    objects: BTreeMap<String, Object>,
    /// Durable objects whose deletion is not durable yet.
    deleted: BTreeMap<String, Vec<u8>>,
    puts: u64,
    bytes: u64,
}

impl Memory {
    pub(crate) fn put(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        if self.objects.contains_key(name) {
            return Err(Error::new(Kind::Exists, format!("write {name}: it exists")));
        }
        self.puts += 1;
        self.bytes += bytes.len() as u64;
        self.objects.insert(name.to_owned(), Object { bytes, durable: false, number: self.puts });
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Result<&[u8]> {
        let object = self.objects.get(name).ok_or_else(|| not_found(name))?;
        Ok(&object.bytes)
    }

    pub(crate) fn delete(&mut self, name: &str) -> Result<()> {
        let object = self.objects.remove(name).ok_or_else(|| not_found(name))?;
        self.bytes -= object.bytes.len() as u64;
        if object.durable {
            self.deleted.insert(name.to_owned(), object.bytes);
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) {
        self.objects.values_mut().for_each(|object| object.durable = true);
        self.deleted.clear();
    }

    /// The first object after `name` (or at all) below `prefix`, unless it is among the last `lag` puts.
    pub(crate) fn next_after(&self, name: Option<&str>, prefix: &str, lag: u64) -> Option<(String, u64)> {
        let from = name.map_or(Bound::Included(prefix), Bound::Excluded);
        let range = self.objects.range::<str, _>((from, Bound::Unbounded));
        let mut below = range.take_while(|(name, _)| name.starts_with(prefix));
        let found = below.find(|(_, object)| object.number + lag <= self.puts)?;
        Some((found.0.clone(), found.1.bytes.len() as u64))
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Changes an object behind the caller's back.
    pub(crate) fn damage(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let object = self.objects.get_mut(name).ok_or_else(|| not_found(name))?;
        self.bytes -= object.bytes.len() as u64;
        change(&mut object.bytes);
        self.bytes += object.bytes.len() as u64;
        Ok(())
    }

    /// Takes what is not durable, as `seed` says: puts and deletions alike.
    pub(crate) fn power_cut(&mut self, seed: u64, loss: Loss) {
        let mut rng = Rng::new(seed);
        self.objects.retain(|_, object| object.durable || survives(&mut rng, &mut object.bytes, loss));
        for (name, bytes) in std::mem::take(&mut self.deleted) {
            if rng.next() & 1 == 0 {
                let number = self.puts;
                self.objects.entry(name).or_insert(Object { bytes, durable: true, number });
            }
        }
        self.sync();
        self.bytes = self.objects.values().map(|object| object.bytes.len() as u64).sum();
    }
}

/// Whether an object is still there; it may be torn then.
fn survives(rng: &mut Rng, bytes: &mut Vec<u8>, loss: Loss) -> bool {
    let fate = match loss {
        Loss::Whole => rng.below(2),
        Loss::Torn => rng.below(4),
        Loss::Cut => 2,
    };
    let at = if loss == Loss::Cut { bytes.len() / 2 } else { rng.below(bytes.len()) };
    match fate {
        0 => return false,
        1 => {}
        2 => bytes.truncate(at),
        _ => {
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
        }
    }
    true
}

fn not_found(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("{name}: no such object"))
}
