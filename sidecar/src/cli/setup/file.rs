//! A file that is written whole beside its place before it takes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::unistd::Gid;

/// Read by its group, in which the service is.
const MODE: u32 = 0o640;

/// See the module. Dropped before it was put in its place, it is gone.
pub(super) struct Part {
    path: PathBuf,
    to: PathBuf,
}

impl Part {
    /// `text` for the file `to`, that `group` may read.
    pub(super) fn write(to: &Path, text: &str, group: Option<Gid>) -> io::Result<Self> {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = Self { path: to.with_file_name(name), to: to.to_owned() };
        // What a crash left has perhaps other rights.
        let _ = fs::remove_file(&part.path);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part.path)?;
        file.write_all(text.as_bytes())?;
        if let Some(group) = group {
            fchown(&file, None, Some(group.as_raw()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(MODE))?;
        file.sync_all()?;
        Ok(part)
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place; it is on the disk when this returns.
    pub(super) fn put(&self) -> io::Result<()> {
        fs::rename(&self.path, &self.to)?;
        File::open(self.to.parent().unwrap_or(Path::new("/")))?.sync_all()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Folders that were made, the outermost first. Dropped before they are kept, they are gone with what is in them.
pub(super) struct Folders(Vec<PathBuf>);

impl Folders {
    /// None.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Makes `folder` and what is missing above it.
    pub(super) fn make(folder: &Path, mode: u32) -> io::Result<Self> {
        let mut missing: Vec<_> = folder.ancestors().take_while(|one| !one.exists()).map(Path::to_owned).collect();
        missing.reverse();
        let mut made = Self::none();
        for one in missing {
            DirBuilder::new().mode(if one == folder { mode } else { 0o755 }).create(&one)?;
            made.0.push(one);
        }
        Ok(made)
    }

    /// Whether there was none.
    pub(super) fn are_new(&self) -> bool {
        !self.0.is_empty()
    }

    /// They stay.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        if let Some(first) = self.0.first() {
            let _ = fs::remove_dir_all(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_put_in_its_place_leaves_nothing() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("s.toml");
        drop(Part::write(&file, "x", None).unwrap());
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 0);
        let part = Part::write(&file, "new", None).unwrap();
        part.put().unwrap();
        drop(part);
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        drop(Folders::make(&top.path().join("a/b"), 0o700).unwrap());
        assert!(!top.path().join("a").exists());
        Folders::make(&top.path().join("a/b"), 0o700).unwrap().keep();
        assert!(top.path().join("a/b").exists());
        assert!(!Folders::make(&top.path().join("a/b"), 0o700).unwrap().are_new());
    }
}
