//! A sidecar on free ports, and requests as they go over the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use atalaya_sidecar::clock::System;
use atalaya_sidecar::config::Config;
use atalaya_sidecar::program::{self, Running};
use tokio::runtime::Runtime;

/// For this machine alone, on ports that are free.
const CONFIG: &str = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n";

pub(crate) struct Sidecar {
    runtime: Runtime,
    running: Option<Running>,
    address: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
}

impl Sidecar {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// With more in its configuration.
    pub(crate) fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::read(Path::new("s.toml"), &format!("{CONFIG}{more}")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let started = program::start(config, folder.path().to_path_buf(), Arc::new(System::default()));
        let running = runtime.block_on(started).unwrap();
        Self { address: running.web[0], runtime, running: Some(running), folder }
    }

    /// The secret of a link for the first account.
    pub(crate) fn first_link(&self) -> Option<String> {
        let shared = &self.running.as_ref().unwrap().shared;
        self.runtime.block_on(shared.identity.people.first_link(shared.clock.now())).unwrap().map(|made| made.0)
    }

    /// Writes what changes nothing.
    pub(crate) fn write_something(&self) -> Result<(), String> {
        let desk = &self.running.as_ref().unwrap().shared.desk;
        self.runtime.block_on(desk.write(Vec::new())).map_err(|err| err.to_string())
    }

    /// Asks, and gives the whole answer. `Host` is this machine's own unless another is given.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() {
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        write!(stream, "{head}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> String {
        self.ask("GET", path, headers, "")
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// The code of an answer.
pub(crate) fn code(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
