//! Lines of OpenWrt's log, which is a ring in memory, through `logread`.

use std::time::Duration;

use jiff::Timestamp;

use crate::probe::journal::{LINE_BYTES_MAX, LINES_MAX, Line};
use crate::probe::runner::Runner;
use crate::probe::said::cut;
use crate::probe::{Fault, Result, Site};

const DEADLINE: Duration = Duration::from_secs(8);

/// Which lines are wanted, by facility (such as `authpriv`) and by program.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    All,
    Auth,
    Tag(String),
}

/// Follows the log by its last line, because it has no cursor and its clock may be set back.
#[derive(Debug)]
pub(crate) struct Logread {
    wanted: Wanted,
    last: Option<String>,
}

impl Logread {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, last: None }
    }

    /// The lines since the last reading, or since `start`, oldest first.
    pub(crate) fn read(&mut self, site: &Site, runner: &mut Runner, start: Timestamp) -> Result<Vec<Line>> {
        let output = runner.ask(site, "logread", &["-t", "-l", &LINES_MAX.to_string()], DEADLINE)?;
        if output.code != Some(0) {
            let needs = "needs leave to read the object \"log\" in /usr/share/acl.d/atalaya.json";
            return Err(Fault::Denied(format!("logread may not read the log: {needs}")));
        }
        let lines: Vec<&str> = output.text.lines().collect();
        // Where the last line has left the ring, all are new.
        let known = self.last.as_ref().and_then(|last| lines.iter().rposition(|line| line == last));
        let from = if self.last.is_none() { start } else { Timestamp::MIN };
        let fresh = lines[known.map_or(0, |at| at + 1)..].iter().filter_map(|line| parse(line));
        let fresh = fresh.filter(|(facility, line)| line.time >= from && self.wanted.has(facility, line));
        let fresh = fresh.map(|(_, line)| line).collect();
        // An empty log has a last line too: whatever comes after it is new.
        self.last = Some(lines.last().map_or_else(String::new, |line| (*line).to_owned()));
        Ok(fresh)
    }
}

impl Wanted {
    fn has(&self, facility: &str, line: &Line) -> bool {
        match self {
            Self::All => true,
            Self::Auth => matches!(facility, "auth" | "authpriv"),
            Self::Tag(tag) => line.tag == *tag,
        }
    }
}

/// `Sat Nov 21 18:04:24 2026 [1795284264.123] authpriv.warn dropbear[1234]: Bad password attempt …`
fn parse(text: &str) -> Option<(&str, Line)> {
    let (_, rest) = text.split_once(" [")?;
    let (time, rest) = rest.split_once("] ")?;
    let (seconds, millis) = time.split_once('.')?;
    let millis: i64 = millis.parse().ok().filter(|millis| (0..1000).contains(millis))?;
    let time = Timestamp::from_millisecond(seconds.parse::<i64>().ok()?.checked_mul(1000)? + millis).ok()?;
    let (level, rest) = rest.split_once(' ')?;
    let (head, message) = rest.split_once(": ")?;
    let tag = head.split('[').next().unwrap_or(head).to_owned();
    let mut message = message.to_owned();
    cut(&mut message, LINE_BYTES_MAX);
    Some((level.split('.').next().unwrap_or(level), Line { time, tag, message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Output;
    use std::sync::{Arc, Mutex};

    const LOG: &str = "\
Sat Nov 21 18:04:24 2026 [1795284264.123] authpriv.warn dropbear[1234]: Bad password attempt for 'root' from 192.0.2.5:51234
Sat Nov 21 18:04:24 2026 [1795284264.123] kern.info kernel: [   12.345678] sd 0:0:0:0: I/O error
Sat Nov 21 18:04:25 2026 [1795284265.007] daemon.info dnsmasq[99]: ready: 5 names
garbage
Sat Nov 21 18:04:25 2026 [soon] daemon.info x: y
";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn log() -> (Arc<Mutex<String>>, Runner) {
        let text = Arc::new(Mutex::new(LOG.to_owned()));
        let says = Arc::clone(&text);
        (text, Runner::saying(move |_, _| Ok(says.lock().unwrap().clone())))
    }

    #[test]
    fn lines_are_read_once_whatever_the_clock_says() {
        let (text, mut runner) = log();
        let mut all = Logread::new(Wanted::All);
        let mut read = || -> Vec<String> {
            let lines = all.read(&Site::below("/nowhere"), &mut runner, at(1_795_284_264)).unwrap();
            lines.into_iter().map(|line| format!("{} {}", line.tag, line.message)).collect()
        };
        let first = read();
        assert_eq!((first.len(), first[1].as_str()), (3, "kernel [   12.345678] sd 0:0:0:0: I/O error"));
        assert_eq!(first[2], "dnsmasq ready: 5 names");
        assert!(read().is_empty());
        let more = LOG.lines().nth(2).unwrap().replace("ready", "again");
        text.lock().unwrap().push_str(&format!("{more}\n{more}\n"));
        assert_eq!(read(), ["dnsmasq again: 5 names"; 2]);
        assert!(read().is_empty());
        // The clock was set back.
        text.lock().unwrap().push_str(&format!("{}\n", more.replace("[1795284265.007]", "[1595284265.007]")));
        assert_eq!(read().len(), 1);
        // The ring has turned: what was seen is gone.
        *text.lock().unwrap() = LOG.replace("[17952842", "[17952843");
        assert_eq!(read().len(), 3);
        assert!(read().is_empty());
    }

    #[test]
    fn only_what_is_wanted_and_not_too_old_is_handed_over() {
        for (wanted, start, count) in [
            (Wanted::All, 1_795_284_265, 1),
            (Wanted::Auth, 1_795_284_000, 1),
            (Wanted::Tag("dnsmasq".into()), 1_795_284_000, 1),
            (Wanted::Tag("dns".into()), 1_795_284_000, 0),
        ] {
            let (_, mut runner) = log();
            let lines = Logread::new(wanted).read(&Site::below("/nowhere"), &mut runner, at(start)).unwrap();
            assert_eq!(lines.len(), count);
        }
    }

    #[test]
    fn what_may_not_be_read_says_what_it_needs() {
        let fails = |_: &str, _: &[&str]| Ok(Output { code: Some(255), text: String::new() });
        let mut runner = Runner::Fake(Box::new(fails));
        let fault = Logread::new(Wanted::All).read(&Site::below("/nowhere"), &mut runner, at(0)).unwrap_err();
        assert!(fault.state() == "denied" && fault.to_string().contains("acl.d/atalaya.json"), "{fault}");
    }
}
