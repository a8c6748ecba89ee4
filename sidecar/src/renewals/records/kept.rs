//! The memory of all records as a file of the state folder, written when something of it changed.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::memory::Memory;

/// In the state folder.
const FILE: &str = "records.json";

/// See the module. What cannot be read is begun anew: nothing depends on it but politeness.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    all: BTreeMap<String, Memory>,
}

impl Kept {
    pub(super) fn read(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let all = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, all: all.unwrap_or_default() }
    }

    pub(super) fn get(&self, key: &str) -> Memory {
        self.all.get(key).cloned().unwrap_or_default()
    }

    /// On the disk when this returns, if that can be done.
    pub(super) fn put(&mut self, key: &str, memory: &Memory) {
        if self.all.get(key) != Some(memory) {
            self.all.insert(key.to_owned(), memory.clone());
            self.write();
        }
    }

    /// Forgets those that are not configured any more.
    pub(super) fn keep(&mut self, keys: &[String]) {
        let before = self.all.len();
        self.all.retain(|key, _| keys.contains(key));
        if self.all.len() != before {
            self.write();
        }
    }

    fn write(&self) {
        let part = self.path.with_extension("part");
        let write = || {
            let _ = std::fs::remove_file(&part);
            let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part)?;
            file.write_all(&serde_json::to_vec(&self.all)?)?;
            std::fs::rename(&part, &self.path)
        };
        if let Err(why) = write() {
            tracing::warn!(%why, file = %self.path.display(), "cannot keep how DNS records stand");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_after_a_restart_and_what_is_no_more_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut kept = Kept::read(folder.path());
        let memory = Memory { failed: 2, next: 70, ..Memory::default() };
        kept.put("n.example A", &memory);
        kept.put("m.example A", &memory);
        kept.keep(&["n.example A".to_owned()]);
        let kept = Kept::read(folder.path());
        assert_eq!((kept.get("n.example A"), kept.get("m.example A")), (memory, Memory::default()));
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Kept::read(folder.path()).get("n.example A"), Memory::default());
    }
}
