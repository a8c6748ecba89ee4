//! The service's end of the job socket: one connection, one job, by its name alone. What can be asked is in `desk.rs`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use async_channel::Sender;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::desk::{GO, HOLD, Over, Word};
use super::process::{Ended, News, Task, hold, spawn};
use crate::config::Config;

/// Longer than any name, or any other word.
const WORD_BYTES_MAX: u64 = 256;
/// For whoever connects to say what it wants, and to take what it is told.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is stopped has so long to end its pack; then it is killed. As long as the agent waits.
const STOP_PATIENCE: Duration = Duration::from_secs(300);
/// What may wait to be told.
const NEWS_MAX: usize = 4;

/// What happens while a job runs.
enum Happened {
    News(News),
    Asked(Wish),
    Late,
}

/// What may be said of a job that runs.
enum Wish {
    Hold(bool),
    Stop,
}

/// Does what the connection asks for, remembering in `state`.
///
/// # Errors
///
/// One line: why nothing could be done. Whoever asked was told.
pub(crate) fn serve(stream: UnixStream, path: &Path, state: &Path) -> Result<(), String> {
    let cut = |err: io::Error| format!("cannot talk to the agent: {err}");
    stream.set_read_timeout(Some(PATIENCE)).map_err(cut)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(cut)?;
    let mut words = BufReader::with_capacity(512, stream.try_clone().map_err(cut)?);
    let name = word(&mut words).map_err(cut)?.ok_or("the agent did not say which job it wants")?;
    let (out, news) = async_channel::bounded(NEWS_MAX);
    let begun = trusted(path).and_then(|()| Config::load(path)).and_then(|config| {
        let task =
            Task::called(&name, &config).ok_or_else(|| format!("there is no job {name:?} in {}", path.display()))?;
        spawn(task, state, out).map_err(|err| err.to_string())
    });
    let pid = match begun {
        Ok(pid) => pid,
        Err(why) => {
            let status = Err(io::Error::other(why.clone()));
            let over = Ended { status, said: String::new(), complaint: String::new() };
            tell(&stream, &Word::Ended(over.into()));
            return Err(why);
        }
    };
    tracing::info!(job = name, "begins");
    tell(&stream, &Word::Process(pid.as_raw().unsigned_abs()));
    let (asker, asked) = async_channel::bounded(NEWS_MAX);
    stream.set_read_timeout(None).map_err(cut)?;
    thread::Builder::new()
        .name("asked".into())
        .stack_size(64 << 10)
        .spawn(move || hear(words, &asker))
        .map_err(|err| format!("cannot start a thread: {err}"))?;
    let signals = super::signals::listen()?;
    let over = attend(&stream, pid, &news, &asked, &signals);
    tracing::info!(job = name, "ended");
    tell(&stream, &Word::Ended(over));
    Ok(())
}

/// Tells how far it is, and does what is wished, until it is over.
fn attend(
    stream: &UnixStream,
    pid: Pid,
    news: &async_channel::Receiver<News>,
    asked: &async_channel::Receiver<Wish>,
    signals: &async_channel::Receiver<i32>,
) -> Over {
    let mut kill_at = None;
    loop {
        match smol::block_on(next(news, asked, signals, kill_at)) {
            Happened::News(News::Progress(progress)) => tell(stream, &Word::Progress(progress)),
            Happened::News(News::Ended(ended)) => return ended.into(),
            Happened::Asked(Wish::Hold(wanted)) if kill_at.is_none() => hold(pid, wanted),
            Happened::Asked(Wish::Hold(_)) => {}
            Happened::Asked(Wish::Stop) => {
                kill_at.get_or_insert_with(|| Instant::now() + STOP_PATIENCE);
                let _ = killpg(pid, Signal::SIGTERM);
                hold(pid, false);
            }
            Happened::Late => {
                tracing::warn!("did not end when it was told to, and is killed");
                kill_at = Some(Instant::now() + STOP_PATIENCE);
                let _ = killpg(pid, Signal::SIGKILL);
            }
        }
    }
}

/// Whatever happens first. A channel that is closed is silent.
async fn next(
    news: &async_channel::Receiver<News>,
    asked: &async_channel::Receiver<Wish>,
    signals: &async_channel::Receiver<i32>,
    kill_at: Option<Instant>,
) -> Happened {
    use smol::future::{or, pending};
    let news = async {
        match news.recv().await {
            Ok(news) => Happened::News(news),
            Err(_) => pending().await,
        }
    };
    let asked = async {
        match asked.recv().await {
            Ok(wish) => Happened::Asked(wish),
            Err(_) => pending().await,
        }
    };
    let signal = async {
        match signals.recv().await {
            Ok(_) => Happened::Asked(Wish::Stop),
            Err(_) => pending().await,
        }
    };
    let late = async {
        match kill_at {
            Some(at) => smol::Timer::at(at).await,
            None => pending().await,
        };
        Happened::Late
    };
    or(news, or(asked, or(signal, late))).await
}

/// One word, or nothing where the other end has no more to say.
fn word(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.take(WORD_BYTES_MAX).read_until(b'\n', &mut line)?;
    let Some(text) = line.strip_suffix(b"\n") else { return Ok(None) };
    Ok(std::str::from_utf8(text).ok().map(str::to_owned))
}

/// Hears until the agent has no more to say, or says what it should not: both are the wish to stop.
fn hear(mut words: impl BufRead, out: &Sender<Wish>) {
    loop {
        let wish = match word(&mut words) {
            Ok(Some(text)) if text == HOLD => Wish::Hold(true),
            Ok(Some(text)) if text == GO => Wish::Hold(false),
            _ => Wish::Stop,
        };
        let last = matches!(wish, Wish::Stop);
        if out.send_blocking(wish).is_err() || last {
            return;
        }
    }
}

/// The agent may be gone: what it asked for goes on to its end.
fn tell(mut stream: &UnixStream, word: &Word) {
    let Ok(mut line) = serde_json::to_vec(word) else { return };
    line.push(b'\n');
    let _ = stream.write_all(&line);
}

/// Whoever can change the configuration chooses what is read and where it goes: that is root, or who runs this.
fn trusted(path: &Path) -> Result<(), String> {
    let found = std::fs::metadata(path).map_err(|err| format!("cannot read {}: {err}", path.display()))?;
    let own = [0, nix::unistd::geteuid().as_raw()].contains(&found.uid());
    if own && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    let mend = "make it root's, and writable by nobody else";
    Err(format!("cannot trust {}: others than root may change it; {mend}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nothing_but_its_words_is_understood() {
        let said = |text: &'static [u8]| {
            let (out, heard) = async_channel::bounded(8);
            hear(text, &out);
            let wish = |wish| match wish {
                Wish::Hold(true) => 'h',
                Wish::Hold(false) => 'g',
                Wish::Stop => 's',
            };
            std::iter::from_fn(|| heard.try_recv().ok()).map(wish).collect::<String>()
        };
        assert_eq!(said(b"hold\ngo\n"), "hgs");
        for bad in [&b""[..], b"hold", b"--repo=/x\n", b"HOLD\n", b"\xff\n", &[b'x'; 9000]] {
            assert_eq!(said(bad), "s", "{bad:?}");
        }
    }

    #[test]
    fn a_configuration_that_others_can_change_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, "").unwrap();
        for (mode, good) in [(0o600, true), (0o640, true), (0o644, true), (0o660, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(trusted(&path).is_ok(), good, "{mode:o}");
        }
        assert!(trusted(&folder.path().join("none")).is_err());
    }
}
