//! What `ssh` says on its standard error, and what of it means what.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::limits::{SSH_LINE_BYTES_MAX, SSH_LINES_MAX};
use crate::plain::plain;
use crate::{Error, Kind, locked};

/// The last lines that were said, as many as are kept.
#[derive(Debug, Default)]
pub(super) struct Words(Mutex<Heard>, AtomicBool);

#[derive(Debug, Default)]
struct Heard {
    lines: VecDeque<String>,
    /// `ED25519 SHA256:…`
    host_key: Option<String>,
}

impl Words {
    /// Listens until there is no more.
    pub(super) fn listen(&self, from: impl Read) {
        self.hear_all(from);
        self.1.store(true, Ordering::Release);
    }

    /// Whether there will be no more.
    pub(super) fn is_over(&self) -> bool {
        self.1.load(Ordering::Acquire)
    }

    fn hear_all(&self, from: impl Read) {
        let mut from = BufReader::with_capacity(SSH_LINE_BYTES_MAX, from);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut from).take(SSH_LINE_BYTES_MAX as u64).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => self.hear(&plain(&line)),
            }
        }
    }

    fn hear(&self, line: &str) {
        let mut heard = locked(&self.0);
        if let Some(key) = line.strip_prefix("debug1: Server host key: ") {
            heard.host_key = Some(key.trim_start_matches("ssh-").to_owned());
        } else if !line.is_empty() && !NOISE.iter().any(|noise| line.starts_with(noise)) {
            if heard.lines.len() == SSH_LINES_MAX {
                heard.lines.pop_front();
            }
            heard.lines.push_back(line.to_owned());
        }
    }

    /// The key that the server showed: its type and its fingerprint.
    pub(super) fn host_key(&self) -> Option<String> {
        locked(&self.0).host_key.clone()
    }

    /// Why there is no connection, after `ssh` has ended.
    pub(super) fn why(&self) -> Error {
        let heard = locked(&self.0);
        let line = |part: &str| heard.lines.iter().rev().find(|line| line.contains(part)).map(String::as_str);
        for (part, kind, says) in MEANINGS {
            if let Some(found) = line(part) {
                let key = heard.host_key.as_deref().unwrap_or("that it did not show");
                return Error::new(*kind, says.replace("{key}", key).replace("{line}", found));
            }
        }
        let last = heard.lines.back().map_or("the connection was closed", String::as_str);
        Error::new(Kind::Io, last.trim_start_matches("ssh: ").to_owned())
    }
}

/// What is said of a connection that works.
const NOISE: [&str; 6] =
    ["debug1: ", "OpenSSH_", "Authenticated to ", "Authenticating to ", "Transferred: ", "Bytes per second: "];

/// What a line that holds this means; the first that fits counts. Only `Kind::Io` may pass by itself.
const MEANINGS: &[(&str, Kind, &str)] = &[
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        Kind::Denied,
        "the server shows another key than the known one: {key}; somebody may be in between: if you know that its key was changed, say so once with --ssh-trust SHA256:…",
    ),
    (
        "host key is known for",
        Kind::Denied,
        "the server's key is not known: {key}; compare it with what \"ssh-keygen -lf\" says there of /etc/ssh/ssh_host_*_key.pub, then say so once with --ssh-trust SHA256:…",
    ),
    (
        "Host key verification failed",
        Kind::Denied,
        "the server's key {key} is not believed; see --ssh-known-hosts and --ssh-trust",
    ),
    (
        "UNPROTECTED PRIVATE KEY FILE",
        Kind::Denied,
        "others can read the key file, so ssh does not use it; run chmod 600 on it",
    ),
    ("Identity file", Kind::Denied, "{line}; name a private key with --ssh-key-file FILE"),
    ("Load key", Kind::Denied, "{line}; a key with a passphrase goes to ssh-agent, and one without can be read by ssh"),
    (
        "Permission denied (",
        Kind::Denied,
        "the login was refused: {line}; give the key that the server knows with --ssh-key-file FILE, or --ssh-password-file FILE",
    ),
    (
        "Too many authentication failures",
        Kind::Denied,
        "the login was refused: {line}; name the right key with --ssh-key-file FILE",
    ),
    (
        "subsystem request failed",
        Kind::Denied,
        "the server offers no SFTP; have it say \"Subsystem sftp internal-sftp\" in its sshd_config",
    ),
    ("Unable to negotiate", Kind::Denied, "{line}; one of the two is too old for the other"),
    (
        "Bad configuration option",
        Kind::Denied,
        "ssh is older than OpenSSH 7.6, or its configuration has a mistake: {line}; upgrade or mend it",
    ),
    ("terminating,", Kind::Denied, "ssh's configuration has a mistake: {line}; mend it"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn why(said: &str) -> Error {
        let words = Words::default();
        words.listen(said.as_bytes());
        words.why()
    }

    #[test]
    fn each_failure_is_told_apart() {
        for (said, kind, expected) in [
            (
                "debug1: Server host key: ssh-ed25519 SHA256:abc\r\nNo ED25519 host key is known for [h]:22 and you have requested strict checking.\r\nHost key verification failed.\r\n",
                Kind::Denied,
                "not known: ed25519 SHA256:abc; compare",
            ),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
                Kind::Denied,
                "another key",
            ),
            ("a@h: Permission denied (publickey).\n", Kind::Denied, "login was refused"),
            (
                "ssh: connect to host h port 22: Connection refused\n",
                Kind::Io,
                "connect to host h port 22: Connection refused",
            ),
            ("debug1: x\n", Kind::Io, "closed"),
            ("", Kind::Io, "closed"),
        ] {
            let err = why(said);
            assert!(err.kind == kind && err.text.contains(expected), "{said}: {err:?}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(why("\u{1b}[2Jgone\u{202e}\u{7}\n").text, "?[2Jgone??");
    }

    #[test]
    fn who_says_much_is_remembered_in_part() {
        let words = Words::default();
        let long = "x".repeat(100 * SSH_LINE_BYTES_MAX) + "\nlast\n";
        words.listen(long.as_bytes());
        assert!(locked(&words.0).lines.len() <= SSH_LINES_MAX);
        assert_eq!(words.why().text, "last");
    }
}
