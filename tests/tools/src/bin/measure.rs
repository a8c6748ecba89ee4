//! Runs a command and says what it took: `measure [--json] [--output FILE] -- COMMAND…`.
//!
//! Peak memory is the larger of two figures: the sum over all processes of the
//! tree, looked at every 5 ms, and the largest single one as the kernel kept it
//! (`ru_maxrss`), which no peak escapes. Processes that leave the tree are adopted
//! and counted (child subreaper). The report goes to standard error, or to FILE.

use std::error::Error;
use std::fmt::Write;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atalaya_test_tools::args::Args;
use atalaya_test_tools::proctree::descendants_rss;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const POLL: Duration = Duration::from_millis(5);

struct Report {
    status: ExitStatus,
    wall: Duration,
    usage: Usage,
    tree_peak: u64,
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(err) => {
            eprintln!("measure: {err}");
            ExitCode::from(125)
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let own: Vec<String> = words.by_ref().take_while(|word| word != "--").collect();
    let args = Args::parse(own, &["output"], &["json"])?;
    let command: Vec<String> = words.collect();
    let report = measure(&command)?;
    let text = if args.has("json") { report.json()? } else { report.text()? };
    match args.value("output") {
        Some(path) => std::fs::write(path, text)?,
        None => eprint!("{text}"),
    }
    Ok(report.exit_code())
}

fn measure(command: &[String]) -> Result<Report, Box<dyn Error>> {
    let (program, args) = command.split_first().ok_or("measure [--json] [--output FILE] -- COMMAND…")?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    let mut child = Command::new(program).args(args).spawn().map_err(|err| format!("{program}: {err}"))?;
    let (status, wall) = std::thread::scope(|scope| {
        scope.spawn(|| poll(&done, &peak));
        let status = child.wait();
        let wall = start.elapsed();
        done.store(true, Ordering::Relaxed);
        (status, wall)
    });
    reap();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(Report { status: status?, wall, usage, tree_peak: peak.into_inner() })
}

fn poll(done: &AtomicBool, peak: &AtomicU64) {
    while !done.load(Ordering::Relaxed) {
        peak.fetch_max(descendants_rss(std::process::id()), Ordering::Relaxed);
        std::thread::sleep(POLL);
    }
}

/// Takes in adopted processes that have ended, so that their time counts.
fn reap() {
    use rustix::process::{WaitOptions, waitpid};
    while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
}

impl Report {
    fn peak(&self) -> u64 {
        self.tree_peak.max(u64::try_from(self.usage.max_rss()).unwrap_or(0) * 1024)
    }

    fn cpu(&self) -> (f64, f64) {
        let seconds = |micros: i64| micros as f64 / 1e6;
        (seconds(self.usage.user_time().num_microseconds()), seconds(self.usage.system_time().num_microseconds()))
    }

    fn json(&self) -> Result<String, std::fmt::Error> {
        let (user, system) = self.cpu();
        let mut text = String::new();
        writeln!(
            text,
            "{{\"exit\": {}, \"wall_seconds\": {:.4}, \"user_seconds\": {user:.4}, \"system_seconds\": {system:.4}, \
             \"peak_rss_bytes\": {}}}",
            self.code(),
            self.wall.as_secs_f64(),
            self.peak()
        )?;
        Ok(text)
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let (user, system) = self.cpu();
        let mut text = String::new();
        let mib = self.peak() as f64 / f64::from(1 << 20);
        let wall = self.wall.as_secs_f64();
        writeln!(text, "wall {wall:.3} s, user {user:.3} s, system {system:.3} s, peak RSS {mib:.1} MiB")?;
        Ok(text)
    }

    /// As a shell has it: 128 and the signal for a killed command.
    fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::try_from(self.code()).unwrap_or(1))
    }
}
