//! A mail server that plays a script, so that it says what no real one would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it says to a line that begins with the words: the last fitting pair counts.
pub(crate) type Script = Vec<(&'static str, &'static str)>;

pub(crate) struct Smtp {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<Vec<String>>,
}

const USUAL: [(&str, &str); 9] = [
    ("", "220 mail.example ESMTP\r\n"),
    ("EHLO", "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 STARTTLS\r\n"),
    ("AUTH", "235 hello\r\n"),
    ("MAIL", "250 ok\r\n"),
    ("RCPT", "250 ok\r\n"),
    ("DATA", "354 go on\r\n"),
    ("STARTTLS", "220 go on\r\n"),
    (".", "250 queued as 1\r\n"),
    ("QUIT", "221 bye\r\n"),
];

impl Smtp {
    /// Serves one connection. An empty answer hangs up.
    pub(crate) fn new(tls: Option<Arc<ServerConfig>>, odd: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = USUAL.into_iter().chain(odd).collect();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let _ = play(stream, tls, &script, &mut heard);
            heard
        });
        Self { address, thread }
    }

    /// The lines that it heard.
    pub(crate) fn heard(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn play(mut stream: TcpStream, tls: Option<Arc<ServerConfig>>, script: &Script, heard: &mut Vec<String>) -> Option<()> {
    let greeting = script.iter().rev().find(|(to, _)| to.is_empty())?.1;
    stream.write_all(greeting.as_bytes()).ok()?;
    if talk(&mut stream, script, heard)? {
        let connection = ServerConnection::new(tls?).ok()?;
        heard.push("(TLS)".into());
        talk(&mut StreamOwned::new(connection, stream), script, heard)?;
    }
    Some(())
}

/// Until the end, or until TLS is to begin: then it is true.
fn talk(stream: &mut (impl Read + Write), script: &Script, heard: &mut Vec<String>) -> Option<bool> {
    let mut letter = false;
    loop {
        let mut line = String::new();
        // A byte at a time, so that nothing of what comes after is taken.
        while !line.ends_with('\n') {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            line.push(byte[0] as char);
        }
        let line = line.trim_end().to_owned();
        heard.push(line.clone());
        if letter && line != "." {
            continue;
        }
        let odd = |to: &str| if letter { to == "." } else { !to.is_empty() && line.to_uppercase().starts_with(to) };
        let answer = script.iter().rev().find(|(to, _)| odd(to)).map_or("500 what?\r\n", |(_, answer)| answer);
        if answer.is_empty() {
            return None;
        }
        stream.write_all(answer.as_bytes()).ok()?;
        stream.flush().ok()?;
        letter = answer.starts_with("354");
        if line == "STARTTLS" && answer.starts_with('2') {
            return Some(true);
        }
        if line == "QUIT" {
            return Some(false);
        }
    }
}
