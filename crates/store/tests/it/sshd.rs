//! OpenSSH's server, started for one test: keys, configuration and folder of its own, on a free port of loopback.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use atalaya_store::{Access, SftpUrl};
use tempfile::TempDir;

/// Where Debian has what serves SFTP; without it none of these tests can be.
pub(crate) const SFTP_SERVER: &str = "/usr/lib/openssh/sftp-server";

/// Quick to sync where that is possible: what is tried is not the disk.
pub(crate) fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A running server.
pub(crate) struct Sshd {
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Sshd {
    pub(crate) fn start() -> Self {
        let dir = folder();
        for name in ["host", "user", "stranger"] {
            keygen(&dir.path().join(name));
        }
        fs::copy(dir.path().join("user.pub"), dir.path().join("authorized")).unwrap();
        fs::create_dir(dir.path().join("store")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::write(dir.path().join("config"), config(dir.path(), port)).unwrap();
        // Root's sshd wants this folder for a process that has no rights.
        let _ = fs::create_dir_all("/run/sshd");
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]).arg(dir.path().join("config")).stderr(Stdio::null());
        let child = command.spawn().expect("openssh-server is needed");
        let sshd = Self { dir, port, child };
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "sshd does not listen");
            std::thread::yield_now();
        }
        sshd
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A store of its own below the server's folder.
    pub(crate) fn url(&self, name: &str) -> SftpUrl {
        let path = self.path("store").join(name).into_os_string().into_encoded_bytes();
        SftpUrl { user: None, host: "127.0.0.1".to_owned(), port: Some(self.port), path }
    }

    /// With the right key, and the server's key known.
    pub(crate) fn access(&self) -> Access {
        let known = self.path("known_hosts");
        let key = fs::read_to_string(self.path("host.pub")).unwrap();
        fs::write(&known, format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        Access { key_file: Some(self.path("user")), known_hosts: Some(known), ..Access::default() }
    }

    /// Of the server's key.
    pub(crate) fn fingerprint(&self) -> String {
        let output = Command::new("ssh-keygen").arg("-lf").arg(self.path("host.pub")).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.expect("openssh-client is needed").success());
}

fn config(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {dir}/host\nAuthorizedKeysFile {dir}/authorized\nPidFile none\n\
         StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nPermitRootLogin yes\n\
         Subsystem sftp {SFTP_SERVER}\n"
    )
}
