//! The dialogue with a mail server (RFC 5321; STARTTLS: RFC 3207; AUTH: RFC 4954).

use std::io;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::letter::Letter;
use super::reply::Reply;
use super::stream::Stream;
use super::{Account, Security, Settings};
use crate::http::plain;
use crate::limits::SMTP;
use crate::outcome::Outcome;
use crate::tls;

/// How this machine introduces itself: it may have no name that others know (RFC 5321, 4.1.4).
const HELLO: &str = "EHLO [127.0.0.1]";

/// Hands the letter over, once.
pub(super) fn send(settings: &Settings, letter: &Letter) -> Outcome {
    send_within(settings, letter, Instant::now() + SMTP).unwrap_or_else(|outcome| outcome)
}

fn send_within(settings: &Settings, letter: &Letter, end: Instant) -> Result<Outcome, Outcome> {
    let mut talk = Talk::begin(settings, end)?;
    if let Some(account) = &settings.account {
        talk.log_in(account)?;
    }
    let refused = talk.address(letter)?;
    let reply = talk.hand_over(&letter.bytes)?;
    // It has the letter: how the connection ends is nobody's affair.
    let _ = talk.stream.write(b"QUIT\r\n");
    let refused = if refused.is_empty() { String::new() } else { format!("; not to {}", refused.join(", ")) };
    Ok(Outcome::done(&format!("{reply}{refused}")))
}

/// A connection, and what the server offers on it.
struct Talk<'a> {
    settings: &'a Settings,
    stream: Stream,
    offers: Reply,
}

impl<'a> Talk<'a> {
    /// Connects, protects the connection as it is set, and says hello.
    fn begin(settings: &'a Settings, end: Instant) -> Result<Self, Outcome> {
        let broken = |err| Failed(err).outcome(settings);
        let tls = || tls::client(settings.ca_file.as_ref()).map_err(Outcome::wrong);
        let mut stream = Stream::connect(&settings.server, settings.port, end).map_err(broken)?;
        if settings.security == Security::Tls {
            stream = stream.into_tls(tls()?, &settings.server).map_err(broken)?;
        }
        let greeting = Reply::read(|| stream.line()).map_err(broken)?;
        let mut talk = Self { settings, stream, offers: greeting.clone() };
        talk.accepted(greeting)?;
        talk.hello()?;
        if settings.security == Security::Starttls {
            talk = talk.protected(tls()?)?;
        }
        Ok(talk)
    }

    fn protected(mut self, config: std::sync::Arc<rustls::ClientConfig>) -> Result<Self, Outcome> {
        let settings = self.settings;
        if self.offers.extension("STARTTLS").is_none() {
            let why = "offers no STARTTLS, and nothing is sent in the clear; is security = \"tls\" meant?";
            return Err(Outcome::wrong(format!("{} {why}", settings.server)));
        }
        let reply = self.ask("STARTTLS")?;
        self.accepted(reply)?;
        let stream = self.stream.into_tls(config, &settings.server).map_err(|err| Failed(err).outcome(settings))?;
        let mut talk = Self { stream, ..self };
        talk.hello()?;
        Ok(talk)
    }

    fn hello(&mut self) -> Result<(), Outcome> {
        let reply = self.ask(HELLO)?;
        self.offers = self.accepted(reply)?;
        Ok(())
    }

    fn log_in(&mut self, account: &Account) -> Result<(), Outcome> {
        let password = account.password.read().map_err(Outcome::wrong)?;
        let encoded = |text: &str| Zeroizing::new(BASE64_STANDARD.encode(text));
        let offered = self.offers.extension("AUTH").unwrap_or_default();
        let offers = |way: &str| offered.split(' ').any(|word| word.eq_ignore_ascii_case(way));
        let lines = if offers("PLAIN") {
            let both = Zeroizing::new(format!("\0{}\0{}", account.username, *password));
            vec![Zeroizing::new(format!("AUTH PLAIN {}", *encoded(&both)))]
        } else if offers("LOGIN") {
            vec![Zeroizing::new("AUTH LOGIN".to_owned()), encoded(&account.username), encoded(&password)]
        } else {
            let server = &self.settings.server;
            return Err(Outcome::wrong(format!("{server} takes a password neither by PLAIN nor by LOGIN")));
        };
        for line in lines {
            let reply = self.ask(&line)?;
            match reply.code {
                235 => return Ok(()),
                334 => {}
                _ if reply.is_passing() => return Err(self.later(&reply)),
                _ => return Err(Outcome::wrong(format!("{} refuses the password: {reply}", self.settings.server))),
            }
        }
        Err(Outcome::wrong(format!("{} asks for more than a password", self.settings.server)))
    }

    /// The envelope. Who is refused for good keeps nobody else from being told, and is handed back; while somebody is
    /// refused for now, nobody is told, so that a later try tells nobody twice.
    fn address(&mut self, letter: &Letter) -> Result<Vec<String>, Outcome> {
        let reply = self.ask(&format!("MAIL FROM:<{}>", letter.from))?;
        self.accepted(reply)?;
        let (mut refused, mut last) = (Vec::new(), String::new());
        for to in &letter.to {
            let reply = self.ask(&format!("RCPT TO:<{to}>"))?;
            if reply.is_passing() {
                return Err(self.later(&reply));
            }
            if !reply.is_done() {
                last = reply.to_string();
                refused.push(to.clone());
            }
        }
        if refused.len() == letter.to.len() {
            return Err(Outcome::never(format!("{} refuses every address: {last}", self.settings.server)));
        }
        Ok(refused)
    }

    fn hand_over(&mut self, letter: &[u8]) -> Result<Reply, Outcome> {
        let reply = self.ask("DATA")?;
        if reply.code != 354 {
            self.accepted(reply)?;
            return Err(Outcome::later(format!("{} does not take a letter as SMTP has it", self.settings.server)));
        }
        let settings = self.settings;
        self.stream.write(&stuffed(letter)).map_err(|err| Failed(err).outcome(settings))?;
        let reply = Reply::read(|| self.stream.line()).map_err(|err| Failed(err).outcome(settings))?;
        self.accepted(reply)
    }

    fn ask(&mut self, line: &str) -> Result<Reply, Outcome> {
        let settings = self.settings;
        let line = Zeroizing::new(format!("{line}\r\n"));
        let said = self.stream.write(line.as_bytes());
        // A server that closes says why before: the reply is looked for in any case.
        let reply = Reply::read(|| self.stream.line());
        said.and(reply).map_err(|err| Failed(err).outcome(settings))
    }

    fn accepted(&mut self, reply: Reply) -> Result<Reply, Outcome> {
        match reply.code {
            _ if reply.is_done() => Ok(reply),
            _ if reply.is_passing() => Err(self.later(&reply)),
            // It wants a password, or one of another kind (RFC 4954, 6).
            530 | 534 | 535 | 538 => Err(Outcome::wrong(format!("{} wants a password: {reply}", self.settings.server))),
            _ => Err(Outcome::never(format!("{} refuses it: {reply}", self.settings.server))),
        }
    }

    fn later(&self, reply: &Reply) -> Outcome {
        Outcome::later(format!("{} cannot take it now: {reply}", self.settings.server))
    }
}

/// A connection that failed.
struct Failed(io::Error);

impl Failed {
    fn outcome(&self, settings: &Settings) -> Outcome {
        let place = format!("{}:{}", settings.server, settings.port);
        let tls = self.0.get_ref().and_then(|err| err.downcast_ref::<rustls::Error>());
        match tls {
            Some(err) => {
                let why = tls::distrust(err).unwrap_or_else(|| format!("no TLS with it: {err}"));
                Outcome::wrong(format!("cannot trust {place}: {why}"))
            }
            None => Outcome::later(format!("cannot reach {place}: {}", plain(&self.0))),
        }
    }
}

/// With another dot before each at the beginning of a line (RFC 5321, 4.5.2), and the one that ends it.
fn stuffed(letter: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(letter.len() + 64);
    for line in letter.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::time::Duration;

    /// What comes of a server that begins with `first`, and then says a byte whenever ten milliseconds have passed, or nothing.
    fn slow(first: &'static [u8], drips: bool) -> Outcome {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(first);
            while drips && stream.write_all(b"2").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let text = "security = 'none'\nfrom = 'a@example.org'\nto = ['b@example.org']";
        let settings: Settings = toml::from_str(&format!("server = '127.0.0.1'\nport = {port}\n{text}")).unwrap();
        let letter = Letter { from: "a@example.org".into(), to: vec!["b@example.org".into()], bytes: Vec::new() };
        let end = Instant::now() + Duration::from_millis(300);
        let outcome = send_within(&settings, &letter, end).unwrap_or_else(|outcome| outcome);
        thread.join().unwrap();
        outcome
    }

    #[test]
    fn a_server_that_is_silent_or_slow_keeps_nobody() {
        for (first, drips) in [(b"".as_slice(), false), (b"", true), (b"220 a\r\n", false), (b"220 a\r\n250-", true)] {
            let outcome = slow(first, drips);
            assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("no answer in time")), "{outcome:?}");
        }
    }

    #[test]
    fn no_line_of_a_letter_ends_it() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b".a"), b"..a\r\n.\r\n");
    }
}
