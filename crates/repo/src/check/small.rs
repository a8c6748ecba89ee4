//! Objects that are read only now and then, so that their decay would go unseen: key files, sessions.

use super::{Check, Finding};
use crate::config::read_small;
use crate::envelope::{self, Purpose};
use crate::keys::KeyFile;
use crate::{Kind, Result, names, snapshot};

/// Whether a name is that of an object.
type Fits = fn(&str) -> bool;

/// Folders of small objects.
const FOLDERS: [(&str, Fits); 6] = [
    (names::KEYS, |name| names::unhex::<8>(name).is_some()),
    (names::ROSTER, |name| name.rsplit('/').next().is_some_and(|n| n.len() == 8 && n.parse::<u32>().is_ok())),
    (names::INDEX, is_id),
    (names::SNAPSHOTS, is_id),
    (names::SESSIONS, is_id),
    (names::ENDED, is_id),
];

fn is_id(name: &str) -> bool {
    names::unhex::<16>(name).is_some()
}

impl Check<'_> {
    pub(super) fn small_objects(&mut self) -> Result<()> {
        for (folder, fits) in FOLDERS {
            let mut all = Vec::new();
            self.repo.store.list(folder, &mut |entry| {
                all.push(entry.name.clone());
                Ok(())
            })?;
            for name in all {
                if !fits(&name) {
                    self.warn(format!("{name} is no object of a repository and is passed over; it may be removed"));
                } else if folder == names::KEYS {
                    self.key_file(&name)?;
                } else if folder == names::SESSIONS || folder == names::ENDED {
                    self.session(folder, &name)?;
                }
            }
        }
        Ok(())
    }

    fn key_file(&mut self, name: &str) -> Result<()> {
        match read_small(&*self.repo.store, name).and_then(|bytes| KeyFile::parse(&bytes)) {
            Err(err) if err.kind == Kind::Damaged => {
                let text =
                    format!("{name}: {err}; whoever opened the repository by it needs another key (\"key add\")");
                self.find(Finding::Object(text));
            }
            // One that was removed meanwhile is no damage.
            Err(err) if err.kind != Kind::NotFound => return Err(err.context(name)),
            _ => {}
        }
        Ok(())
    }

    /// A backup that was cut off while it put its session may leave half of one, which nothing refers to.
    fn session(&mut self, folder: &str, name: &str) -> Result<()> {
        let purpose = if folder == names::SESSIONS { Purpose::Session } else { Purpose::Ended };
        let sound = read_small(&*self.repo.store, name).and_then(|bytes| {
            let unverified = envelope::parse(purpose, &bytes)?;
            let body = unverified.verified_by(&self.repo.roster.member(unverified.signer)?.public)?;
            snapshot::names_itself(body, name)
        });
        match sound {
            Err(err) if err.kind == Kind::Damaged => {
                self.warn(format!("{name}: {err}; that harms nothing: it only says that a backup was begun"));
            }
            Err(err) if err.kind != Kind::NotFound => return Err(err.context(name)),
            _ => {}
        }
        Ok(())
    }
}
