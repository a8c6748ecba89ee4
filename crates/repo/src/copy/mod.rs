//! Replicas: the same objects in another store, byte for byte. `docs/format.md`, section 14, says in which order and why.
//!
//! ```text
//! compare ▸ members ▸ session ▸ list snapshots ▸ packs ▸ runs ▸ lists ▸ snapshots ▸ what was forgotten and dropped ▸ ended
//!                               ╰──────◂ again, when a prune changed the primary's runs meanwhile ◂──────╯
//! ```
//!
//! No key to names or content is needed: what is sealed stays sealed. Nothing is remembered between two copies but which
//! places had a replica, and that is only used to refuse.

mod carry;
mod cut;
mod diverged;
mod drop;
mod follow;
mod heal;
mod listing;
mod lists;
pub(crate) mod mark;
mod members;
mod options;
mod order;
mod packs;
mod places;
mod runs;
mod snapshots;
mod standing;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use atalaya_store::Store;

pub use options::{CopyOptions, CopyProgress, CopySummary};

use crate::maintain::{Authority, tidy_sessions};
use crate::snapshot::{Announced, fenced};
use crate::{Error, Kind, Repository, Result};
use standing::Standing;

/// How often a copy begins anew because the primary was pruned meanwhile.
const ROUNDS_MAX: usize = 8;
/// Read at once.
const READ_BYTES: usize = 1 << 20;
/// Troubles that are kept to be told one by one.
const TOLD_MAX: usize = 100;

/// One copy to one target.
pub(crate) struct Copy<'a> {
    from: &'a Repository,
    /// The target.
    store: Arc<dyn Store>,
    options: &'a CopyOptions<'a>,
    summary: CopySummary,
    buffer: Vec<u8>,
    /// Packs that both have are still to be read.
    reading: bool,
    /// Troubles that another look at the primary does not find again.
    lasting: Vec<String>,
    /// The copy's own, in the target; none in a dry run.
    session: Option<[u8; 16]>,
}

impl Repository {
    /// Brings `target` up to date with this repository; makes it a replica, if it is empty.
    ///
    /// # Errors
    /// [`Kind::Refused`] when the target is something else, or both have what the other one lacks; then nothing was written.
    /// Otherwise what was copied stays, and the next copy goes on from there.
    pub fn copy_to(&self, target: Arc<dyn Store>, options: &CopyOptions<'_>) -> Result<CopySummary> {
        self.keyring.config.writable()?;
        let mut copy = Copy {
            from: self,
            store: target,
            options,
            summary: CopySummary::default(),
            buffer: vec![0; READ_BYTES],
            reading: options.heal,
            lasting: Vec::new(),
            session: None,
        };
        let standing = standing::of(self, &*copy.store, options)?;
        members::compare(self, &*copy.store, options.heal)?;
        if standing != Standing::New {
            copy.diverged()?;
        }
        copy.summary.made = standing != Standing::Replica;
        if options.dry_run {
            copy.rounds()?;
            return Ok(copy.summary);
        }
        copy.members(standing)?;
        // The target has its own members and memory from here on.
        let to = Repository::assemble(Arc::clone(&copy.store), Arc::clone(&self.keyring), self.states()?)?;
        let session = Announced::begin(to.state(), &*to.store, &to.keyring, (options.now)())?;
        copy.session = Some(session.id);
        let result = to.store.sync().map_err(Error::from).and_then(|()| copy.rounds());
        session.end(&*to.store, &to.keyring, (options.now)());
        result?;
        // A store that lets nothing be deleted keeps them: they are small, and say only that copies were made.
        if !to.store.only_adds()?
            && let Err(err) = tidy_sessions(&to, &[], &[0; 16])
        {
            copy.warn(format!("sessions of copies stay at {}: {err}", to.place()));
        }
        Ok(copy.summary)
    }
}

impl Copy<'_> {
    fn rounds(&mut self) -> Result<()> {
        let mut settled = false;
        for _ in 0..ROUNDS_MAX {
            self.summary.begin_round();
            self.lasting.clone().into_iter().for_each(|text| self.trouble(text));
            settled = self.round()?;
            if settled && self.follow()? {
                return Ok(());
            }
        }
        if settled {
            self.postponed();
            return Ok(());
        }
        let text = format!(
            "cannot copy {}: its index changed {ROUNDS_MAX} times meanwhile; what was copied stays; run it again",
            self.from.place()
        );
        Err(Error::new(Kind::Refused, text))
    }

    fn stopped(&self) -> Result<()> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "copy was stopped; the next one goes on from there"));
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        if self.options.dry_run { Ok(()) } else { Ok(self.store.sync()?) }
    }

    fn spool(&self) -> &Path {
        self.options.spool
    }

    fn authority(&self) -> Authority<'_> {
        Authority::of(&self.from.keyring, &self.from.roster)
    }

    /// Something that is not as it should be, and was not copied or mended.
    fn trouble(&mut self, text: String) {
        self.summary.troubles += 1;
        if self.summary.told.len() < TOLD_MAX {
            self.summary.told.push(text);
        }
    }

    /// Something odd on which nothing depends.
    fn warn(&mut self, text: String) {
        if self.summary.warnings.len() < TOLD_MAX && !self.summary.warnings.contains(&text) {
            self.summary.warnings.push(text);
        }
    }

    /// Before what others rely on is put: somebody may have made the target a primary and pruned it.
    fn refuse_fenced(&self) -> Result<()> {
        match &self.session {
            Some(session) if fenced(&*self.store, &self.from.keyring, session)? => Err(Error::new(
                Kind::Fenced,
                format!("a prune of {} took this copy for dead; run it again", self.store.place()),
            )),
            _ => Ok(()),
        }
    }
}
