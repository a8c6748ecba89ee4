//! Whether what is to be backed up can be read: told before a backup meets it. What is fine is not looked at again,
//! because looking wakes disks.

use std::io::ErrorKind;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};

use crate::probe::{Fault, Moment, Probe, Result, Site};

/// How often what cannot be read is tried again.
const AGAIN: Duration = Duration::from_secs(3600);

/// See the module.
#[derive(Debug)]
pub struct Shares {
    paths: Vec<String>,
    /// All of them could be read.
    fine: bool,
}

impl Shares {
    /// For these sources of backups.
    #[must_use]
    pub const fn new(paths: Vec<String>) -> Self {
        Self { paths, fine: false }
    }
}

impl Probe for Shares {
    fn name(&self) -> &'static str {
        "shares"
    }

    fn every(&self) -> Duration {
        AGAIN
    }

    fn deadline(&self) -> Duration {
        // Disks that sleep take their time.
        Duration::from_secs(60)
    }

    fn read(&mut self, site: &Site, _: Moment, _: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.fine {
            return Ok(());
        }
        let mut absent = None;
        for shown in &self.paths {
            let path = site.path(shown);
            let looked = path.symlink_metadata().and_then(|meta| {
                if meta.is_dir() { path.read_dir().map(drop) } else { std::fs::File::open(&path).map(drop) }
            });
            match looked.map_err(|err| err.kind()) {
                Ok(()) => {}
                Err(ErrorKind::PermissionDenied) => {
                    let hint = "backups of it would be empty; run the agent as a user who may read it";
                    return Err(Fault::Denied(format!("{shown} cannot be read: permission denied; {hint}")));
                }
                Err(ErrorKind::NotFound) => absent = Some(format!("{shown} is to be backed up, and is not there")),
                Err(err) => absent = Some(format!("{shown} is to be backed up, and cannot be read: {err}")),
            }
        }
        self.fine = absent.is_none();
        absent.map_or(Ok(()), |why| Err(Fault::Failed(why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_not_there_is_told_before_a_backup_meets_it() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("photos")).unwrap();
        let site = Site::below(root.path());
        let at = Moment { boot: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
        let look = |paths: &[&str]| {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            Shares::new(paths).read(&site, at, &mut |_, _| {}).map_err(|fault| fault.to_string())
        };
        assert_eq!(look(&["/photos"]), Ok(()));
        assert_eq!(look(&["/books", "/photos"]), Err("/books is to be backed up, and is not there".into()));
    }
}
