//! What is remembered of each name, in `noip.json` in the state folder. A fatal answer lies there until the configuration
//! changes, so a file that cannot be understood is no reason to begin anew.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::decide::Memory;
use crate::durable;

/// Of the file: 16 names have about 8 KiB.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// What is remembered, by name.
pub(super) type Names = BTreeMap<String, Memory>;

/// The file, held against whoever else might send: an agent that was started twice, a person at the command line.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Held as long as it is open.
    _lock: Option<File>,
}

impl Store {
    /// For acting, which one does at a time.
    ///
    /// # Errors
    ///
    /// One line: somebody else acts, or the folder cannot be used.
    pub(super) fn lock(folder: &Path) -> Result<Self, String> {
        let path = folder.join("noip.lock");
        let cannot = |err: io::Error| format!("cannot open {}: {}", path.display(), plain(&err));
        let lock = open_new(&path).map_err(cannot)?;
        lock.try_lock().map_err(|_| "another process of the agent is at work on it".to_owned())?;
        Ok(Self { folder: folder.to_owned(), _lock: Some(lock) })
    }

    /// For looking.
    pub(super) fn look(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _lock: None }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("noip.json")
    }

    /// What is remembered; nothing where nothing was sent yet.
    ///
    /// # Errors
    ///
    /// One line: it cannot be read or understood.
    pub(super) fn load(&self) -> Result<Names, String> {
        let path = self.path();
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Names::new()),
            Err(err) => return Err(format!("cannot read {}: {}", path.display(), plain(&err))),
        }
        let hint = "remove it if No-IP has no reason to complain";
        serde_json::from_slice(&bytes).map_err(|_| format!("cannot understand {}; {hint}", path.display()))
    }

    /// Replaces what is remembered; a power cut leaves the old or the new.
    ///
    /// # Errors
    ///
    /// One line: why it cannot be written.
    pub(super) fn save(&self, names: &Names) -> Result<(), String> {
        let path = self.path();
        let text = serde_json::to_vec_pretty(names).map_err(io::Error::from);
        let written = text.and_then(|text| durable::replace(&path, &text));
        written.map_err(|err| format!("cannot write {}: {}", path.display(), plain(&err)))
    }
}

/// For its owner only.
fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn plain(err: &io::Error) -> String {
    err.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::noip::Final;

    #[test]
    fn what_is_remembered_survives_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::lock(folder.path()).unwrap();
        assert_eq!(store.load(), Ok(Names::new()));
        let memory = Memory { config: "c".into(), latched: Some(Final::Abuse), ..Memory::default() };
        let names = Names::from([("home.ddns.net".to_owned(), memory)]);
        store.save(&names).unwrap();
        assert_eq!((store.load(), Store::look(folder.path()).load()), (Ok(names.clone()), Ok(names.clone())));
        let mode = fs::metadata(folder.path().join("noip.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(Store::lock(folder.path()).unwrap_err().contains("another process"));
        drop(store);
        let store = Store::lock(folder.path()).unwrap();
        // What was left half written by a power cut is not in the way, whatever its length.
        fs::write(folder.path().join("noip.part"), "x".repeat(10_000)).unwrap();
        store.save(&names).unwrap();
        assert_eq!(store.load(), Ok(names));
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for damaged in ["", "{", "[]", "{\"a\": 5}", "\u{0}\u{0}"] {
            fs::write(folder.path().join("noip.json"), damaged).unwrap();
            let why = Store::look(folder.path()).load().unwrap_err();
            assert!(why.contains("cannot understand") && why.contains("remove it"), "{why}");
        }
        assert!(Store::lock(&folder.path().join("nowhere")).unwrap_err().contains("cannot open"));
    }
}
