//! A machine with the agent on it: its folder, its configuration, its clock.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::until;

pub(super) const NODE: &str = "0123456789abcdef";

pub(super) struct Nas {
    folder: PathBuf,
    state: PathBuf,
    simulate: String,
    path: Option<String>,
    /// Sees none of what others mount and unmount.
    alone: bool,
    desk: Option<PathBuf>,
    child: Option<Child>,
}

impl Nas {
    /// With `config` behind `[node]`, and a clock that runs `speed` times as fast.
    pub(super) fn new(folder: &Path, name: &str, speed: u32, config: &str) -> Self {
        let folder = folder.join(name);
        let state = folder.join("state");
        fs::create_dir_all(&state).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let simulate = format!("{speed} {now} {}", folder.join("jump").display());
        let nas = Self { folder, state, simulate, path: None, alone: false, desk: None, child: None };
        nas.configure(config);
        nas
    }

    pub(super) fn configure(&self, config: &str) {
        let node = format!("[node]\nid = \"{NODE}\"\nname = \"Test\"\nzone = \"UTC\"\nstate_dir = {:?}\n", self.state)
            // A machine that is busy with tests is no reason to wait.
            + "[pause]\nabove_busy_percent = 0\n";
        replace(&self.folder.join("agent.toml"), &(node + config));
    }

    /// Keeps what it remembers elsewhere.
    pub(super) fn keep_state_in(&mut self, state: &Path) {
        self.state = state.to_owned();
    }

    /// Sees from now on none of what others mount and unmount. Needs root.
    pub(super) fn see_no_other_mounts(&mut self) {
        self.alone = true;
    }

    /// Finds programs here first.
    pub(super) fn find_programs_in(&mut self, folder: &Path) {
        self.path = Some(format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default()));
    }

    /// Has its jobs done by whoever listens there.
    pub(super) fn ask_for_jobs_at(&mut self, socket: &Path) {
        self.desk = Some(socket.to_owned());
    }

    /// Its configuration.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// The wall clock is wrong by so many seconds from now on.
    pub(super) fn jump(&self, seconds: i64) {
        replace(&self.folder.join("jump"), &seconds.to_string());
    }

    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_atalaya-agent");
        let mut command = Command::new(if self.alone { "unshare" } else { program });
        if self.alone {
            command.args(["--mount", "--propagation", "private", program]);
        }
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        command.arg("run").arg("--config").arg(self.folder.join("agent.toml")).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log).env("ATALAYA_SIMULATE", &self.simulate);
        if let Some(desk) = &self.desk {
            command.arg("--job-socket").arg(desk);
        }
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command
    }

    /// Starts it, and does not wait for it.
    pub(super) fn begin(&mut self) {
        self.child = Some(self.program().spawn().unwrap());
    }

    /// Starts it, and comes back once it answers.
    pub(super) fn start(&mut self) {
        self.begin();
        until(|| self.log(), || self.ask("status").is_some());
    }

    /// Starts what will not come up, and gives its exit code.
    pub(super) fn start_and_fail(&self) -> Option<i32> {
        self.program().status().unwrap().code()
    }

    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Holds it where it is, or lets it go on.
    pub(super) fn hold(&self, hold: bool) {
        self.signal(if hold { Signal::SIGSTOP } else { Signal::SIGCONT });
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.as_ref().unwrap().id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Tells it to stop; its exit code.
    pub(super) fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.take().unwrap().wait().unwrap().code()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub(super) fn log_count(&self, words: &str) -> usize {
        self.log().lines().filter(|line| line.contains(words)).count()
    }

    /// What it says on its control socket.
    pub(super) fn ask(&self, request: &str) -> Option<Value> {
        self.say(&format!("{request:?}"))
    }

    /// Has it do what a line of JSON says.
    #[track_caller]
    pub(super) fn command(&self, line: &str) {
        assert!(self.say(line).is_some(), "{line}: {}", self.log());
    }

    fn say(&self, request: &str) -> Option<Value> {
        let mut stream = UnixStream::connect(self.state.join("control.sock")).ok()?;
        writeln!(stream, "{request}").ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        serde_json::from_str::<Value>(&line).ok()?.get_mut("ok").map(Value::take)
    }

    pub(super) fn status(&self) -> Value {
        self.ask("status").unwrap_or_default()
    }

    pub(super) fn connected(&self) -> bool {
        self.status()["brokers"][0]["connected"] == true
    }

    pub(super) fn problem(&self) -> String {
        self.status()["brokers"][0]["problem"].as_str().unwrap_or_default().to_owned()
    }

    /// A figure of the kernel about the process, in KiB.
    pub(super) fn kib(&self, key: &str) -> u64 {
        let pid = self.child.as_ref().unwrap().id();
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// Bytes that its records take.
    pub(super) fn spool(&self) -> u64 {
        let entries = fs::read_dir(self.state.join("records")).unwrap();
        entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
    }
}

/// Nobody ever reads half of it.
fn replace(path: &Path, text: &str) {
    let partial = path.with_extension("part");
    fs::write(&partial, text).unwrap();
    fs::rename(&partial, path).unwrap();
}

impl Drop for Nas {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
