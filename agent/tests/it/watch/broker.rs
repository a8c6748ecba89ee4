//! A Mosquitto of its own, on a free port of the loopback interface.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::until;

pub(super) struct Broker {
    pub(super) port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

/// A port that nobody uses at the moment.
pub(super) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Broker {
    /// One that lets everybody in.
    pub(super) fn open(folder: &Path) -> Self {
        Self::with(folder, "allow_anonymous true")
    }

    /// One with these settings.
    pub(super) fn with(folder: &Path, settings: &str) -> Self {
        let folder = folder.join("broker");
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let text = format!("listener {port} 127.0.0.1\npersistence false\nuser {}\n{settings}\n", user.trim());
        fs::write(folder.join("mosquitto.conf"), text).unwrap();
        let mut broker = Self { port, folder, child: None };
        broker.start();
        broker
    }

    pub(super) fn start(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(self.folder.join("mosquitto.conf")).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn();
        self.child = Some(child.expect("mosquitto is needed: apt-get install mosquitto mosquitto-clients"));
        until(|| self.log(), || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}
