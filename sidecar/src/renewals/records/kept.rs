//! The memory of all records as a file of the state folder, written when something of it changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::memory::Memory;
use crate::private_file::{read_value, replace_value};

/// In the state folder.
const FILE: &str = "records.json";

/// See the module. What cannot be read is begun anew: nothing depends on it but politeness.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    all: BTreeMap<String, Memory>,
}

impl Kept {
    pub(super) fn read(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), all: read_value(folder, FILE) }
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
        if let Err(why) = replace_value(&self.folder, FILE, &self.all) {
            tracing::warn!(%why, "cannot keep how DNS records stand");
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
