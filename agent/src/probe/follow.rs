//! Following a log file, as it grows and is rotated.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use nix::unistd::{Gid, Group};

use crate::probe::said::cut;
use crate::probe::{Fault, Result, Site};

/// What is read at a time; the rest waits for the next reading.
const READ_BYTES_MAX: u64 = 256 << 10;
/// What is left unread when a file grows faster than it is read.
const BEHIND_BYTES_MAX: u64 = 4 << 20;
/// What is kept of a line.
const LINE_BYTES_MAX: usize = 2048;

/// A file that is followed.
#[derive(Debug)]
pub(crate) struct Follow {
    path: String,
    /// Which file, and how far it was read. None before the first reading.
    place: Option<(u64, u64, u64)>,
    /// It was not there: when it comes, it is read from its beginning.
    missing: bool,
    behind: bool,
}

impl Follow {
    pub(crate) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), place: None, missing: false, behind: false }
    }

    /// Whether the last reading left something for the next one, or left it out.
    pub(crate) const fn is_behind(&self) -> bool {
        self.behind
    }

    /// The whole lines that were added since the last reading; none at the first.
    pub(crate) fn read(&mut self, site: &Site) -> Result<Vec<String>> {
        let (file, meta) = match open(site, &self.path) {
            Ok(opened) => opened,
            Err(fault) => {
                self.missing |= matches!(fault, Fault::Absent(_));
                return Err(fault);
            }
        };
        let mut lines = Vec::new();
        let id = (meta.dev(), meta.ino());
        let start = match self.place {
            Some((dev, ino, offset)) if (dev, ino) == id && offset <= meta.len() => offset,
            // Truncated in place.
            Some((dev, ino, _)) if (dev, ino) == id => 0,
            Some(old) => {
                self.rest_of_rotated(site, old, &mut lines);
                0
            }
            None if self.missing => 0,
            None => meta.len(),
        };
        let offset = lines_from(file, start, meta.len(), &mut lines).map_err(|err| Fault::io(&self.path, &err))?;
        self.behind = meta.len() - start > READ_BYTES_MAX;
        self.place = Some((id.0, id.1, offset));
        Ok(lines)
    }

    /// What was written to the old file before it was moved away.
    fn rest_of_rotated(&self, site: &Site, (dev, ino, offset): (u64, u64, u64), lines: &mut Vec<String>) {
        if let Ok((file, meta)) = open(site, &format!("{}.1", self.path))
            && (meta.dev(), meta.ino()) == (dev, ino)
        {
            let _ = lines_from(file, offset.min(meta.len()), meta.len(), lines);
        }
    }
}

/// Opens a file that may be read, and says which group may where we may not.
pub(crate) fn open(site: &Site, path: &str) -> Result<(File, Metadata)> {
    let real = site.path(path);
    let meta = real.metadata().map_err(|err| Fault::io(path, &err))?;
    // Opening a pipe would wait for somebody to write.
    if !meta.is_file() {
        return Err(Fault::Failed(format!("{path} is no file")));
    }
    let file = File::open(real).map_err(|err| match Fault::io(path, &err) {
        Fault::Denied(text) => Fault::Denied(format!("{text}; needs group {}", group(&meta))),
        fault => fault,
    })?;
    let meta = file.metadata().map_err(|err| Fault::io(path, &err))?;
    Ok((file, meta))
}

fn group(meta: &Metadata) -> String {
    let found = Group::from_gid(Gid::from_raw(meta.gid())).ok().flatten();
    found.map_or_else(|| meta.gid().to_string(), |group| group.name)
}

/// Hands over whole lines, and how far they go.
fn lines_from(mut file: File, start: u64, end: u64, lines: &mut Vec<String>) -> std::io::Result<u64> {
    let start = if end - start > BEHIND_BYTES_MAX { end - READ_BYTES_MAX } else { start };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(READ_BYTES_MAX).read_to_end(&mut bytes)?;
    // A line without an end may still grow, but not for ever.
    let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => last + 1,
        None if bytes.len() as u64 == READ_BYTES_MAX => bytes.len(),
        None => 0,
    };
    for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut text = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]).into_owned();
        cut(&mut text, LINE_BYTES_MAX);
        lines.push(text);
    }
    Ok(start + whole as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn append(path: &std::path::Path, bytes: &[u8]) {
        fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    #[test]
    fn a_file_is_followed_through_growth_rotation_and_truncation() {
        let dir = tempfile::tempdir().unwrap();
        let (site, log) = (Site::below(dir.path()), dir.path().join("log"));
        append(&log, b"old\n");
        let mut follow = Follow::new("/log");
        let mut read = || follow.read(&site).unwrap();
        assert_eq!(read(), Vec::<String>::new());
        append(&log, b"one\ntwo\nhal");
        assert_eq!(read(), ["one", "two"]);
        append(&log, b"f\n\nlast of the old\n");
        fs::rename(&log, dir.path().join("log.1")).unwrap();
        append(&log, b"first of the new\n");
        assert_eq!(read(), ["half", "last of the old", "first of the new"]);
        fs::rename(&log, dir.path().join("log.gone")).unwrap();
        append(&log, b"again\n");
        assert_eq!(read(), ["again"]);
        fs::write(&log, b"x\n").unwrap();
        assert_eq!(read(), ["x"]);
        append(&log, b"\xff\x1b[31m\n");
        assert_eq!(read(), ["\u{fffd}\u{1b}[31m"]);
    }

    #[test]
    fn a_reading_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let (site, log) = (Site::below(dir.path()), dir.path().join("log"));
        append(&log, b"");
        let mut follow = Follow::new("/log");
        follow.read(&site).unwrap();
        append(&log, &[b'x'; READ_BYTES_MAX as usize + 10]);
        assert_eq!(follow.read(&site).unwrap()[0].len(), LINE_BYTES_MAX);
        append(&log, b"\n");
        append(&log, &b"line\n".repeat(2_000_000));
        let (mut count, mut behind) = (0, 0);
        loop {
            match follow.read(&site).unwrap().len() {
                0 => break,
                lines => count += lines,
            }
            behind += usize::from(follow.is_behind());
        }
        assert!(behind > 0 && !follow.is_behind());
        assert!((50_000..60_000).contains(&count), "{count}");
    }

    #[test]
    fn what_is_not_there_is_read_whole_when_it_comes() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site::below(dir.path());
        let mut follow = Follow::new("/log");
        assert_eq!(follow.read(&site).unwrap_err().state(), "absent");
        append(&dir.path().join("log"), b"one\n");
        assert_eq!(follow.read(&site).unwrap(), ["one"]);
        assert_eq!(Follow::new("/").read(&site).unwrap_err().state(), "failed");
    }

    #[test]
    fn what_may_not_be_read_names_the_group() {
        use std::os::unix::fs::PermissionsExt;
        if nix::unistd::geteuid().is_root() {
            return; // Root may read everything.
        }
        let dir = tempfile::tempdir().unwrap();
        append(&dir.path().join("log"), b"x\n");
        fs::set_permissions(dir.path().join("log"), fs::Permissions::from_mode(0o000)).unwrap();
        let fault = Follow::new("/log").read(&Site::below(dir.path())).unwrap_err();
        let own = group(&dir.path().join("log").metadata().unwrap());
        assert_eq!(fault, Fault::Denied(format!("cannot read /log: Permission denied; needs group {own}")));
    }
}
