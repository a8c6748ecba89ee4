//! File systems of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something mounted, until this is gone.
pub(super) struct Mount(PathBuf);

impl Mount {
    /// `None`, and a line that says so, where that cannot be had.
    pub(super) fn new(at: &Path, words: &[&str], stdin: Stdio) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        if !nix::unistd::geteuid().is_root() {
            eprintln!("skipped: only root can mount");
            return None;
        }
        let ran = Command::new("mount").args(words).arg(at).stdin(stdin).output().unwrap();
        if !ran.status.success() {
            eprintln!("skipped: {}", String::from_utf8_lossy(&ran.stderr).trim());
            return None;
        }
        Some(Self(at.to_owned()))
    }

    /// One that never answers, like a share whose server is gone; until the file is closed.
    pub(super) fn hanging(at: &Path) -> Option<(Self, fs::File)> {
        let Ok(fuse) = fs::File::options().read(true).write(true).open("/dev/fuse") else {
            eprintln!("skipped: there is no /dev/fuse");
            return None;
        };
        // Whoever should answer for it has this end, and never does.
        let end = fuse.try_clone().unwrap();
        let options = "fd=0,rootmode=40000,user_id=0,group_id=0,allow_other";
        let mount = Self::new(at, &["-i", "-t", "fuse.sshfs", "-o", options, "stuck"], Stdio::from(end))?;
        Some((mount, fuse))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
