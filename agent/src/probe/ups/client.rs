//! NUT's protocol, as much of it as reading takes: <https://networkupstools.org/docs/developer-guide.chunked/net-protocol.html>.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::probe::{Fault, Result};

/// How long connecting, and then each line, may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(8);
const LINE_BYTES_MAX: u64 = 1024;
/// Variables of a UPS, and UPSes; the largest drivers have about three hundred variables.
const VARIABLES_MAX: usize = 1024;
pub(super) const UPSES_MAX: usize = 16;

/// What `upsd` answers instead, such as `DATA-STALE`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A word of the protocol.
    Told(String),
    /// No answer, or none that is one.
    Fault(Fault),
}

/// A conversation.
pub(super) struct Client {
    reader: BufReader<TcpStream>,
    end: Instant,
}

impl Client {
    /// # Errors
    ///
    /// [`Fault::Absent`] where nobody listens.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|err| match err.kind() {
            io::ErrorKind::ConnectionRefused => Fault::Absent(format!("no upsd of NUT listens at {address}")),
            _ => Fault::Failed(format!("cannot connect to upsd at {address}: {err}")),
        })?;
        let patient = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        patient.map_err(|err| Fault::io("upsd", &err))?;
        Ok(Self { reader: BufReader::with_capacity(1024, stream), end: Instant::now() + DEADLINE })
    }

    /// Names of what is connected, each with its description.
    pub(super) fn upses(&mut self) -> std::result::Result<Vec<(String, String)>, Refusal> {
        let mut all = Vec::new();
        self.list("UPS", "UPS", UPSES_MAX, &mut |rest| {
            let words = words(rest);
            all.extend(words.first().map(|name| (name.clone(), words.get(1).cloned().unwrap_or_default())));
        })?;
        Ok(all)
    }

    /// The variables of one.
    pub(super) fn variables(&mut self, ups: &str) -> std::result::Result<BTreeMap<String, String>, Refusal> {
        let mut all = BTreeMap::new();
        let mut take = |rest: &str| {
            if let [_, name, value] = words(rest).as_slice() {
                all.insert(name.clone(), value.clone());
            }
        };
        self.list(&format!("VAR {ups}"), "VAR", VARIABLES_MAX, &mut take)?;
        Ok(all)
    }

    /// Ends it politely; whether that is heard is not waited for.
    pub(super) fn close(mut self) {
        let _ = self.reader.get_mut().write_all(b"LOGOUT\n");
    }

    /// `LIST what`, `BEGIN LIST what`, a line per item, `END LIST what`.
    fn list(
        &mut self,
        what: &str,
        item: &str,
        most: usize,
        each: &mut dyn FnMut(&str),
    ) -> std::result::Result<(), Refusal> {
        let asked = self.reader.get_mut().write_all(format!("LIST {what}\n").as_bytes());
        asked.map_err(|err| Refusal::Fault(Fault::io("upsd", &err)))?;
        let odd = || Refusal::Fault(Fault::Failed("what listens at upsd's port does not speak NUT's protocol".into()));
        let first = self.line()?;
        if let Some(word) = first.strip_prefix("ERR ") {
            return Err(Refusal::Told(word.split(' ').next().unwrap_or_default().to_owned()));
        }
        if first != format!("BEGIN LIST {what}") {
            return Err(odd());
        }
        for _ in 0..=most {
            let line = self.line()?;
            if line.strip_prefix("END LIST ") == Some(what) {
                return Ok(());
            }
            each(line.strip_prefix(item).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(odd)?);
        }
        Err(odd())
    }

    fn line(&mut self) -> std::result::Result<String, Refusal> {
        let failed = |why: &str| Refusal::Fault(Fault::Failed(format!("upsd {why}")));
        let mut bytes = Vec::new();
        // Somebody who sends a byte now and then is not waited for, either.
        while !bytes.ends_with(b"\n") {
            if Instant::now() >= self.end {
                return Err(failed("is too slow"));
            }
            let ready = self.reader.fill_buf().map_err(|_| failed("does not answer"))?.len();
            let room = LINE_BYTES_MAX.saturating_sub(bytes.len() as u64);
            if ready == 0 || room == 0 {
                return Err(failed(if ready == 0 { "closed the connection" } else { "sends a line without an end" }));
            }
            let read = self.reader.by_ref().take(room.min(ready as u64)).read_until(b'\n', &mut bytes);
            read.map_err(|_| failed("does not answer"))?;
        }
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }
}

/// Words, of which those between `"` hold spaces, and `\` before `"` and `\`.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line() {
        let check = |line: &str, expected: &[&str]| assert_eq!(words(line), expected, "{line}");
        check("eaton battery.charge \"100\"", &["eaton", "battery.charge", "100"]);
        check(r#"u "a \"b\" \\ c" "" d"#, &["u", r#"a "b" \ c"#, "", "d"]);
        check("", &[]);
        check("\"never ends", &["never ends"]);
        check("\\", &[""]);
    }
}
