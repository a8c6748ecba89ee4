//! How far a command is, for programs: a line of JSON every few seconds, before the document at the end.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::progress::{Counts, Speed};

#[derive(Serialize)]
struct Line {
    progress: Progress,
}

#[derive(Serialize)]
struct Progress {
    entries: u64,
    bytes: u64,
    bytes_per_second: u64,
    total_entries: Option<u64>,
    total_bytes: Option<u64>,
}

/// Runs `work`, and says meanwhile what `counts` says; nothing without `every`.
pub(crate) fn around<T>(every: Option<Duration>, counts: impl Fn() -> Counts + Sync, work: impl FnOnce() -> T) -> T {
    let Some(every) = every else { return work() };
    let (done, over) = mpsc::channel::<()>();
    let counts = &counts;
    thread::scope(|scope| {
        // Without another thread there is no progress to be heard, and nothing else amiss.
        let _ = thread::Builder::new().name("progress".into()).spawn_scoped(scope, move || tell(every, &over, counts));
        let result = work();
        drop(done);
        result
    })
}

fn tell(every: Duration, over: &mpsc::Receiver<()>, counts: &(impl Fn() -> Counts + Sync)) {
    let mut speed = Speed::new();
    while over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let now = counts();
        let progress = Progress {
            entries: now.entries,
            bytes: now.bytes,
            bytes_per_second: speed.update(now.bytes) as u64,
            total_entries: now.total_entries,
            total_bytes: now.total_bytes,
        };
        let Ok(mut line) = serde_json::to_vec(&Line { progress }) else { continue };
        line.push(b'\n');
        // Whoever stopped reading hears of the end from the command itself.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&line).and_then(|()| out.flush());
    }
}
