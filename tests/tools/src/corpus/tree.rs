//! Writing files of a corpus, with modification times that follow from the seed too.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::rng::Rng;

/// A folder that files are written below.
pub(super) struct Tree {
    root: PathBuf,
    /// The folder made last: most files go where the one before went.
    last: PathBuf,
}

impl Tree {
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned(), last: root.to_owned() })
    }

    /// A file of `bytes` at `path`.
    pub(super) fn file(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(path)?;
        file.write_all(bytes)?;
        age(&file, path)
    }

    /// An empty file, to be written by the caller, who calls [`age`] at the end.
    pub(super) fn create(&mut self, path: &str) -> io::Result<File> {
        let path = self.root.join(path);
        if let Some(parent) = path.parent().filter(|parent| *parent != self.last) {
            fs::create_dir_all(parent)?;
            parent.clone_into(&mut self.last);
        }
        File::create_new(path)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

/// Sets a time in the past that follows from the name, with odd nanoseconds.
pub(super) fn age(file: &File, name: &str) -> io::Result<()> {
    let mut rng = Rng::of(1, name);
    let time = Duration::new(1_500_000_000 + rng.below(250_000_000), rng.below(1_000_000_000) as u32);
    file.set_modified(SystemTime::UNIX_EPOCH + time)
}
