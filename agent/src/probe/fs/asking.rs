//! Asking file systems for their room, each in a thread of its own: one that hangs keeps its thread, and is asked again
//! only when that came back.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

/// Threads at a time, those that hang among them. Each has little more than a page of memory.
pub(super) const THREADS_MAX: usize = 16;
const STACK_BYTES: usize = 64 << 10;

/// Room, in bytes and in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) bytes: u64,
    /// Free for the administrator.
    pub(super) free_bytes: u64,
    /// Free for everybody.
    pub(super) available_bytes: u64,
    pub(super) files: u64,
    pub(super) free_files: u64,
}

/// The system call.
pub(super) fn room(path: &Path) -> io::Result<Room> {
    let found = statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Room {
        bytes: bytes(found.f_blocks),
        free_bytes: bytes(found.f_bfree),
        available_bytes: bytes(found.f_bavail),
        files: found.f_files,
        free_files: found.f_ffree,
    })
}

/// What asking one gave.
#[derive(Debug)]
pub(super) enum Answer {
    Room(Room),
    Error(io::Error),
    /// It does not answer.
    Stuck,
    /// So many do not answer that nobody was left to ask this one.
    Unasked,
}

/// Whom nobody answered yet, and the way answers come back.
#[derive(Debug)]
pub(super) struct Asking {
    ask: fn(&Path) -> io::Result<Room>,
    patience: Duration,
    waiting: BTreeSet<PathBuf>,
    send: Sender<(PathBuf, io::Result<Room>)>,
    receive: Receiver<(PathBuf, io::Result<Room>)>,
}

impl Asking {
    pub(super) fn new(ask: fn(&Path) -> io::Result<Room>, patience: Duration) -> Self {
        let (send, receive) = mpsc::channel();
        Self { ask, patience, waiting: BTreeSet::new(), send, receive }
    }

    /// Asks all of `paths`, which are different, and gives their answers in order after `patience` at the latest.
    pub(super) fn all(&mut self, paths: &[PathBuf]) -> Vec<Answer> {
        let end = Instant::now() + self.patience;
        // What came after the last round's end is old.
        while let Ok((path, _)) = self.receive.try_recv() {
            self.waiting.remove(&path);
        }
        let mut answers: Vec<Answer> = paths.iter().map(|_| Answer::Unasked).collect();
        // Those that hang since an earlier round are not waited for.
        let mut fresh = BTreeSet::new();
        for (at, path) in paths.iter().enumerate() {
            while self.waiting.len() >= THREADS_MAX && self.any(&fresh) && self.take(paths, &mut answers, end) {}
            if self.waiting.contains(path) {
                answers[at] = Answer::Stuck;
            } else if self.start(path) {
                answers[at] = Answer::Stuck;
                fresh.insert(path.clone());
            }
        }
        while self.any(&fresh) && self.take(paths, &mut answers, end) {}
        answers
    }

    fn any(&self, fresh: &BTreeSet<PathBuf>) -> bool {
        fresh.iter().any(|path| self.waiting.contains(path))
    }

    /// Whether a thread asks now.
    fn start(&mut self, path: &Path) -> bool {
        if self.waiting.len() >= THREADS_MAX {
            return false;
        }
        let (ask, send, owned) = (self.ask, self.send.clone(), path.to_owned());
        let work = move || {
            let answer = ask(&owned);
            let _ = send.send((owned, answer));
        };
        let started = thread::Builder::new().name("statvfs".into()).stack_size(STACK_BYTES).spawn(work).is_ok();
        started && self.waiting.insert(path.to_owned())
    }

    /// Takes in one answer; false at `end`.
    fn take(&mut self, paths: &[PathBuf], answers: &mut [Answer], end: Instant) -> bool {
        let Ok((path, found)) = self.receive.recv_timeout(end.saturating_duration_since(Instant::now())) else {
            return false;
        };
        self.waiting.remove(&path);
        if let Some(at) = paths.iter().position(|other| *other == path) {
            answers[at] = found.map_or_else(Answer::Error, Answer::Room);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::fs::{File, OpenOptions};

    /// Hangs where there is a pipe until somebody opens its other end.
    fn piped(path: &Path) -> io::Result<Room> {
        File::open(path).map(|_| Room { bytes: 7, ..Room::default() })
    }

    fn words(answers: &[Answer]) -> String {
        let word = |answer: &Answer| match answer {
            Answer::Room(_) => 'r',
            Answer::Error(_) => 'e',
            Answer::Stuck => 's',
            Answer::Unasked => 'u',
        };
        answers.iter().map(word).collect()
    }

    #[test]
    fn what_hangs_is_asked_again_when_it_came_back() {
        let folder = tempfile::tempdir().unwrap();
        let [good, hung, none] = ["good", "hung", "none"].map(|name| folder.path().join(name));
        File::create(&good).unwrap();
        mkfifo(&hung, Mode::S_IRWXU).unwrap();
        let mut asking = Asking::new(piped, Duration::from_millis(100));
        let paths = [good.clone(), hung.clone(), none.clone()];
        assert_eq!(words(&asking.all(&paths)), "rse");
        assert_eq!(asking.waiting.len(), 1);
        assert_eq!(words(&asking.all(&paths)), "rse", "not asked twice");
        assert_eq!(asking.waiting.len(), 1);
        // The thread goes on, what it says is too old to count, and nobody hangs any more.
        let _end = OpenOptions::new().write(true).open(&hung).unwrap();
        asking.patience = Duration::from_secs(30);
        let mut rounds = 0;
        while words(&asking.all(&paths)) != "rre" {
            rounds += 1;
            assert!(rounds < 1000);
        }
        assert!(asking.waiting.is_empty());
    }

    #[test]
    fn threads_that_hang_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..THREADS_MAX + 3).map(|n| folder.path().join(format!("{n:02}"))).collect();
        paths.iter().for_each(|path| mkfifo(path, Mode::S_IRWXU).unwrap());
        let mut asking = Asking::new(piped, Duration::from_millis(50));
        let expected = format!("{}uuu", "s".repeat(THREADS_MAX));
        assert_eq!(words(&asking.all(&paths)), expected);
        assert_eq!(words(&asking.all(&paths)), expected);
        for path in &paths[..THREADS_MAX] {
            drop(OpenOptions::new().write(true).open(path).unwrap());
        }
    }

    #[test]
    fn more_than_threads_are_all_asked() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..60).map(|n| folder.path().join(n.to_string())).collect();
        let mut asking = Asking::new(piped, Duration::from_secs(30));
        assert_eq!(words(&asking.all(&paths)), "e".repeat(60));
        let found = room(folder.path()).unwrap();
        assert!(found.bytes >= found.free_bytes && found.free_bytes >= found.available_bytes && found.bytes > 0);
    }
}
