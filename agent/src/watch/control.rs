//! Talking to the running daemon: a Unix socket for its owner and group, one line of JSON each way.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use serde::{Deserialize, Serialize};

/// Of a line, either way.
const LINE_BYTES_MAX: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// What it is doing.
    Status,
    /// To begin a job, or all.
    Backup(Option<String>),
    /// To begin the tasks of an upkeep, or one: `nas`, `nas.check`.
    Upkeep(String),
    /// Whether jobs have enough copies.
    Policy,
    /// To forget hardware that is gone: `disk/<id>`.
    Dismiss(String),
}

/// A question and where its answer goes.
pub(super) struct Asked {
    pub(super) request: Request,
    stream: UnixStream,
}

impl Asked {
    /// Answers; whoever asked may be gone.
    pub(super) fn reply(mut self, reply: &Result<serde_json::Value, String>) {
        let line = match reply {
            Ok(value) => serde_json::json!({ "ok": value }),
            Err(why) => serde_json::json!({ "error": why }),
        };
        let _ = writeln!(self.stream, "{line}");
    }
}

/// The socket, which is gone when this is.
pub(super) struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Socket {
    /// Listens. A socket that nobody listens on is replaced; another daemon is left alone.
    pub(super) fn listen(path: &Path, out: Sender<Asked>) -> Result<Self, String> {
        let cannot = |err: io::Error| format!("cannot listen on {}: {err}", path.display());
        if UnixStream::connect(path).is_ok() {
            return Err(format!("another agent runs here already: {} answers", path.display()));
        }
        let _ = fs::remove_file(path);
        let listener = UnixListener::bind(path).map_err(cannot)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(cannot)?;
        let serve = move || {
            for stream in listener.incoming().flatten() {
                if let Some(asked) = read(stream)
                    && out.send_blocking(asked).is_err()
                {
                    return;
                }
            }
        };
        thread::Builder::new().name("control".into()).stack_size(64 << 10).spawn(serve).map_err(cannot)?;
        Ok(Self(path.to_owned()))
    }
}

fn read(stream: UnixStream) -> Option<Asked> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream.try_clone().ok()?).take(4096).read_line(&mut line).ok()?;
    let request = serde_json::from_str(&line).ok()?;
    Some(Asked { request, stream })
}

/// Asks the daemon that listens on `path`; `None` if there is none.
///
/// # Errors
///
/// What it said, or why it could not be asked.
pub fn ask(path: &Path, request: &Request) -> Result<Option<serde_json::Value>, String> {
    let cannot = |err: io::Error| format!("cannot ask the agent on {}: {err}", path.display());
    let mut stream = match UnixStream::connect(path) {
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        result => result.map_err(cannot)?,
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(cannot)?;
    let line = serde_json::to_string(request).map_err(|err| cannot(err.into()))?;
    writeln!(stream, "{line}").map_err(cannot)?;
    let mut answer = String::new();
    BufReader::new(stream).take(LINE_BYTES_MAX).read_line(&mut answer).map_err(cannot)?;
    let mut answer: serde_json::Value = serde_json::from_str(&answer).map_err(|err| cannot(err.into()))?;
    match answer.get("error").and_then(|why| why.as_str()) {
        Some(why) => Err(why.to_owned()),
        None => Ok(Some(answer["ok"].take())),
    }
}
