//! The steps of a prune, one behind another; the picture is in `maintain/mod.rs`.

use super::authority::{check_role, put};
use super::lists::{Condemned, listed};
use super::mark::{Facts, mark, missing_packs};
use super::pending::Pending;
use super::plan::{Plan, plan};
use super::relied::Relied;
use super::repack::{Choice, Mover};
use super::sessions::{open_sessions, wait_for};
use super::sweep::{Sweep, tidy_lists, tidy_sessions};
use super::{Authority, PruneOptions, PruneSummary};
use crate::envelope::Purpose;
use crate::model::PackId;
use crate::names::{self, BlobType, hex};
use crate::read::Blobs;
use crate::snapshot::{self, Fences, Info, Known};
use crate::{Error, Kind, Repository, Result, presence};

/// One prune.
struct Prune<'a> {
    repo: &'a Repository,
    options: &'a PruneOptions<'a>,
    session: [u8; 16],
    pending: Pending,
    /// What it made itself, and has read back.
    relied: Relied,
    summary: PruneSummary,
}

/// What is there, and what of it may go.
struct Look<'a> {
    blobs: Blobs<'a>,
    plan: Plan,
    snapshots: Vec<Info>,
}

impl Repository {
    /// Deletes what no snapshot uses. Runs beside backups: what they rely on is spared, and where one may rely on something
    /// that cannot be told, this ends with that session in `waiting`, and the next prune goes on from there.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for a writer's key. [`Kind::Refused`] when it would delete more than is expected, or when the
    /// store lists less than is known to be there. [`Kind::Damaged`] when it cannot be told what is used. In each case
    /// nothing was deleted.
    pub fn prune(&self, options: &PruneOptions<'_>) -> Result<PruneSummary> {
        check_role(&self.keyring, "delete what is not used")?;
        self.keyring.secret_of(BlobType::Tree)?;
        self.writable("prune")?;
        if options.reencrypt {
            self.keyring.opens_newest(BlobType::Tree)?;
            self.keyring.opens_newest(BlobType::Data)?;
            if self.keyring.epochs().all.is_empty() {
                let text = "everything is sealed to the keys of the beginning: there are no newer ones; \"key rotate\" makes them";
                return Err(Error::new(Kind::Usage, text));
            }
        }
        if !options.dry_run {
            self.erasable("prune")?;
        }
        let pending = Pending::open(self.state())?;
        let (summary, relied) = (PruneSummary::default(), Relied::default());
        let mut prune = Prune { repo: self, options, session: [0; 16], pending, relied, summary };
        if options.dry_run {
            prune.find(true)?;
            return Ok(prune.summary);
        }
        prune.begin()?;
        let result = prune.run();
        let ended = prune.end();
        result.and(ended).map(|()| prune.summary)
    }
}

impl<'a> Prune<'a> {
    /// Shows itself, so that two prunes wait for each other; and ends what earlier ones of this state folder left.
    fn begin(&mut self) -> Result<()> {
        let (store, keyring) = (&*self.repo.store, &self.repo.keyring);
        self.repo.publish()?;
        for dead in std::mem::take(&mut self.pending.note.sessions) {
            snapshot::end_session(store, keyring, dead, (self.options.now)()).or_else(said_before)?;
        }
        self.session = crate::crypto::random()?;
        // Noted before it is said: else one that is killed in between blocks all others until it is fenced.
        self.pending.note.sessions.push(self.session);
        self.pending.save()?;
        snapshot::put_session(store, keyring, self.session, (self.options.now)())?;
        Ok(store.sync()?)
    }

    fn end(&mut self) -> Result<()> {
        let (store, keyring) = (&*self.repo.store, &self.repo.keyring);
        snapshot::end_session(store, keyring, self.session, (self.options.now)()).or_else(said_before)?;
        presence::delete(store, &names::object(names::SESSIONS, &self.session))?;
        presence::delete(store, &names::object(names::ENDED, &self.session))?;
        self.pending.note.sessions.clear();
        self.pending.save()
    }

    fn run(&mut self) -> Result<()> {
        let (list, since) = match self.condemned()? {
            Some(pending) => {
                // Of older epochs nothing was looked for yet.
                self.summary.more = self.options.reencrypt;
                pending
            }
            None => match self.condemn()? {
                Some(list) => list,
                None => return self.tidy(),
            },
        };
        let waiting = match self.pending.note.waiting.take() {
            Some(waiting) => waiting,
            None => open_sessions(self.repo, &self.repo.snapshots()?.0, &self.session)?,
        };
        let still = wait_for(self.repo, &waiting, &list.id, since, self.options, &mut self.summary)?;
        self.pending.note.waiting = Some(still.clone());
        self.pending.save()?;
        if !still.is_empty() {
            self.summary.waiting = still.into_iter().map(|(id, began)| (hex(&id), began)).collect();
            return Ok(());
        }
        // A later look: nothing that began since can come to use these packs.
        self.read_back()?;
        let (blobs, facts, snapshots) = self.look()?;
        let mut marks = mark(self.repo, &blobs, &facts, &snapshots, self.options)?;
        self.options.check_stop()?;
        let sweep = Sweep { repo: self.repo, options: self.options, session: self.session, list };
        sweep.run(&blobs, &mut marks, &mut self.summary)?;
        self.pending.note.condemned = None;
        self.pending.note.moved.clear();
        self.pending.save()?;
        self.tidy()
    }

    fn tidy(&self) -> Result<()> {
        tidy_lists(self.repo)?;
        let (snapshots, _) = self.repo.snapshots()?;
        tidy_sessions(self.repo, &snapshots, &self.session)
    }

    /// The list that an earlier prune of this state folder left, if it is still in the store.
    fn condemned(&mut self) -> Result<Option<(Condemned, i64)>> {
        let Some((id, since)) = self.pending.note.condemned else { return Ok(None) };
        let authority = Authority::of(&self.repo.keyring, &self.repo.roster);
        match authority.read(&*self.repo.store, Purpose::Condemned, &names::object(names::CONDEMNED, &id)) {
            Ok(list) => Ok(Some((list, since))),
            Err(err) if matches!(err.kind, Kind::NotFound | Kind::Damaged) => {
                self.pending.note.condemned = None;
                Ok(None)
            }
            Err(err) => Err(err),
        }
    }

    /// Finds what is not used and says so; then looks which backups may not have heard it.
    fn condemn(&mut self) -> Result<Option<(Condemned, i64)>> {
        self.read_back()?;
        let mut look = self.find(true)?;
        if !look.plan.worth.is_empty() {
            let mut mover = Mover::new(&look.blobs, self.options, &mut self.pending)?;
            mover.run(&look.plan.worth)?;
            self.summary.warnings.append(&mut mover.warnings);
            drop(look);
            self.read_back()?;
            self.summary.recount();
            look = self.find(false)?;
        }
        let Look { plan, snapshots, .. } = look;
        if plan.unused.is_empty() {
            self.pending.note.moved.clear();
            self.pending.save()?;
            return Ok(None);
        }
        let since = (self.options.now)().secs;
        let list = self.list(&plan.unused, &snapshots, since)?;
        let store = &*self.repo.store;
        self.pending.note.condemned = Some((list.id, since));
        self.pending.note.waiting = None;
        self.pending.save()?;
        put(store, &self.repo.keyring, Purpose::Condemned, &names::object(names::CONDEMNED, &list.id), &list)?;
        store.sync()?;
        Ok(Some((list, since)))
    }

    /// Looks, marks and plans; whether to choose packs that are worth giving up.
    fn find(&mut self, choose: bool) -> Result<Look<'a>> {
        let (blobs, facts, snapshots) = self.look()?;
        let mut marks = mark(self.repo, &blobs, &facts, &snapshots, self.options)?;
        let choice = if choose { Some(Choice::new(self.repo, self.options)?) } else { None };
        let plan = plan(self.repo, &blobs, &mut marks, choice, self.options, &mut self.summary)?;
        Ok(Look { blobs, plan, snapshots })
    }

    /// Reads back what this prune or one before it stored once more.
    fn read_back(&mut self) -> Result<()> {
        if self.pending.note.moved.is_empty() {
            return Ok(());
        }
        let blobs = Blobs::new(self.repo)?;
        self.relied.read_back(&blobs, &self.pending.note.moved, &|| self.options.check_stop())?;
        self.summary.warnings.append(&mut self.relied.warnings);
        Ok(())
    }

    fn list(&self, packs: &[(BlobType, PackId)], snapshots: &[Info], secs: i64) -> Result<Condemned> {
        Ok(Condemned {
            id: crate::crypto::random()?,
            secs,
            unused_by: snapshots.iter().map(|info| info.id).collect(),
            packs: packs.iter().map(|(kind, id)| listed(*kind, *id)).collect(),
        })
    }

    /// The index and the snapshots as they are now. Refuses when less is there than there should be: a store that lists too
    /// little looks like one in which little is used.
    fn look(&mut self) -> Result<(Blobs<'a>, Facts, Vec<Info>)> {
        let repo = self.repo;
        let facts = self.relied.facts(repo, &self.pending.note.moved)?;
        let mut known = Known::open(repo.state());
        let odd = known.refresh(&*repo.store, &repo.keyring, &repo.roster)?;
        known.save()?;
        if let Some(first) = odd.first() {
            return Err(refused(first));
        }
        let (mut snapshots, bad) = repo.snapshots()?;
        if let Some(first) = bad.first() {
            return Err(refused(&first.text));
        }
        let blobs = Blobs::new(repo)?;
        let refusal = blobs.index().refused.iter().find(|err| err.kind != Kind::NotFound).map(|err| refused(&err.text));
        if let Some(err) = refusal {
            return Err(err);
        }
        let facts = facts.lacking(missing_packs(repo, &blobs, self.options.spool)?);
        self.judge_fenced(&blobs, &facts, &mut snapshots)?;
        self.summary.snapshots = snapshots.len() as u64;
        Ok((blobs, facts, snapshots))
    }

    /// A snapshot whose session was fenced may be whole all the same: then the prune that fenced it was cut off before it
    /// could say so, and this one does. One that is not whole is none.
    fn judge_fenced(&mut self, blobs: &Blobs<'_>, facts: &Facts, snapshots: &mut Vec<Info>) -> Result<()> {
        for at in (0..snapshots.len()).rev().filter(|at| snapshots[*at].fenced).collect::<Vec<_>>() {
            let one = &snapshots[at];
            match mark(self.repo, blobs, facts, std::slice::from_ref(one), self.options) {
                Ok(_) if self.options.dry_run => {}
                Ok(_) => Fences::withdraw(self.repo, one)?,
                Err(err) if err.kind == Kind::Damaged => {
                    self.summary.warnings.push(format!(
                        "snapshot {} was made by a backup that was taken for dead, and lacks data: it does not count, and may be \
                         forgotten",
                        hex(&one.id[..4])
                    ));
                    snapshots.remove(at);
                }
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }
}

fn refused(why: &str) -> Error {
    let text = format!(
        "nothing is deleted while something is odd: {why}; run \"atalaya-agent check\", and heal or forget what it names first"
    );
    Error::new(Kind::Refused, text)
}

/// An object that was put before, by this prune or one before it.
fn said_before(err: Error) -> Result<()> {
    if err.kind == Kind::AlreadyThere { Ok(()) } else { Err(err) }
}
