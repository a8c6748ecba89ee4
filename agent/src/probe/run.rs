//! Running a program that a probe asks, with an end in time and a bound on what it says.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;

use crate::probe::{Fault, Result};

/// What a program may say; the rest is left unread.
pub(crate) const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What every kernel keeps for a program that does not read.
const INPUT_BYTES_MAX: usize = 4096;

/// How long what a killed program had said may still be on its way: what it started may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a program said.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub text: String,
}

/// Runs `program` with `words`, in a group of its own that is killed at `deadline`. No shell, no input, `LC_ALL=C`.
///
/// # Errors
///
/// [`Fault::Absent`] without such a program, [`Fault::Failed`] at the deadline.
pub fn run(program: &str, words: &[&str], deadline: Duration) -> Result<Output> {
    run_with(program, words, &[], deadline)
}

/// The same with something on standard input, which fits into a pipe (4 KiB).
///
/// # Errors
///
/// As [`run`].
pub fn run_with(program: &str, words: &[&str], input: &[u8], deadline: Duration) -> Result<Output> {
    match hear(program, words, input, deadline)? {
        (output, None) => Ok(output),
        (_, Some(late)) => Err(late),
    }
}

/// The same; what was said before the deadline is handed back with the fault that it became late.
pub(crate) fn hear(program: &str, words: &[&str], input: &[u8], deadline: Duration) -> Result<(Output, Option<Fault>)> {
    let mut command = Command::new(program);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.args(words).env("LC_ALL", "C").stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.process_group(0).spawn().map_err(|err| Fault::io(program, &err))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not want it says so by what it answers.
        let _ = stdin.write_all(&input[..input.len().min(INPUT_BYTES_MAX)]);
    }
    let Some(stdout) = child.stdout.take() else { return Err(Fault::Failed(format!("{program} has no output"))) };
    let (send, receive) = mpsc::channel();
    // Reading has an end of its own: the pipe closes when the group is killed.
    let reader = thread::Builder::new().name("output".into()).stack_size(64 << 10).spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout.take(OUTPUT_BYTES_MAX as u64).read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    let mut heard = reader.is_ok().then(|| receive.recv_timeout(deadline).ok()).flatten();
    let late = heard.is_none();
    if late {
        kill(&child);
        heard = receive.recv_timeout(LAST_WORDS).ok();
    }
    let status = child.wait().map_err(|err| Fault::io(program, &err))?;
    let text = String::from_utf8_lossy(&heard.unwrap_or_default()).into_owned();
    let fault = || Fault::Failed(format!("{program} did not answer within {} s", deadline.as_secs()));
    Ok((Output { code: status.code(), text }, late.then(fault)))
}

fn kill(child: &std::process::Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
}
