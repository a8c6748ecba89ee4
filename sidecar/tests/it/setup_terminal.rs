//! `setup` as a person meets it, at a terminal that `script` makes.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::setup::Bench;

const PATIENCE: Duration = Duration::from_secs(30);

struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// All that was shown.
    shown: String,
    /// What of it was expected already.
    read: usize,
}

impl Terminal {
    fn new(words: &[String]) -> Self {
        let line = format!("{} setup {}", env!("CARGO_BIN_EXE_atalaya-sidecar"), words.join(" "));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, screen) = channel();
        std::thread::spawn(move || {
            let mut part = [0; 1024];
            while let Ok(length @ 1..) = out.read(&mut part) {
                if tell.send(part[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, screen, shown: String::new(), read: 0 }
    }

    /// Waits for a question, and answers it.
    fn answer(&mut self, question: &str, answer: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.shown[self.read..].contains(question) {
            let part = self.screen.recv_timeout(until.saturating_duration_since(Instant::now()));
            let part = part.unwrap_or_else(|_| panic!("{question:?} is not asked:\n{}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&part));
        }
        self.read += self.shown[self.read..].find(question).unwrap() + question.len();
        writeln!(self.keys, "{answer}").unwrap();
    }

    /// How it ended, and all that was shown.
    fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap();
        self.screen.iter().for_each(|part| self.shown.push_str(&String::from_utf8_lossy(&part)));
        (code, self.shown)
    }
}

#[test]
fn a_person_is_asked_and_a_password_that_does_not_do_is_asked_for_again() {
    let mut bench = Bench::new();
    let words = bench.words();
    let tls = [bench.address(2), bench.address(3)];
    bench.let_go();
    // All but where it listens is asked for; the ports are those of somebody else's sidecar otherwise.
    let listen = [&words[..2], &words[4..], &["--listen-tls".into(), tls[0].clone()]].concat();
    let mut terminal = Terminal::new(&[listen, vec!["--broker-listen-tls".into(), tls[1].clone()]].concat());
    terminal.answer("machine or network [network]: ", "everybody");
    terminal.answer("Answer \"machine\" or \"network\"", "");
    terminal.answer("reach this machine by", "nas.lan, localhost");
    terminal.answer("\"localhost\" is no name or address", "nas.lan, 192.0.2.7");
    terminal.answer("Folder to keep everything in", &bench.path("lib/state"));
    terminal.answer("built-in]: ", "");
    terminal.answer("Name of the first account", "a b");
    terminal.answer("a name is 1 to 64 letters", "ana");
    terminal.answer("Password for ana: ", "short");
    terminal.answer("Once more: ", "short");
    let (first, second) = ("correct horse battery", "correct horse bakery");
    for again in [second, first] {
        terminal.answer("Password for ana: ", first);
        terminal.answer("Once more: ", again);
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("the password is too short") && shown.contains("the two are not the same"));
    assert!(shown.contains("Made the account ana"), "{shown}");
    assert!(!shown.contains("correct horse"), "{shown}");
    assert!(bench.config().contains("names = [\"nas.lan\", \"192.0.2.7\"]"), "{}", bench.config());
    assert!(bench.start().does(&["user", "list"]).contains("ana   approver  all"));
}

#[test]
fn who_stops_at_the_password_has_nothing_made() {
    let mut bench = Bench::new();
    let words = [bench.words(), vec!["--reach".into(), "machine".into(), "--account".into(), "ana".into()]].concat();
    bench.let_go();
    let mut terminal = Terminal::new(&words);
    terminal.answer("Password for ana: ", "\u{3}");
    let (code, shown) = terminal.end();
    assert!(code == 1 && shown.contains("stopped at the prompt; nothing was done"), "{shown}");
    assert!(bench.made().is_empty() && !Path::new(&bench.path("etc")).exists());
}
