//! What was forgotten and dropped at the primary goes in the replica, too: by signed lists, never because it is not listed.

use std::collections::HashSet;

use super::Copy;
use super::cut::counting;
use super::listing::objects;
use crate::config::read_small;
use crate::index::IndexSet;
use crate::keys::KeyFile;
use crate::maintain::Forgotten;
use crate::snapshot::Known;
use crate::{Kind, Result, names, presence};

/// What is to go, besides packs.
#[derive(Default)]
struct Leaving {
    snapshots: Vec<[u8; 16]>,
    runs: Vec<[u8; 16]>,
    keys: Vec<String>,
}

impl Copy<'_> {
    /// `false` when the primary has runs that the target lacks: the one that replaced others may be among them.
    pub(super) fn follow(&mut self) -> Result<bool> {
        let index = self.from.index()?;
        let wanted = counting(&index)?;
        if !self.options.dry_run && !self.has_runs(&wanted)? {
            return Ok(false);
        }
        let leaving = self.leaving(&index)?;
        let dropped = self.dropped(&index)?;
        drop(index);
        let nothing = leaving.snapshots.is_empty() && leaving.runs.is_empty() && leaving.keys.is_empty();
        if !nothing || dropped.count > 0 {
            let adds = self.store.only_adds()?.then(|| format!("the login to {} may only add", self.store.place()));
            self.summary.not_deleted = match adds {
                Some(why) => Some(why),
                None => self.incomplete()?.or_else(|| self.too_much(&dropped)),
            };
        }
        if self.summary.not_deleted.is_some() {
            return Ok(true);
        }
        if self.options.dry_run {
            self.summary.deleted_snapshots = leaving.snapshots.len() as u64;
            self.summary.deleted_objects = (leaving.runs.len() + leaving.keys.len()) as u64;
            (self.summary.deleted_packs, self.summary.deleted_bytes) = (dropped.count, dropped.bytes);
            return Ok(true);
        }
        self.refuse_fenced()?;
        self.remove(&leaving)?;
        self.drop_packs(dropped)?;
        Ok(true)
    }

    fn has_runs(&self, wanted: &HashSet<[u8; 16]>) -> Result<bool> {
        let (mut there, mut count) = (objects(&*self.store, names::INDEX, self.spool())?, 0);
        while let Some(row) = there.next()? {
            count += usize::from(row.first_chunk::<16>().is_some_and(|id| wanted.contains(id)));
        }
        // One that could not be copied is a trouble, which keeps all else from being deleted.
        Ok(count == wanted.len() || self.summary.troubles > 0)
    }

    /// Why nothing may be deleted: a primary that has lost something looks like one that dropped it.
    fn incomplete(&self) -> Result<Option<String>> {
        if self.summary.troubles > 0 {
            return Ok(Some("something is damaged or missing".to_owned()));
        }
        let from = self.from;
        let mut known = Known::open(from.state());
        let odd = known.refresh(&*from.store, &from.keyring, &from.roster)?;
        known.save()?;
        Ok(odd.into_iter().next())
    }

    fn leaving(&mut self, index: &IndexSet) -> Result<Leaving> {
        let mut out = Leaving::default();
        // As the target has them: what is gone there must be excused there. In a dry run it would have those of the primary.
        let lists = if self.options.dry_run { &self.from.store } else { &self.store };
        let forgotten = Forgotten::read(&**lists, self.authority())?;
        let mut pairs = self.pairs(names::SNAPSHOTS)?;
        while let Some(pair) = pairs.next()? {
            if pair.here.is_none() && self.was_forgotten(&pair.id, &forgotten)? {
                out.snapshots.push(pair.id);
            }
        }
        let mut replaced = HashSet::new();
        index.origins(&mut |id, made_from| {
            replaced.extend((!made_from).then_some(id));
            Ok(())
        })?;
        let mut pairs = self.pairs(names::INDEX)?;
        while let Some(pair) = pairs.next()? {
            if pair.here.is_none() && replaced.contains(&pair.id) {
                out.runs.push(pair.id);
            }
        }
        out.keys = self.leaving_keys()?;
        Ok(out)
    }

    /// Key files of members whom the owner removed. One that is gone for another reason stays, and is told: by a listing
    /// that is not whole a replica could be left without any.
    fn leaving_keys(&mut self) -> Result<Vec<String>> {
        let ours = self.key_file_names(&*self.from.store)?;
        let mut out = Vec::new();
        for name in self.key_file_names(&*self.store)?.into_iter().filter(|name| !ours.contains(name)) {
            let Ok(file) = read_small(&*self.store, &name).and_then(|bytes| KeyFile::parse(&bytes)) else { continue };
            let member = self.from.roster.members.iter().find(|member| member.number == file.clear.member);
            if member.is_some_and(|member| member.revoked_secs.is_some()) {
                out.push(name);
            } else {
                let (from, to) = (self.from.place(), self.store.place());
                self.warn(format!(
                    "{to} has {name}, which {from} has no more: who knows its passphrase opens {to} by it"
                ));
            }
        }
        Ok(out)
    }

    fn remove(&mut self, leaving: &Leaving) -> Result<()> {
        let (from, to) = (self.from, self.store.clone());
        let mut snapshots = Vec::new();
        for id in &leaving.snapshots {
            let name = names::object(names::SNAPSHOTS, id);
            if presence::is_gone(&*from.store, &name)? {
                snapshots.push(name);
            }
        }
        self.summary.deleted_snapshots += snapshots.len() as u64;
        for name in &snapshots {
            presence::delete(&*to, name)?;
        }
        to.sync()?;
        for name in leaving.runs.iter().map(|id| names::object(names::INDEX, id)).chain(leaving.keys.iter().cloned()) {
            if presence::is_gone(&*from.store, &name)? {
                presence::delete(&*to, &name)?;
                self.summary.deleted_objects += 1;
            }
        }
        Ok(to.sync()?)
    }

    /// Told once at the end, when a primary went on changing.
    pub(super) fn postponed(&mut self) {
        self.warn(format!("{} changed meanwhile: what it dropped goes with the next copy", self.from.place()));
    }

    /// Whether an error says that an object is not one of those that count.
    pub(super) fn counts_not(err: &crate::Error) -> bool {
        matches!(err.kind, Kind::Damaged | Kind::NotFound)
    }
}
