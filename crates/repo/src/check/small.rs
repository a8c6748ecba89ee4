//! Objects that are read only now and then, so that their decay would go unseen: key files, sessions, and index runs of
//! which the state folder has a copy.

use std::path::Path;

use super::{Check, Finding};
use crate::config::read_small;
use crate::envelope::{self, Purpose};
use crate::index::verify_stored;
use crate::keys::{KeyFile, objects};
use crate::{Kind, Result, names, snapshot};

/// Whether a name is that of an object.
type Fits = fn(&str) -> bool;

/// Folders of small objects.
const FOLDERS: [(&str, Fits); 9] = [
    (names::KEYS, |name| names::unhex::<8>(name).is_some()),
    (names::ROSTER, |name| name.rsplit('/').next().is_some_and(|n| n.len() == 8 && n.parse::<u32>().is_ok())),
    (names::INDEX, is_id),
    (names::SNAPSHOTS, is_id),
    (names::SESSIONS, is_id),
    (names::ENDED, is_id),
    (objects::FOLDERS[0], objects::is_name),
    (objects::FOLDERS[1], objects::is_name),
    (objects::FOLDERS[2], objects::is_name),
];

fn is_id(name: &str) -> bool {
    names::unhex::<16>(name).is_some()
}

impl Check<'_> {
    pub(super) fn small_objects(&mut self) -> Result<()> {
        for (folder, fits) in FOLDERS {
            let mut all = Vec::new();
            self.repo.store.list(folder, &mut |entry| {
                all.push((entry.name.clone(), entry.len));
                Ok(())
            })?;
            for (name, len) in all {
                self.stopped()?;
                if !fits(&name) {
                    self.warn(format!("{name} is no object of a repository and is passed over; it may be removed"));
                } else if folder == names::KEYS {
                    self.key_file(&name);
                } else if folder == names::SESSIONS || folder == names::ENDED {
                    self.session(folder, &name);
                } else if folder == names::INDEX {
                    self.index_run(&name, len);
                } else if objects::FOLDERS.contains(&folder) {
                    self.about_keys(&name);
                }
            }
        }
        Ok(())
    }

    /// The object itself: that a copy of it lies in the state folder says nothing of what others will find.
    fn index_run(&mut self, name: &str, len: u64) {
        let Err(err) = verify_stored(&*self.repo.store, &self.repo.roster, name, len) else { return };
        if err.kind == Kind::NotFound || self.refused.iter().any(|refused| refused.text.contains(name)) {
            return;
        }
        self.bad_runs.push(name.to_owned());
        let index = self.blobs.index();
        let copy = index.copy_of(name).filter(|_| !index.frozen).map(Path::to_owned);
        let mending = index.frozen;
        drop(index);
        let advice = match copy {
            _ if mending => "a repair puts another one in its place".into(),
            Some(path) => format!("this machine has a sound copy of it: put {} in its place", path.display()),
            None => {
                "what it names can be restored only here, where the state folder still knows it, so keep that".into()
            }
        };
        // Not counted among the objects that can be done without: on another machine nothing finds what it names.
        self.summary.findings += 1;
        (self.options.finding)(&Finding::Object(format!("{err}; {advice}")));
    }

    /// What a rotation of the keys left, and who can be given such keys.
    fn about_keys(&mut self, name: &str) {
        let (repo, owner) = (&self.repo.keyring.config.id, &self.repo.keyring.material.owner_public);
        let judged = read_small(&*self.repo.store, name)
            .and_then(|bytes| objects::verify(name, &bytes, repo, owner, &self.repo.roster));
        // Of these a repair takes away what is none, and they are put anew.
        if matches!(&judged, Err(err) if err.kind == Kind::Damaged) && !name.starts_with(names::EPOCHS) {
            self.bad_keys.push(name.to_owned());
        }
        self.small(name, judged);
    }

    fn key_file(&mut self, name: &str) {
        match read_small(&*self.repo.store, name).and_then(|bytes| KeyFile::parse(&bytes)) {
            Err(err) if err.kind == Kind::Damaged => {
                let text =
                    format!("{name}: {err}; whoever opened the repository by it needs another key (\"key add\")");
                self.find(Finding::Object(text));
                self.bad_keys.push(name.to_owned());
            }
            other => self.small(name, other.map(|_| ())),
        }
    }

    /// A backup that was cut off while it put its session may leave half of one, which nothing refers to.
    fn session(&mut self, folder: &str, name: &str) {
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
            other => self.small(name, other),
        }
    }

    /// One object that cannot be read, or only by a newer version, is a finding; the check goes on to the others. What
    /// was removed meanwhile is none.
    fn small(&mut self, name: &str, judged: Result<()>) {
        match judged {
            Err(err) if err.kind != Kind::NotFound => self.find(Finding::Object(format!("{name}: {err}"))),
            _ => {}
        }
    }
}
