//! Several programs at one store, one operation at a time, in an order that a seed draws; and each may be stopped for good.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use atalaya_store::{Body, Entry, Error, Kind, Result, SpoolFile, Store};

/// Who acts next.
pub struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    random: u64,
    /// One turn in this many goes to another actor.
    switch: u64,
    turn: usize,
    active: Vec<bool>,
}

impl Turns {
    pub fn new(seed: u64, switch: u64, actors: usize) -> Arc<Self> {
        let state = State { random: seed, switch, turn: seed as usize % actors, active: vec![true; actors] };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    /// The actor does nothing more.
    pub fn leave(&self, actor: usize) {
        let mut state = self.state.lock().unwrap();
        state.active[actor] = false;
        state.pass();
        self.changed.notify_all();
    }

    /// Does one operation when it is the actor's turn.
    fn act<T>(&self, actor: usize, operation: impl FnOnce() -> T) -> T {
        let mut state = self.changed.wait_while(self.state.lock().unwrap(), |state| state.turn != actor).unwrap();
        let out = operation();
        let switch = state.switch;
        if state.below(switch) == 0 {
            state.pass();
            self.changed.notify_all();
        }
        out
    }
}

impl State {
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    fn pass(&mut self) {
        let left: Vec<usize> = (0..self.active.len()).filter(|actor| self.active[*actor]).collect();
        if !left.is_empty() {
            self.turn = left[self.below(left.len() as u64) as usize];
        }
    }
}

/// The store as one actor has it.
pub struct Seat {
    pub inner: Arc<dyn Store>,
    pub turns: Arc<Turns>,
    pub actor: usize,
    /// Operations until it is killed.
    pub left: Mutex<Option<u64>>,
    /// As a store that answers late: what a backup puts, a thread of its own puts.
    pub at_once: usize,
}

impl Seat {
    fn act<T>(&self, operation: impl FnOnce() -> Result<T>) -> Result<T> {
        self.turns.act(self.actor, || {
            if let Some(left) = &mut *self.left.lock().unwrap() {
                match left.checked_sub(1) {
                    Some(fewer) => *left = fewer,
                    None => return Err(Error::new(Kind::Stopped, "killed")),
                }
            }
            operation()
        })
    }
}

impl Store for Seat {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        self.act(|| self.inner.put(name, body))
    }
    fn sync(&self) -> Result<()> {
        self.act(|| self.inner.sync())
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.act(|| self.inner.get(name, offset, buf))
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        let mut all = Vec::new();
        self.act(|| {
            self.inner.list(prefix, &mut |entry| {
                all.push(entry.clone());
                Ok(())
            })
        })?;
        all.iter().try_for_each(each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.act(|| self.inner.stat(name))
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.act(|| self.inner.delete(name))
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn puts_at_once(&self) -> usize {
        self.at_once
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}
