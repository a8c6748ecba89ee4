//! A wrapper that remembers what was asked of a store.

use std::path::Path;
use std::sync::Mutex;

use crate::{Body, Entry, Result, SpoolFile, Store, locked};

/// One call, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// `put` of so many bytes.
    Put(String, u64),
    /// `sync`.
    Sync,
    /// `get` of (name, offset, length).
    Get(String, u64, usize),
    /// `list` of a prefix.
    List(String),
    /// `stat`.
    Stat(String),
    /// `delete`.
    Delete(String),
}

/// Calls counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tally {
    pub puts: usize,
    pub syncs: usize,
    pub gets: usize,
    pub lists: usize,
    pub stats: usize,
    pub deletes: usize,
    pub bytes_put: u64,
    pub bytes_got: u64,
}

/// Passes everything on and remembers it, failed calls too.
#[derive(Debug)]
pub struct Recorder<S> {
    inner: S,
    ops: Mutex<Vec<Op>>,
}

impl<S> Recorder<S> {
    /// Records what goes to `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, ops: Mutex::default() }
    }

    /// The store underneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The calls since the start or the last `take`.
    pub fn take(&self) -> Vec<Op> {
        std::mem::take(&mut *locked(&self.ops))
    }

    /// The calls since the last `take`, counted; they stay remembered.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        locked(&self.ops).iter().for_each(|op| tally.add(op));
        tally
    }

    fn note(&self, op: Op) -> &S {
        locked(&self.ops).push(op);
        &self.inner
    }
}

impl Tally {
    fn add(&mut self, op: &Op) {
        match op {
            Op::Put(_, len) => {
                self.puts += 1;
                self.bytes_put += len;
            }
            Op::Sync => self.syncs += 1,
            Op::Get(_, _, len) => {
                self.gets += 1;
                self.bytes_got += *len as u64;
            }
            Op::List(_) => self.lists += 1,
            Op::Stat(_) => self.stats += 1,
            Op::Delete(_) => self.deletes += 1,
        }
    }
}

impl<S: Store> Store for Recorder<S> {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        let len = body.len()?;
        self.note(Op::Put(name.to_owned(), len)).put(name, body)
    }
    fn sync(&self) -> Result<()> {
        self.note(Op::Sync).sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.note(Op::Get(name.to_owned(), offset, buf.len())).get(name, offset, buf)
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.note(Op::List(prefix.to_owned())).list(prefix, each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.note(Op::Stat(name.to_owned())).stat(name)
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.note(Op::Delete(name.to_owned())).delete(name)
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn free(&self) -> Result<Option<u64>> {
        self.inner.free()
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}
