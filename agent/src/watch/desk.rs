//! Jobs done by another service, which may read everything: the agent's end of its socket.
//!
//! ```text
//! agent:    photos\n                      a job; photos.full: all of it; photos.check: its check. Nothing else chooses anything
//!           hold\n   go\n                 while it runs
//!                                         the end of what the agent says is the request to stop
//! service:  {"process":4711}\n
//!           {"progress":{…}}\n            now and then
//!           {"ended":{"status":0,"said":"…","complaint":"…"}}\n
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use serde::{Deserialize, Serialize};

use super::process::{Ended, News, Progress};

/// Of a line of the service.
pub(super) const LINE_BYTES_MAX: u64 = 1 << 20;
/// For a word to be taken.
const PATIENCE: Duration = Duration::from_secs(5);
pub(super) const HOLD: &str = "hold";
pub(super) const GO: &str = "go";

/// What the service says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// The number of the process that does it.
    Process(u32),
    /// How far it is.
    Progress(Progress),
    /// That it is over.
    Ended(Over),
}

/// How it ended: as the system says it, or why there was no process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Over {
    status: Option<i32>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    said: String,
    #[serde(default)]
    complaint: String,
}

impl From<Ended> for Over {
    fn from(ended: Ended) -> Self {
        let (status, error) = match ended.status {
            Ok(status) => (Some(status.into_raw()), String::new()),
            Err(err) => (None, err.to_string()),
        };
        Self { status, error, said: ended.said, complaint: ended.complaint }
    }
}

impl From<Over> for Ended {
    fn from(over: Over) -> Self {
        let status = over.status.map(ExitStatus::from_raw).ok_or_else(|| io::Error::other(over.error));
        Self { status, said: over.said, complaint: over.complaint }
    }
}

/// A job that the service does for us.
#[derive(Debug)]
pub(super) struct Desk {
    stream: UnixStream,
    process: Arc<AtomicU32>,
}

impl Desk {
    /// Asks the service at `path` for the task called `word`; `out` hears what becomes of it.
    pub(super) fn ask(path: &Path, word: &str, out: Sender<News>) -> io::Result<Self> {
        let stream = UnixStream::connect(path)
            .map_err(|err| io::Error::other(format!("the job service does not answer at {}: {err}", path.display())))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        (&stream).write_all(format!("{word}\n").as_bytes())?;
        let (theirs, process) = (stream.try_clone()?, Arc::<AtomicU32>::default());
        let desk = Self { stream, process: Arc::clone(&process) };
        thread::Builder::new().name("job".into()).stack_size(64 << 10).spawn(move || {
            let ended = listen(theirs, &process, &out);
            let _ = out.send_blocking(News::Ended(ended));
        })?;
        Ok(desk)
    }

    /// The number of its process, once it is known.
    pub(super) fn process(&self) -> Option<u32> {
        Some(self.process.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    pub(super) fn hold(&self, hold: bool) {
        let _ = writeln!(&self.stream, "{}", if hold { HOLD } else { GO });
    }

    pub(super) fn stop(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Hears no more of it. The service kills what does not end, by itself.
    pub(super) fn leave(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn listen(stream: impl Read, process: &AtomicU32, out: &Sender<News>) -> Ended {
    let (mut stream, mut line) = (BufReader::new(stream), Vec::new());
    loop {
        line.clear();
        match (&mut stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) => return broken("it hung up; \"journalctl -u 'atalaya-job@*'\" says why"),
            Err(err) => return broken(&err.to_string()),
            Ok(_) => {}
        }
        match serde_json::from_slice(&line) {
            Ok(Word::Process(pid)) => process.store(pid, Ordering::Relaxed),
            // Whoever is busy hears the next one.
            Ok(Word::Progress(progress)) => drop(out.try_send(News::Progress(progress))),
            Ok(Word::Ended(over)) => return over.into(),
            Err(_) => return broken("it says what it should not"),
        }
    }
}

fn broken(why: &str) -> Ended {
    let status = Err(io::Error::other(format!("the job service: {why}")));
    Ended { status, said: String::new(), complaint: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Outcome;

    fn heard(said: &str) -> (Ended, u32, usize) {
        let (out, news) = async_channel::bounded(4);
        let process = AtomicU32::default();
        let ended = listen(said.as_bytes(), &process, &out);
        (ended, process.into_inner(), news.len())
    }

    #[test]
    fn what_the_service_says_is_what_a_process_would() {
        let over = Over::from(Ended {
            status: Ok(ExitStatus::from_raw(3 << 8)),
            said: r#"{"snapshot":"ab","problems":2}"#.into(),
            complaint: "cannot read /a: denied\n".into(),
        });
        let words = [Word::Process(7), Word::Progress(Progress { bytes: 5, ..Progress::default() }), Word::Ended(over)];
        let text: String = words.iter().map(|word| serde_json::to_string(word).unwrap() + "\n").collect();
        let (ended, process, told) = heard(&text);
        let (outcome, code, problem, said) = ended.judge(false);
        assert_eq!((outcome, code, said.problems, process, told), (Outcome::Warnings, Some(3), Some(2), 7, 1));
        assert_eq!(problem, "2 could not be backed up; the first: cannot read /a: denied");
    }

    #[test]
    fn a_service_that_breaks_off_is_a_run_that_failed() {
        for bad in ["", "{\"process\":7}\n", "{\"ended\":", "hello\n", &"x".repeat(2 << 20)] {
            let (ended, ..) = heard(bad);
            let (outcome, code, problem, _) = ended.judge(false);
            assert_eq!((outcome, code), (Outcome::Failed, None));
            assert!(problem.contains("the job service"), "{problem}");
            assert_eq!(heard(bad).0.judge(true).0, Outcome::Stopped);
        }
        let (ended, ..) = heard("{\"ended\":{\"status\":null,\"error\":\"there is no job \\\"x\\\"\"}}\n");
        assert_eq!(ended.judge(false).2, "cannot run a process for it: there is no job \"x\"");
    }
}
