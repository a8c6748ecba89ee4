//! Snapshots that name what is lost, made anew without it.

use super::Repair;
use super::saver::Saver;
use crate::check::affected::{Known, content_trouble, is_lost};
use crate::maintain::pass_on;
use crate::names::BlobType;
use crate::snapshot::{self, Catalogue, Info};
use crate::tree::{Builder, Cursor, Root, Sink};
use crate::{Kind, Result};

impl Repair<'_> {
    /// Puts them; what they stand for is still there.
    pub(super) fn renew(&mut self, affected: &[Info], session: [u8; 16]) -> Result<()> {
        if affected.is_empty() {
            return Ok(());
        }
        let repo = self.repo;
        let mut saver = Saver::new(repo, &self.check.blobs, self.options.check.spool, BlobType::Tree)?;
        let mut renewed = Vec::new();
        for info in affected {
            self.check.stopped()?;
            renewed.push(self.without_lost(info, session, &mut saver)?);
        }
        saver.finish()?;
        let mut places = Vec::new();
        for ((catalogue, private), old) in renewed.iter().zip(affected) {
            let id = crate::crypto::random()?;
            snapshot::store(&*repo.store, &repo.keyring, id, catalogue, private)?;
            places.push((old.id, id));
        }
        repo.store.sync()?;
        pass_on(repo.state(), &places)
    }

    /// Entries whose content can be restored, each with those of its attributes that can.
    fn without_lost(
        &self,
        info: &Info,
        session: [u8; 16],
        sink: &mut dyn Sink,
    ) -> Result<(Catalogue, snapshot::Private)> {
        let snapshot = self.repo.open_unremarked(info, 1)?;
        let lost = &self.check.lost;
        let known = Known { nodes: &self.check.blobs, lost };
        let (mut cursor, mut dropped) = (Cursor::new(&known, snapshot.root()), 0);
        let mut builder = Builder::new(self.repo.keyring.boundary_key());
        loop {
            match cursor.next() {
                Ok(None) => break,
                Ok(Some(entry)) if content_trouble(&known, lost, entry).is_some() => dropped += 1,
                Ok(Some(entry)) => {
                    let mut entry = entry.clone();
                    entry.xattrs.retain(|xattr| !is_lost(lost, xattr));
                    builder.add(&entry, sink)?;
                }
                Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew) => dropped += 1,
                Err(err) => return Err(err),
            }
        }
        let Root { id, level, entries, bytes } = builder.finish(sink)?;
        let catalogue = Catalogue {
            session,
            predecessors: vec![info.hash],
            entries,
            bytes,
            added_bytes: 0,
            problems: info.catalogue.problems + dropped,
            full: false,
            ..info.catalogue.clone()
        };
        let private = snapshot::Private { root: id.0, level, ..snapshot.private.clone() };
        Ok((catalogue, private))
    }
}
