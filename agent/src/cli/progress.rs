//! A line on the terminal that shows how far a command is; nothing where nobody watches.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use atalaya_base::units;
use atalaya_repo::backup::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::complain;

/// At most so often a second.
const REDRAWS: u8 = 10;
/// Rate and estimate look back over about this long.
const WINDOW: f64 = 5.0;

/// Shows progress, if there is a terminal.
pub(crate) struct Display {
    bar: ProgressBar,
}

/// Counters at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    /// They are nodes of trees rather than entries.
    pub(crate) nodes: bool,
    pub(crate) bytes: u64,
    /// Of what will be done in all, once that is known or can be guessed.
    pub(crate) total_entries: Option<u64>,
    pub(crate) total_bytes: Option<u64>,
    /// Both totals are those of last time.
    pub(crate) guessed: bool,
}

impl Display {
    /// `silent` on request; and on its own where standard error is no terminal.
    pub(crate) fn new(silent: bool) -> Self {
        if silent || !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::no_length()
            .with_style(ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS));
        Self { bar }
    }

    /// Whether anybody watches.
    pub(crate) fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// A line above the progress, on standard error.
    pub(crate) fn print(&self, line: &str) {
        self.bar.suspend(|| complain(line));
    }

    /// Runs `work` and shows what `counts` says meanwhile.
    pub(crate) fn around<T>(&self, counts: impl Fn() -> Counts + Sync, work: impl FnOnce() -> T) -> T {
        if self.bar.is_hidden() {
            return work();
        }
        let (done, over) = mpsc::channel::<()>();
        let counts = &counts;
        thread::scope(|scope| {
            // Without another thread there is no progress to be seen, and nothing else amiss.
            let _ =
                thread::Builder::new().name("progress".into()).spawn_scoped(scope, move || self.watch(&over, counts));
            let result = work();
            drop(done);
            result
        })
    }

    fn watch(&self, over: &mpsc::Receiver<()>, counts: &(impl Fn() -> Counts + Sync)) {
        let mut speed = Speed::new();
        let period = Duration::from_millis(1000 / u64::from(REDRAWS));
        while over.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
            let now = counts();
            let rate = speed.update(now.bytes);
            self.bar.set_message(line(now, rate));
        }
        self.bar.finish_and_clear();
    }
}

/// What the engine's counters say. Until the walk is over, which is only shortly before the end, the totals are
/// `last`: entries and bytes of the job's last snapshot.
pub(crate) fn of_backup(progress: &Progress, last: Option<(u64, u64)>) -> Counts {
    let get = |counter: &portable_atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let walked = progress.walked.load(Ordering::Relaxed);
    Counts {
        entries: get(&progress.entries),
        nodes: false,
        bytes: get(&progress.bytes),
        total_entries: if walked { Some(get(&progress.found)) } else { last.map(|last| last.0) },
        total_bytes: if walked { Some(get(&progress.found_bytes)) } else { last.map(|last| last.1) },
        guessed: !walked,
    }
}

/// Bytes a second, smoothed.
pub(crate) struct Speed {
    last: Instant,
    bytes: u64,
    rate: f64,
}

impl Speed {
    pub(crate) fn new() -> Self {
        Self { last: Instant::now(), bytes: 0, rate: 0.0 }
    }

    pub(crate) fn update(&mut self, bytes: u64) -> f64 {
        let seconds = self.last.elapsed().as_secs_f64().max(1e-3);
        let present = bytes.saturating_sub(self.bytes) as f64 / seconds;
        let weight = if self.rate == 0.0 { 1.0 } else { (seconds / WINDOW).min(1.0) };
        self.rate += (present - self.rate) * weight;
        (self.last, self.bytes) = (Instant::now(), bytes);
        self.rate
    }
}

fn line(now: Counts, rate: f64) -> String {
    let (one, many) = if now.nodes { ("tree node", "tree nodes") } else { ("entry", "entries") };
    let mut done = units::size(now.bytes);
    if !now.nodes || now.entries > 0 {
        done = format!("{}, {done}", units::counted(now.entries, one, many));
    }
    let rate_text = format!("{}/s", units::size(rate as u64));
    let Some(bytes) = now.total_bytes else { return format!("{done}, {rate_text}") };
    let percent = (now.bytes.min(bytes) * 100).checked_div(bytes).unwrap_or(100);
    let about = if now.guessed { "about " } else { "" };
    let left = bytes.saturating_sub(now.bytes) as f64 / rate.max(1.0);
    let left = if rate < 1.0 || left < 1.0 {
        String::new()
    } else {
        format!(", {about}{} left", units::duration(Duration::from_secs_f64(left.min(1e7))))
    };
    let entries = now.total_entries.map_or_else(String::new, |entries| format!("{} and ", units::count(entries)));
    format!("{percent:3} %  {done} of {about}{entries}{}, {rate_text}{left}", units::size(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_needs_a_total() {
        let mut now = Counts { entries: 10, bytes: 1 << 20, ..Counts::default() };
        assert_eq!(line(now, 1048576.0), "10 entries, 1.00 MiB, 1.00 MiB/s");
        (now.total_entries, now.total_bytes) = (Some(20), Some(4 << 20));
        assert_eq!(line(now, 1048576.0), " 25 %  10 entries, 1.00 MiB of 20 and 4.00 MiB, 1.00 MiB/s, 3.00 s left");
        now.guessed = true;
        let guess = " 25 %  10 entries, 1.00 MiB of about 20 and 4.00 MiB, 1.00 MiB/s, about 3.00 s left";
        assert_eq!(line(now, 1048576.0), guess);
    }
}
