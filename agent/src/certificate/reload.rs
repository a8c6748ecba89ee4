//! Makes a service read its certificate again: the configuration's own words, no shell, an end in time.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs `command` once.
///
/// # Errors
///
/// One line: it cannot be started, fails, or takes longer than `time`.
pub(super) fn run(command: &[String], time: Duration) -> Result<(), String> {
    let Some((program, words)) = command.split_first() else { return Ok(()) };
    let failed = |why: String| format!("the reload command {program} {why}");
    let child = Command::new(program)
        .args(words)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let mut child = child.map_err(|err| failed(format!("cannot be started: {err}")))?;
    let ended = end(&mut child, time);
    // What it left running is of no use to anybody.
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(failed(format!("failed ({status})"))),
        None => {
            let _ = child.wait();
            Err(failed(format!("did not end within {} s", time.as_secs())))
        }
    }
}

fn end(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + time;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(LOOK),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &[&str]) -> Vec<String> {
        command.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn words_are_words_and_what_fails_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("a mark; $(touch b)");
        let minute = Duration::from_secs(60);
        run(&words(&["/usr/bin/touch", mark.to_str().unwrap()]), minute).unwrap();
        assert!(mark.exists(), "there is no shell");
        assert!(run(&words(&["/bin/sh", "-c", "exit 3"]), minute).unwrap_err().contains("exit status: 3"));
        assert!(run(&words(&["/nowhere/program"]), minute).unwrap_err().contains("cannot be started"));
        let slow = run(&words(&["/bin/sh", "-c", "sleep 60 & sleep 60"]), Duration::from_millis(100));
        assert!(slow.unwrap_err().contains("did not end"));
        assert_eq!(run(&[], minute), Ok(()));
    }
}
