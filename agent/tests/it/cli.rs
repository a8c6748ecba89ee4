//! Runs the real program, away from whatever is set up on this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub(crate) const PASSPHRASE: &str = "correct horse";

/// A scratch folder with a source, and the program's way of seeing the world.
pub(crate) struct Bench {
    _dir: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) raw: Vec<u8>,
    pub(crate) err: String,
}

impl Bench {
    /// With a small source tree, and no repository.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("src/folder")).unwrap();
        fs::write(root.join("src/hello.txt"), "hello\n").unwrap();
        fs::write(root.join("src/folder/Photo.JPG"), vec![7; 100_000]).unwrap();
        std::os::unix::fs::symlink("hello.txt", root.join("src/link")).unwrap();
        Self { _dir: dir, root }
    }

    /// With a repository.
    pub(crate) fn new() -> Self {
        let bench = Self::empty();
        bench.ok(["init"]);
        bench
    }

    /// With a repository and a snapshot of the source.
    pub(crate) fn backed_up() -> Self {
        let bench = Self::new();
        bench.backup();
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A path of the source as a snapshot has it, after `latest:`.
    pub(crate) fn latest(&self, name: &str) -> String {
        format!("latest:{}", self.root.join("src").join(name).display())
    }

    pub(crate) fn backup(&self) -> Ran {
        self.ok([OsStr::new("backup"), self.path("src").as_os_str()])
    }

    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
        command.args(args).stdin(Stdio::null()).current_dir(&self.root).env_clear();
        command.env("ATALAYA_REPO", self.path("repo")).env("ATALAYA_STATE_DIR", self.path("state"));
        command.env("ATALAYA_PASSPHRASE", PASSPHRASE).env("TZ", "UTC");
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        ran(self.command(args))
    }

    /// Runs what must succeed.
    pub(crate) fn ok<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran
    }

    /// The one JSON object that a command writes.
    pub(crate) fn json<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Value {
        let mut command = self.command(args);
        command.arg("--json");
        let ran = ran(command);
        assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// The objects of a command that writes one on each line.
    pub(crate) fn json_lines<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Vec<Value> {
        let mut command = self.command(args);
        command.arg("--json");
        ran(command).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn snapshot_ids(&self) -> Vec<String> {
        let listing = self.json(["snapshots"]);
        let id = |snapshot: &Value| snapshot["id"].as_str().unwrap().to_owned();
        listing["snapshots"].as_array().unwrap().iter().map(id).collect()
    }
}

pub(crate) fn ran(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        raw: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Names of all files below a folder, relative, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            out.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            }
        }
    }
    out.sort();
    out
}
