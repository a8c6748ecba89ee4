//! The compiled program: run in a folder of its own, and asked by its own commands.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rusqlite::Connection;

const PATIENCE: Duration = Duration::from_secs(30);

/// A sidecar that runs, with what its log said so far.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) state: PathBuf,
    pub(crate) config: PathBuf,
    pub(crate) log: std::sync::mpsc::Receiver<String>,
    /// Where pages are.
    pub(crate) pages: String,
    /// Where nodes connect, if the broker is built in.
    pub(crate) mqtt: String,
    _folder: Option<tempfile::TempDir>,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Our own program with these words.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-sidecar"));
    command.args(words).stdin(Stdio::null());
    command
}

pub(crate) fn run(words: &[&str]) -> Ended {
    command(words).output().unwrap().into()
}

impl Program {
    /// With this configuration beside ports that are free.
    pub(crate) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Self::start_in(folder.path(), config);
        program._folder = Some(folder);
        program
    }

    pub(crate) fn start_in(folder: &Path, config: &str) -> Self {
        let (state, path) = (folder.join("state"), folder.join("sidecar.toml"));
        std::fs::write(&path, config).unwrap();
        let command = command(&["run", "--config", path.to_str().unwrap(), "--state-dir", state.to_str().unwrap()]);
        Self::begin(command, path, state)
    }

    /// With a configuration that is there and says where its state folder is.
    pub(crate) fn start_with(config: &Path, state: &Path) -> Self {
        let command = command(&["run", "--config", config.to_str().unwrap()]);
        Self::begin(command, config.to_owned(), state.to_owned())
    }

    fn begin(mut command: Command, path: PathBuf, state: PathBuf) -> Self {
        Self::attend(command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap(), path, state)
    }

    /// One that begins; what it says on its standard error has not been read yet.
    pub(crate) fn attend(mut child: Child, path: PathBuf, state: PathBuf) -> Self {
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut program =
            Self { child, state, config: path, log, pages: String::new(), mqtt: String::new(), _folder: None };
        let ready = program.hears(" ready ");
        let said = |key: &str| ready.split(key).nth(1).unwrap().split('"').next().unwrap().to_owned();
        program.pages = said("pages=\"").split(' ').next().unwrap().trim_end_matches('/').into();
        program.mqtt = said("mqtt=\"").split(' ').next().unwrap().into();
        program
    }

    /// The next line of the log with this in it.
    pub(crate) fn hears(&self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut all = String::new();
        while let Ok(line) = self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(part) {
                return line;
            }
            all = all + &line + "\n";
        }
        panic!("nothing with {part:?} in the log:\n{all}");
    }

    /// Asks it by a command.
    pub(crate) fn ask(&self, words: &[&str]) -> Ended {
        run(&[words, &["--state-dir", self.state.to_str().unwrap()]].concat())
    }

    /// The same, done and without complaint; what it printed.
    pub(crate) fn does(&self, words: &[&str]) -> String {
        let ended = self.ask(words);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{words:?}");
        ended.out
    }

    /// Lines of the audit, but for those of the sidecar itself: who, how, what and to what.
    pub(crate) fn audit(&self) -> Vec<String> {
        let connection = Connection::open(self.state.join("sidecar.db")).unwrap();
        let sql = "SELECT who || ' ' || how || ' ' || what || ' ' || target FROM audit WHERE how <> 'self' ORDER BY id";
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        let _ = self.child.wait();
    }
}
