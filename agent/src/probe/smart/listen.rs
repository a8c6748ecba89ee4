//! Where the helper listens, and how long: until it is ended.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use nix::unistd::{Gid, getegid, setegid};

use super::Helper;
use crate::probe::{Fault, Result};

/// After connections could not be taken, such as for want of descriptors.
const PAUSE: Duration = Duration::from_secs(1);

impl Helper {
    /// Answers one connection after the other. `now` tells the time since the machine started.
    ///
    /// # Errors
    ///
    /// If the socket is none. What one agent does wrong does not end it.
    pub fn run(&mut self, listener: &UnixListener, now: impl Fn() -> Duration) -> Result<()> {
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    if let Err(fault) = self.serve(stream, now()) {
                        tracing::debug!(why = %fault, "did not answer");
                    }
                }
                Err(err) if matches!(err.raw_os_error(), Some(libc::EINVAL | libc::ENOTSOCK | libc::EOPNOTSUPP)) => {
                    return Err(Fault::io("connections to the helper for SMART", &err));
                }
                Err(err) => {
                    tracing::debug!(%err, "cannot take a connection");
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }
}

/// Listens at `path`, for the user and, as far as the umask lets it, the group of the folder it is in. What a helper left
/// behind is replaced.
///
/// # Errors
///
/// One line: another helper listens there, something else is there, or it may not be made.
pub fn listen(path: &Path) -> std::result::Result<UnixListener, String> {
    let shown = path.display();
    if let Ok(found) = path.symlink_metadata() {
        if !found.file_type().is_socket() {
            return Err(format!("cannot listen at {shown}: there is something else; remove it"));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(format!("cannot listen at {shown}: another helper does"));
        }
        std::fs::remove_file(path).map_err(|err| format!("cannot replace {shown}: {err}"))?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let group = folder.metadata().map_err(|err| format!("cannot listen at {shown}: {err}"))?.gid();
    bind(path, Gid::from_raw(group)).map_err(|err| format!("cannot listen at {shown}: {err}"))
}

/// Its group is right from its first moment: changing it by name afterwards, in a folder that others may write to, could
/// change something else.
fn bind(path: &Path, group: Gid) -> io::Result<UnixListener> {
    let own = getegid();
    let listener = setegid(group).map_err(io::Error::from).and_then(|()| UnixListener::bind(path));
    setegid(own)?;
    listener
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::thread;

    use super::*;
    use crate::probe::Output;
    use crate::probe::machines::machine;
    use crate::probe::smart::{Sweep, ask};

    #[test]
    fn the_socket_is_for_the_folders_group_and_replaces_what_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(listen(&path).unwrap());
        let _listener = listen(&path).unwrap();
        assert_eq!(path.metadata().unwrap().gid(), folder.path().metadata().unwrap().gid());
        assert!(listen(&path).unwrap_err().contains("another helper"));
        let file = folder.path().join("f");
        std::fs::write(&file, "").unwrap();
        assert!(listen(&file).unwrap_err().contains("something else") && file.exists());
        assert!(listen(&folder.path().join("no/s")).unwrap_err().contains("cannot listen"));
    }

    #[test]
    fn whatever_others_say_whoever_reads_gets_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = listen(&path).unwrap();
        let say = |_: &[&str]| Ok(Output { code: Some(0), text: "{}".into() });
        let mut helper = Helper::new(Sweep::with(Box::new(say)), machine("nas-arm"));
        thread::spawn(move || helper.run(&listener, || Duration::ZERO));
        let mut open = Vec::new();
        for number in 0..100 {
            let mut stream = UnixStream::connect(&path).unwrap();
            let words: [&[u8]; 5] = [b"", b"rea", b"write\n", &[0xff; 4000], b"read\n"];
            stream.write_all(words[number % 5]).unwrap();
            // Some leave at once, some never take their answer; none holds its word back.
            stream.shutdown(Shutdown::Write).unwrap();
            open.extend((number % 2 == 0).then_some(stream));
        }
        let mut seen = Vec::new();
        ask(&path, &mut |name, _, _| seen.push(name.to_owned())).unwrap();
        assert_eq!(seen, ["sda", "sdb"]);
        let mut told = String::new();
        let _ = open.swap_remove(2).read_to_string(&mut told);
        assert!(told.ends_with("end\n") || told.is_empty(), "{told}");
    }
}
