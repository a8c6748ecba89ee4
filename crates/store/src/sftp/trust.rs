//! Trust on first use, said aloud: a person names the fingerprint, and only a key that has it is written down.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::access::Access;
use super::limits::{KNOWN_HOST_BYTES_MAX, SSH_START_WAIT_MAX};
use super::{pipe, words::Words};
use crate::url::SftpUrl;
use crate::{Error, Kind, Result};

/// Writes the key that the server shows into the list of known ones, if its fingerprint is `fingerprint`.
pub(super) fn trust(access: &Access, url: &SftpUrl, fingerprint: &str) -> Result<()> {
    let denied = |why: String| Error::new(Kind::Denied, format!("cannot use {url}: {why}"));
    let list = access.known_hosts.as_ref().or(access.own_known_hosts.as_ref());
    let list = list.ok_or_else(|| denied("there is no list of known hosts; give --ssh-known-hosts FILE".to_owned()))?;
    let io =
        |what: &str, err: &std::io::Error| denied(format!("{what}: {err}; name another with --ssh-known-hosts FILE"));
    let parent = list.parent().unwrap_or(Path::new("/"));
    if access.known_hosts.is_none() {
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
        builder.create(parent).map_err(|err| io(&parent.display().to_string(), &err))?;
    }
    let seen = Seen::beside(list).map_err(|err| io(&list.display().to_string(), &err))?;
    let words = look(access, url, &seen.0)?;
    let Some(key) = words.host_key() else {
        let why = words.why();
        return Err(Error::new(why.kind, format!("no connection to {url}: {}", why.text)));
    };
    if key.split(' ').nth(1) != Some(fingerprint) {
        return Err(denied(format!(
            "the server's key is {key} and not {fingerprint}; nothing was trusted, and somebody may be in between"
        )));
    }
    let line = seen.line().map_err(|err| io(&seen.0.display().to_string(), &err))?;
    append(list, &line).map_err(|err| io(&list.display().to_string(), &err))
}

/// Lets `ssh` write the key that it is shown to a file of its own.
fn look(access: &Access, url: &SftpUrl, file: &Path) -> Result<Words> {
    let mut command = access.look_at_key(url, file.as_os_str().to_owned());
    let mut child = start(&mut command, url)?;
    let words = Words::default();
    std::thread::scope(|scope| {
        if let Some(said) = child.stderr.take() {
            scope.spawn(|| words.listen(said));
        }
        let until = Instant::now() + SSH_START_WAIT_MAX;
        if !pipe::comes_true(until, || words.is_over()) {
            let _ = child.kill();
        }
        pipe::wait_or_kill(&mut child, super::limits::SSH_END_WAIT);
    });
    Ok(words)
}

fn start(command: &mut Command, url: &SftpUrl) -> Result<std::process::Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().map_err(|err| {
        Error::new(
            Kind::Denied,
            format!("cannot use {url}: the program ssh cannot be started: {err}; install OpenSSH's client"),
        )
    })
}

/// A file for one key, which goes away.
struct Seen(PathBuf);

impl Seen {
    fn beside(list: &Path) -> std::io::Result<Self> {
        let mut name = list.as_os_str().to_owned();
        name.push(format!(".new-{}", std::process::id()));
        let path = PathBuf::from(name);
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// What `ssh` wrote there.
    fn line(&self) -> std::io::Result<Vec<u8>> {
        let mut line = Vec::new();
        std::fs::File::open(&self.0)?.take(KNOWN_HOST_BYTES_MAX).read_to_end(&mut line)?;
        if line.ends_with(b"\n") { Ok(line) } else { Err(std::io::Error::other("ssh wrote no key")) }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        // What an older ssh keeps of the list before.
        let mut old = self.0.clone().into_os_string();
        old.push(".old");
        let _ = std::fs::remove_file(old);
    }
}

fn append(list: &Path, line: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(list)?;
    file.write_all(line)?;
    file.sync_all()
}
