//! Where probes look.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::probe::{Fault, Result};

/// Files of `/proc` and `/sys` that are longer are not what we take them for.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the kernel hands out of a table at a time.
const TABLE_BYTES: usize = 4096;

/// The machine, or a folder that tests made to look like one.
#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
}

impl Default for Site {
    fn default() -> Self {
        Self { root: "/".into() }
    }
}

impl Site {
    /// One below `root`.
    #[must_use]
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Whether it is this very machine, whose programs may be run and whose ports may be asked.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where `path`, which is absolute, lies.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path.as_ref().strip_prefix("/").unwrap_or(path.as_ref()))
    }

    /// The text of a file; bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// Whether it is absent, may not be read, or something else.
    pub fn text(&self, path: impl AsRef<Path>) -> Result<String> {
        let shown = path.as_ref().display();
        read(&self.path(path.as_ref())).map_err(|err| Fault::io(shown, &err))
    }

    /// A table that is read line by line because it may be long.
    ///
    /// # Errors
    ///
    /// As [`Self::text`].
    pub(crate) fn open(&self, path: impl AsRef<Path>) -> Result<BufReader<File>> {
        let path = path.as_ref();
        let file = File::open(self.path(path)).map_err(|err| Fault::io(path.display(), &err))?;
        Ok(BufReader::with_capacity(TABLE_BYTES, file))
    }

    /// A file of one line, without its end; `None` where it cannot be read.
    #[must_use]
    pub fn line(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = read(&self.path(path)).ok()?;
        text.lines().next().map(|line| line.trim().to_owned())
    }

    /// A file that holds one number.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, path: impl AsRef<Path>) -> Option<T> {
        self.line(path)?.parse().ok()
    }

    /// Names in a folder, sorted; none where it cannot be read.
    #[must_use]
    pub fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let Ok(listing) = fs::read_dir(self.path(path)) else { return Vec::new() };
        let mut names: Vec<String> =
            listing.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
