//! Both ends of the helper's socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use atalaya_wire::text;

use crate::probe::disks::list::DISKS_MAX;
use crate::probe::smart::{Power, REPORT_BYTES_MAX, Sweep};
use crate::probe::{Fault, Result, Site};

/// All that an agent may say.
const ASKED: &[u8] = b"read\n";
/// How long an agent may keep the helper waiting, all in all: for what it asks and for taking the answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the agent waits for one disk: several ways to speak to it may be tried.
const DISK_PATIENCE: Duration = Duration::from_secs(240);
const LINE_BYTES_MAX: u64 = 256;

/// The helper's end.
#[derive(Debug)]
pub struct Helper {
    sweep: Sweep,
    site: Site,
    patience: Duration,
}

impl Helper {
    /// Asks disks of `site` by `sweep`.
    #[must_use]
    pub fn new(sweep: Sweep, site: Site) -> Self {
        Self { sweep, site, patience: PATIENCE }
    }

    /// Answers one connection. `at` is the time since the machine started.
    ///
    /// # Errors
    ///
    /// If the other end says anything else, is too slow or leaves, and [`Fault::Denied`] without smartctl.
    pub fn serve(&mut self, stream: UnixStream, at: Duration) -> Result<()> {
        let fault = |err: io::Error| Fault::io("the agent's request", &err);
        let mut stream = Patient { stream, left: self.patience };
        let mut asked = [0; ASKED.len()];
        stream.read_exact(&mut asked).map_err(fault)?;
        if asked != ASKED {
            return Err(Fault::Failed("the agent asked for something else than to read".into()));
        }
        let mut told = 0;
        let result = self.sweep.disks(&self.site, at, &mut |name, power, report| {
            told += 1;
            let word = Power::ALL.iter().find(|(_, other)| *other == power).map_or("silent", |(word, _)| word);
            let head = format!("disk {name} {word} {}\n", report.len());
            if told > DISKS_MAX || report.len() > REPORT_BYTES_MAX || head.len() as u64 > LINE_BYTES_MAX {
                return Ok(());
            }
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(report)).map_err(fault)
        });
        let last = match &result {
            Ok(()) => "end\n".to_owned(),
            Err(why) => format!("fail {}\n", text(&why.to_string())),
        };
        stream.write_all(last.as_bytes()).map_err(fault)?;
        result
    }
}

/// A connection whose other end has so much time left. Taking a byte now and then does not make it more.
struct Patient {
    stream: UnixStream,
    left: Duration,
}

impl Patient {
    fn timed<T>(&mut self, work: impl FnOnce(&mut UnixStream) -> io::Result<T>) -> io::Result<T> {
        if self.left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(self.left))?;
        self.stream.set_write_timeout(Some(self.left))?;
        let began = Instant::now();
        let result = work(&mut self.stream);
        self.left = self.left.saturating_sub(began.elapsed());
        result
    }
}

impl Read for Patient {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.timed(|stream| stream.read(room))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.timed(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The agent's end: hands each disk, what it does and what smartctl said of it to `tell`.
///
/// # Errors
///
/// [`Fault::Denied`] where no helper listens, [`Fault::Failed`] where it says something that cannot be understood.
pub fn ask(path: &Path, tell: &mut dyn FnMut(&str, Power, &[u8])) -> Result<()> {
    let denied = |err: io::Error| {
        let why = match err.kind() {
            io::ErrorKind::PermissionDenied => "may not be opened: add the agent to the group that it belongs to",
            _ => "is not there: start the helper for SMART",
        };
        Fault::Denied(format!("SMART needs root or its helper, whose socket {} {why}", path.display()))
    };
    let mut stream = UnixStream::connect(path).map_err(denied)?;
    let fault = |err: io::Error| match err.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Fault::Failed("the helper for SMART hangs".into()),
        _ => Fault::Failed(format!("the helper for SMART broke off: {err}")),
    };
    stream.set_read_timeout(Some(DISK_PATIENCE)).map_err(fault)?;
    stream.set_write_timeout(Some(DISK_PATIENCE)).map_err(fault)?;
    stream.write_all(ASKED).map_err(fault)?;
    let mut reader = BufReader::with_capacity(4096, stream);
    let mut report = Vec::new();
    for _ in 0..=DISKS_MAX {
        let mut line = Vec::new();
        reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(fault)?;
        if line == b"end\n" {
            return Ok(());
        }
        if let Some(why) = line.strip_prefix(b"fail ") {
            return Err(Fault::Denied(text(&String::from_utf8_lossy(why)).as_str().to_owned()));
        }
        let (name, power, length) =
            head(&line).ok_or_else(|| Fault::Failed("the helper for SMART says what it should not".into()))?;
        report.resize(length, 0);
        reader.read_exact(&mut report).map_err(fault)?;
        tell(name, power, &report);
    }
    Err(Fault::Failed("the helper for SMART does not come to its end".into()))
}

/// `disk sda active 18213`
fn head(line: &[u8]) -> Option<(&str, Power, usize)> {
    let mut words = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split(' ');
    let (start, name, power, length) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (_, power) = Power::ALL.into_iter().find(|(word, _)| *word == power)?;
    let length = length.parse().ok().filter(|length| *length <= REPORT_BYTES_MAX)?;
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (start == "disk" && named && words.next().is_none()).then_some((name, power, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Output;
    use crate::probe::machines::machine;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// What an agent takes from a helper that says `said`.
    fn take(said: &'static [u8]) -> (Vec<String>, Result<()>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let helper = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 5];
            stream.read_exact(&mut asked).unwrap();
            let _ = stream.write_all(said);
        });
        let mut seen = Vec::new();
        let result = ask(&path, &mut |name, power, report| {
            seen.push(format!("{name} {power:?} {}", String::from_utf8_lossy(report)));
        });
        helper.join().unwrap();
        (seen, result)
    }

    #[test]
    fn answers_are_taken_as_far_as_they_make_sense() {
        let (seen, result) = take(b"disk sda active 2\n{}disk sdb standby 0\nend\n");
        assert_eq!((seen, result), (vec!["sda Active {}".into(), "sdb Standby ".into()], Ok(())));
        for bad in [
            &b"disk sda active 2\n{"[..],
            b"",
            b"end",
            b"disk sda active 99999999\n",
            b"disk ../x active 0\nend\n",
            b"disk sda awake 0\nend\n",
            b"disk sda active -1\nend\n",
            b"disk sda active 0 0\nend\n",
            &[b'x'; 10_000],
            &[0xff; 200],
        ] {
            let (seen, result) = take(bad);
            assert!(seen.is_empty() && matches!(result, Err(Fault::Failed(_))), "{:?}", String::from_utf8_lossy(bad));
        }
        let (seen, result) = take("disk sda idle 0\n".repeat(40).leak().as_bytes());
        assert!(seen.len() == DISKS_MAX + 1 && result.is_err());
    }

    #[test]
    fn a_helper_without_smartctl_says_so() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(ASKED).unwrap();
        let sweep = Sweep::with(Box::new(|_| Err(Fault::Denied("SMART needs smartctl".into()))));
        let served = Helper::new(sweep, machine("nas-arm")).serve(there, Duration::ZERO);
        let mut told = String::new();
        here.read_to_string(&mut told).unwrap();
        assert_eq!((told.as_str(), served.is_err()), ("fail SMART needs smartctl\n", true));
        assert_eq!(take(b"fail SMART needs smartctl\n").1, Err(Fault::Denied("SMART needs smartctl".into())));
    }

    #[test]
    fn without_a_helper_it_is_denied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let Err(Fault::Denied(why)) = ask(&path, &mut |_, _, _| ()) else { panic!("not denied") };
        assert!(why.contains("start the helper"), "{why}");
        drop(UnixListener::bind(&path).unwrap());
        assert!(matches!(ask(&path, &mut |_, _, _| ()), Err(Fault::Denied(_))));
    }

    #[test]
    fn the_helper_understands_one_line() {
        let check = |asked: &'static [u8], expected: &str| {
            let (mut here, there) = UnixStream::pair().unwrap();
            here.write_all(asked).unwrap();
            here.shutdown(std::net::Shutdown::Write).unwrap();
            let say = |_: &[&str]| Ok(Output { code: Some(0), text: "{}".into() });
            let served = Helper::new(Sweep::with(Box::new(say)), machine("nas-arm")).serve(there, Duration::ZERO);
            let mut told = Vec::new();
            // What it left unread resets the connection.
            let _ = here.read_to_end(&mut told);
            assert_eq!(
                (String::from_utf8(told).unwrap().as_str(), served.is_ok()),
                (expected, !expected.is_empty()),
                "{asked:?}"
            );
        };
        check(b"read\n", "disk sda active 2\n{}disk sdb active 2\n{}end\n");
        check(b"read\nread\n", "disk sda active 2\n{}disk sdb active 2\n{}end\n");
        for bad in [&b"rea"[..], b"", b"READ\n", b"read /dev/sda\n", b"\nread"] {
            check(bad, "");
        }
    }

    #[test]
    fn an_agent_that_is_slow_is_left() {
        let say = |_: &[&str]| Ok(Output { code: Some(0), text: "x".repeat(REPORT_BYTES_MAX) });
        let mut helper = Helper::new(Sweep::with(Box::new(say)), machine("nas-arm"));
        helper.patience = Duration::from_millis(200);
        let failed = |served: Result<()>| assert!(matches!(served, Err(Fault::Failed(_))), "{served:?}");
        // One that says nothing, one that does not come to the end of its word, one that does not take the answer.
        let (_here, there) = UnixStream::pair().unwrap();
        failed(helper.serve(there, Duration::ZERO));
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(b"rea").unwrap();
        failed(helper.serve(there, Duration::ZERO));
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(ASKED).unwrap();
        failed(helper.serve(there, Duration::from_secs(3600)));
        // One that takes a little now and then has no more time for it.
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(ASKED).unwrap();
        thread::spawn(move || {
            while here.read(&mut [0; 256]).is_ok_and(|length| length > 0) {
                thread::sleep(Duration::from_millis(1));
            }
        });
        failed(helper.serve(there, Duration::from_secs(7200)));
    }
}
