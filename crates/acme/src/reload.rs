//! Makes a service read its certificate again, by a command that the configuration lists: no shell, nothing from outside
//! in it, an end in time, and a bound on what is kept of what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use atalaya_certificate::plain;
use atalaya_renew::limits::short;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::failed::Failed;
use crate::limits::{LAST_WORDS, RELOAD, RELOAD_BYTES_MAX};

/// What may be run, each under a name by which certificates refer to it.
#[derive(Clone, Debug, Default)]
pub struct Allowed(BTreeMap<String, Vec<String>>);

impl Allowed {
    /// The commands of the configuration: a program's whole path and its arguments.
    ///
    /// # Errors
    ///
    /// Which of them is none.
    pub fn new(commands: BTreeMap<String, Vec<String>>) -> Result<Self, Failed> {
        for (name, command) in &commands {
            let program = command.first().map(Path::new);
            if !program.is_some_and(Path::is_absolute) {
                let why = format!("the reload command {name:?} does not begin with a program's whole path");
                return Err(Failed::SetUp(why));
            }
        }
        Ok(Self(commands))
    }

    /// Runs the one of that name, once.
    ///
    /// # Errors
    ///
    /// [`Failed::SetUp`]: there is none, it cannot be started, fails, or takes too long; with the end of what it said.
    pub async fn run(&self, name: &str) -> Result<(), Failed> {
        self.run_within(name, RELOAD).await
    }

    async fn run_within(&self, name: &str, time: std::time::Duration) -> Result<(), Failed> {
        let failed = |why: String| Failed::SetUp(format!("the reload command {name:?} {why}"));
        let command = self.0.get(name).ok_or_else(|| failed("is not in the configuration".into()))?;
        let mut child = start(command).map_err(|err| failed(format!("cannot be started: {}", plain(&err))))?;
        let group = child.id();
        let ended = timeout(time, end(&mut child)).await;
        // What it left running is of no use to anybody.
        if let Some(group) = group.and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        match ended {
            Err(_) => Err(failed(format!("did not end within {} s", time.as_secs()))),
            Ok(Err(err)) => Err(failed(format!("cannot be waited for: {}", plain(&err)))),
            Ok(Ok((status, said))) if !status.success() => Err(failed(format!("failed ({status}): {said}"))),
            Ok(Ok(_)) => Ok(()),
        }
    }
}

fn start(command: &[String]) -> std::io::Result<Child> {
    let (program, arguments) = command.split_first().ok_or(std::io::ErrorKind::NotFound)?;
    Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Its status, and the end of what it said.
async fn end(child: &mut Child) -> std::io::Result<(std::process::ExitStatus, String)> {
    let (mut stderr, mut said) = (child.stderr.take(), Vec::new());
    let status = {
        let mut read = std::pin::pin!(async {
            if let Some(stderr) = &mut stderr {
                tail(stderr, &mut said).await;
            }
        });
        tokio::select! {
            () = &mut read => child.wait().await?,
            status = child.wait() => {
                // Whoever inherited the pipe may keep it open: its end is not waited for.
                let _ = timeout(LAST_WORDS, read).await;
                status?
            }
        }
    };
    Ok((status, short(&String::from_utf8_lossy(&said))))
}

/// The last of what is said. All of it is read, so that nobody waits for us.
async fn tail(from: &mut (impl AsyncRead + Unpin), out: &mut Vec<u8>) {
    let mut block = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut block).await {
        out.extend_from_slice(block.get(..read).unwrap_or_default());
        out.drain(..out.len().saturating_sub(RELOAD_BYTES_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn allowed(commands: &[(&str, &[&str])]) -> Allowed {
        let commands = commands
            .iter()
            .map(|(name, command)| (String::from(*name), command.iter().map(|&word| word.to_owned()).collect()));
        Allowed::new(commands.collect()).unwrap()
    }

    #[tokio::test]
    async fn what_is_listed_is_run_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("a mark; $(touch b)");
        let commands = allowed(&[("web", &["/usr/bin/touch", mark.to_str().unwrap()])]);
        commands.run("web").await.unwrap();
        assert!(mark.exists(), "words are words: there is no shell");
        assert!(commands.run("other").await.unwrap_err().to_string().contains("not in the configuration"));
        assert!(Allowed::new([("a".to_owned(), vec!["touch".to_owned()])].into()).is_err());
        assert!(Allowed::new([("a".to_owned(), Vec::new())].into()).is_err());
    }

    #[tokio::test]
    async fn what_fails_is_told_with_its_last_words() {
        let commands = allowed(&[
            ("fails", &["/bin/sh", "-c", "yes no | head -c 100000 >&2; echo bad syntax >&2; exit 3"]),
            ("missing", &["/nowhere/program"]),
        ]);
        let why = commands.run("fails").await.unwrap_err().to_string();
        assert!(why.contains("exit status: 3") && why.ends_with("bad syntax") && why.len() < 600, "{why}");
        assert!(commands.run("missing").await.unwrap_err().to_string().contains("cannot be started"));
    }

    #[tokio::test]
    async fn nobody_waits_for_long() {
        let commands = allowed(&[
            ("slow", &["/bin/sh", "-c", "sleep 60 & sleep 60"]),
            ("leaves", &["/bin/sh", "-c", "sleep 60 & exit 0"]),
        ]);
        let begun = Instant::now();
        let slow = commands.run_within("slow", Duration::from_millis(200)).await.unwrap_err();
        assert!(slow.to_string().contains("did not end"), "{slow}");
        commands.run("leaves").await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
