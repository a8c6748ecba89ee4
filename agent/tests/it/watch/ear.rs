//! Hears and says things through Mosquitto's own clients.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::until;

/// How a client gets in: its port, and what else its command line says.
#[derive(Clone, Debug)]
pub(super) struct Way {
    port: u16,
    words: Vec<String>,
}

impl Way {
    pub(super) fn new(port: u16, words: &[&str]) -> Self {
        Self { port, words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-V", "mqttv5", "-h", "127.0.0.1", "-p"]).arg(self.port.to_string()).args(&self.words);
        command.stdin(Stdio::null());
        command
    }

    /// Publishes. What the broker refuses is no error here: it is acknowledged all the same.
    pub(super) fn say(&self, topic: &str, payload: &[u8], retain: bool) {
        let mut command = self.command("mosquitto_pub");
        command.args(["-q", "1", "-t", topic, "-s"]).args(retain.then_some("-r"));
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), payload).unwrap();
        child.wait().unwrap();
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// When it came, in seconds since 1970 by the real clock.
    pub(super) at: f64,
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
}

impl Said {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }
}

/// Listens to some topics.
pub(super) struct Ear {
    child: Child,
    heard: Arc<Mutex<Vec<Said>>>,
}

impl Ear {
    /// Listens from when this returns.
    pub(super) fn new(way: &Way, topics: &[&str]) -> Self {
        let mut command = way.command("mosquitto_sub");
        // Where whoever listens to such topics may write, by the rights that are shipped.
        let home = topics.iter().all(|topic| topic.starts_with("homeassistant"));
        let probe = if home { "homeassistant/listening" } else { "atalaya/_sidecar/listening" };
        command.args(["-q", "1", "-F", "%U %t %x", "-t", probe]);
        topics.iter().for_each(|topic| {
            command.args(["-t", topic]);
        });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (out, lines) = (Arc::clone(&heard), BufReader::new(child.stdout.take().unwrap()));
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some(said) = parse(&line) {
                    out.lock().unwrap().push(said);
                }
            }
        });
        let ear = Self { child, heard };
        until(
            || "a subscription",
            || {
                way.say(probe, b"?", false);
                ear.all().iter().any(|said| said.topic == probe)
            },
        );
        ear
    }

    pub(super) fn all(&self) -> Vec<Said> {
        self.heard.lock().unwrap().clone()
    }

    /// What was said on topics that end so.
    pub(super) fn on(&self, end: &str) -> Vec<Said> {
        self.heard.lock().unwrap().iter().filter(|said| said.topic.ends_with(end)).cloned().collect()
    }

    /// Messages that came from number `from` on, and how many have come.
    pub(super) fn since(&self, from: usize) -> Vec<Said> {
        self.heard.lock().unwrap().get(from..).unwrap_or_default().to_vec()
    }

    pub(super) fn count(&self, end: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|said| said.topic.ends_with(end)).count()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(line: &str) -> Option<Said> {
    let mut words = line.splitn(3, ' ');
    let at = words.next()?.parse().ok()?;
    let (topic, digits) = (words.next()?.to_owned(), words.next()?);
    Some(Said { at, topic, payload: atalaya_wire::unhex(digits)? })
}
