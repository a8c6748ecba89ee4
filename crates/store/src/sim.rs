//! A simulated store that can be stopped, cut off from power, filled, damaged and
//! made to answer late.

use std::path::Path;
use std::sync::Mutex;

use crate::body::copy_range;
use crate::memory::{Loss, Memory};
use crate::{Body, Entry, Error, Kind, Result, SpoolFile, Store, check_name, check_prefix, locked, spool_in};

/// When the simulated machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The operation of this number (the first is 0) does not happen.
    Before(u64),
    /// It happens, but its caller does not hear of it.
    After(u64),
}

/// A store in memory; all its switches may be thrown while it is in use.
#[derive(Debug, Default)]
pub struct SimStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    memory: Memory,
    operations: u64,
    puts: u64,
    stop: Option<Stop>,
    stop_after_put: Option<&'static str>,
    stopped: bool,
    capacity: Option<u64>,
    lie_at_put: Option<u64>,
    lag: u64,
    frozen: Option<Vec<Entry>>,
}

impl SimStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Operations so far, so that a test can stop at each of them in turn.
    pub fn operations(&self) -> u64 {
        locked(&self.state).operations
    }

    /// From the given operation on every call says `Kind::Stopped`.
    pub fn stop_at(&self, stop: Stop) {
        locked(&self.state).stop = Some(stop);
    }

    /// The next put of a name that begins so is the last operation before every call says `Kind::Stopped`.
    pub fn stop_after_put(&self, prefix: &'static str) {
        locked(&self.state).stop_after_put = Some(prefix);
    }

    /// The program is started again; the machine had power all the time.
    pub fn restart(&self) {
        let mut state = locked(&self.state);
        state.stop = None;
        state.stop_after_put = None;
        state.stopped = false;
    }

    /// The power goes and comes back: what was not synced is lost, or not, as `seed` says. Restarts.
    pub fn power_cut(&self, seed: u64, loss: Loss) {
        self.restart();
        locked(&self.state).memory.power_cut(seed, loss);
    }

    /// Room for so many bytes, more is `Kind::Full`; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        locked(&self.state).capacity = bytes;
    }

    /// The put of this number (the first is 0) succeeds, but says `Kind::Io`.
    pub fn lie_at_put(&self, number: u64) {
        locked(&self.state).lie_at_put = Some(number);
    }

    /// Listings do not show the last `puts` objects put, as some clouds do.
    pub fn lag_listing(&self, puts: u64) {
        locked(&self.state).lag = puts;
    }

    /// Listings show what is there now, deleted or not later, until [`SimStore::thaw_listing`].
    pub fn freeze_listing(&self) {
        let mut state = locked(&self.state);
        let mut all = Vec::new();
        let mut last: Option<String> = None;
        while let Some((name, len)) = state.memory.next_after(last.as_deref(), "", 0) {
            last = Some(name.clone());
            all.push(Entry { name, len });
        }
        state.frozen = Some(all);
    }

    /// Listings are true again.
    pub fn thaw_listing(&self) {
        locked(&self.state).frozen = None;
    }

    /// Inverts one byte of an object.
    ///
    /// # Errors
    /// `Kind::NotFound`, or `Kind::Truncated` when it is shorter.
    pub fn flip(&self, name: &str, at: usize) -> Result<()> {
        let mut done = Err(Error::new(Kind::Truncated, format!("{name} has no byte {at}")));
        self.damage(name, |bytes| {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = !*byte;
                done = Ok(());
            }
        })?;
        done
    }

    /// Cuts an object short.
    ///
    /// # Errors
    /// `Kind::NotFound`.
    pub fn truncate(&self, name: &str, len: usize) -> Result<()> {
        self.damage(name, |bytes| bytes.truncate(len))
    }

    /// Changes an object's bytes in any way; does not count as an operation.
    ///
    /// # Errors
    /// `Kind::NotFound`.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        locked(&self.state).memory.damage(name, change)
    }

    /// Makes an object vanish for good; does not count as an operation.
    ///
    /// # Errors
    /// `Kind::NotFound`.
    pub fn lose(&self, name: &str) -> Result<()> {
        locked(&self.state).memory.delete(name)
    }

    /// An object's bytes; does not count as an operation.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        locked(&self.state).memory.get(name).ok().map(<[u8]>::to_vec)
    }

    /// All names below `prefix`, in order; does not count as an operation.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let state = locked(&self.state);
        let mut names: Vec<String> = Vec::new();
        while let Some((name, _)) = state.memory.next_after(names.last().map(String::as_str), prefix, 0) {
            names.push(name);
        }
        names
    }

    /// Counts an operation and does it, unless the machine stops before.
    fn act<T>(&self, action: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = locked(&self.state);
        let number = state.operations;
        state.stopped |= state.stop == Some(Stop::Before(number));
        if state.stopped {
            return Err(stopped());
        }
        state.operations += 1;
        let result = action(&mut state);
        state.stopped |= state.stop == Some(Stop::After(number));
        if state.stopped { Err(stopped()) } else { result }
    }

    fn next_entry(&self, index: usize, last: Option<&str>, prefix: &str) -> Option<Entry> {
        let state = locked(&self.state);
        match &state.frozen {
            Some(entries) => entries.iter().filter(|entry| entry.name.starts_with(prefix)).nth(index).cloned(),
            None => state.memory.next_after(last, prefix, state.lag).map(|(name, len)| Entry { name, len }),
        }
    }
}

impl State {
    fn put(&mut self, name: &str, bytes: Vec<u8>) -> Result<()> {
        let after = self.memory.bytes() + bytes.len() as u64;
        if self.memory.get(name).is_err() && self.capacity.is_some_and(|capacity| after > capacity) {
            return Err(Error::new(Kind::Full, format!("write {name}: no room left")));
        }
        self.memory.put(name, bytes)?;
        if self.stop_after_put.is_some_and(|prefix| name.starts_with(prefix)) {
            self.stop = Some(Stop::Before(self.operations));
        }
        let number = self.puts;
        self.puts += 1;
        if self.lie_at_put == Some(number) {
            return Err(Error::new(Kind::Io, format!("write {name}: the connection is gone")));
        }
        Ok(())
    }
}

impl Store for SimStore {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        check_name(name)?;
        let len = usize::try_from(body.len()?).map_err(|_| Error::new(Kind::Full, name))?;
        let mut bytes = vec![0; len];
        body.read_at(0, &mut bytes)?;
        self.act(|state| state.put(name, bytes))
    }

    fn sync(&self) -> Result<()> {
        self.act(|state| {
            state.memory.sync();
            Ok(())
        })
    }

    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_name(name)?;
        self.act(|state| copy_range(state.memory.get(name)?, offset, buf))
    }

    /// Not locked while `each` runs, which may call the store.
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        check_prefix(prefix)?;
        self.act(|_| Ok(()))?;
        let mut last: Option<Entry> = None;
        let mut index = 0;
        while let Some(entry) = self.next_entry(index, last.as_ref().map(|entry| entry.name.as_str()), prefix) {
            each(&entry)?;
            last = Some(entry);
            index += 1;
        }
        Ok(())
    }

    fn stat(&self, name: &str) -> Result<u64> {
        check_name(name)?;
        self.act(|state| Ok(state.memory.get(name)?.len() as u64))
    }

    fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        self.act(|state| state.memory.delete(name))
    }

    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        spool_in(fallback)
    }

    fn free(&self) -> Result<Option<u64>> {
        let state = locked(&self.state);
        Ok(state.capacity.map(|capacity| capacity.saturating_sub(state.memory.bytes())))
    }

    /// So that what the engine does with stores that answer late is stopped and cut off at every operation, too.
    fn puts_at_once(&self) -> usize {
        2
    }

    fn place(&self) -> String {
        "a simulated store".to_owned()
    }
}

fn stopped() -> Error {
    Error::new(Kind::Stopped, "the simulated machine has stopped")
}
