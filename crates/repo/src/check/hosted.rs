//! What whoever keeps the objects can check without any key: signatures of what is small, and of packs that they are there,
//! and with their checksums that they are what the signed index says.
//!
//! Who may sign is believed from the configuration itself: that nobody put another repository here only a key can tell.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use atalaya_store::Store;

use super::packs::{KEY_BYTES, ROW_BYTES as PACK_ROW, parse, row, stored_packs};
use super::sample::mix;
use super::{CheckOptions, CheckSummary, Finding, Sample};
use crate::config::{self, RepoId, read_small};
use crate::envelope::{self, OWNER, Purpose};
use crate::index::{Named, read_verified};
use crate::keys::{KeyFile, Roster, Seen, Whose, objects};
use crate::maintain::{Authority, Doomed};
use crate::pack::{Checksum, read_through};
use crate::side::Side;
use crate::sorter::{Sorted, Sorter};
use crate::{Error, Kind, Result, names, presence};

/// Type, id, length, checksum.
const NAMED_BYTES: usize = PACK_ROW + 16;
/// Chance, and the same.
const QUEUE_BYTES: usize = 4 + NAMED_BYTES;
/// Read at once.
const READ_BYTES: usize = 1 << 20;

/// Checks a repository without a key; the state folder has no part in it, so what is read of a sample is drawn by lot.
///
/// # Errors
/// [`Kind::NoRepository`], or when the configuration or the list of members cannot be read; what else is damaged is told to
/// `options.finding`.
pub fn check_hosted(store: &dyn Store, options: &CheckOptions<'_>) -> Result<CheckSummary> {
    let (config, owner) = config::read(store)?;
    let mut told = Vec::new();
    let whose = Whose { store, repo: config.id, owner: &owner };
    let (roster, _) = Roster::read(whose, &mut Seen::nothing(), &mut |text| told.push(text))?;
    let mut hosted = Hosted { store, options, repo: config.id, roster, owner, summary: CheckSummary::default() };
    told.into_iter().for_each(|text| hosted.find(Finding::Harmless(text)));
    // Before the index: what a prune deletes is on a list until no run names it.
    let doomed = Doomed::read(store, Authority { roster: &hosted.roster, owner: &owner })?;
    hosted.small()?;
    let named = hosted.runs()?;
    let queue = hosted.compare(named, &doomed)?;
    if options.sample.is_some() {
        hosted.read(queue)?;
    }
    Ok(hosted.summary)
}

struct Hosted<'a> {
    store: &'a dyn Store,
    options: &'a CheckOptions<'a>,
    repo: RepoId,
    roster: Roster,
    owner: [u8; 32],
    summary: CheckSummary,
}

/// Packs to be read, and their bytes.
struct Queue {
    packs: Sorted<QUEUE_BYTES>,
    bytes: u64,
}

impl Hosted<'_> {
    fn find(&mut self, finding: Finding) {
        match finding {
            Finding::Harmless(_) => self.summary.warnings += 1,
            Finding::Object(_) => self.summary.objects += 1,
            _ => {}
        }
        self.summary.findings += u64::from(!matches!(finding, Finding::Harmless(_)));
        (self.options.finding)(&finding);
    }

    fn stopped(&self) -> Result<()> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "check was stopped"));
        }
        Ok(())
    }

    fn names(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut all = Vec::new();
        self.store.list(folder, &mut |entry| {
            all.push((entry.name.clone(), entry.len));
            Ok(())
        })?;
        Ok(all)
    }

    /// Key files by their form, what else there is about keys and snapshots by their signatures.
    fn small(&mut self) -> Result<()> {
        for (name, _) in self.names(names::KEYS)? {
            let judged = read_small(self.store, &name).and_then(|bytes| KeyFile::parse(&bytes));
            self.judge(&name, judged.map(drop), Finding::Object)?;
        }
        for folder in objects::FOLDERS {
            for (name, _) in self.names(folder)?.into_iter().filter(|(name, _)| objects::is_name(name)) {
                let judged = read_small(self.store, &name)
                    .and_then(|bytes| objects::verify(&name, &bytes, &self.repo, &self.owner, &self.roster));
                self.judge(&name, judged, Finding::Object)?;
            }
        }
        for (name, _) in self.names(names::SNAPSHOTS)? {
            let judged = read_small(self.store, &name).and_then(|bytes| self.signed(&bytes));
            self.summary.snapshots += u64::from(judged.is_ok());
            self.judge(&name, judged, Finding::Snapshot)?;
        }
        Ok(())
    }

    fn signed(&self, bytes: &[u8]) -> Result<()> {
        let unverified = envelope::parse(Purpose::Snapshot, bytes)?;
        let signer = unverified.signer;
        let public = if signer == OWNER { &self.owner } else { &self.roster.member(signer)?.public };
        unverified.verified_by(public).map(drop)
    }

    /// What is wrong with one object; what was removed meanwhile is nothing, and a store that does not answer ends it all.
    fn judge(&mut self, name: &str, judged: Result<()>, as_what: fn(String) -> Finding) -> Result<()> {
        self.stopped()?;
        match judged {
            Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew) => {
                self.find(as_what(format!("{name}: {err}")))
            }
            Err(err) if err.kind != Kind::NotFound => return Err(err),
            _ => {}
        }
        Ok(())
    }

    /// Every pack that the index names, with the checksum that it should have.
    fn runs(&mut self) -> Result<Sorted<NAMED_BYTES>> {
        let (mut good, mut replaced) = (Vec::new(), HashSet::new());
        for (name, len) in self.names(names::INDEX)? {
            let judged = read_verified(self.store, &self.roster, &name, len, &mut |_| Ok(()))?;
            let sound = judged.is_ok();
            self.judge(&name, judged, Finding::Object)?;
            if sound {
                Named::open(self.store, &name, len)?.replaced(&mut |id| {
                    replaced.insert(names::object(names::INDEX, &id));
                    Ok(())
                })?;
                good.push((name, len));
            }
        }
        let mut out = Sorter::new(self.options.spool);
        for (name, len) in good.iter().filter(|(name, _)| !replaced.contains(name)) {
            Named::open(self.store, name, *len)?.packs(&mut |pack| {
                let mut named = [0; NAMED_BYTES];
                named[..PACK_ROW].copy_from_slice(&row(pack.kind, pack.id, pack.len.into()));
                named[PACK_ROW..].copy_from_slice(&pack.checksum);
                out.push(named)
            })?;
        }
        out.sorted()
    }

    /// What is missing, has another length, or is named by nobody; and what can be read.
    fn compare(&mut self, named: Sorted<NAMED_BYTES>, doomed: &Doomed) -> Result<Queue> {
        let draw: [u8; 8] = crate::crypto::random()?;
        let mut named = Side::new(named)?;
        let mut stored = Side::new(stored_packs(self.store, self.options.spool)?)?;
        let (mut packs, mut bytes) = (Sorter::new(self.options.spool), 0);
        while let Some(first) = [named.peek(KEY_BYTES), stored.peek(KEY_BYTES)].into_iter().flatten().min() {
            let key = first.to_vec();
            let (should, is) = (named.take(&key)?, stored.take(&key)?);
            let Some(should) = should else {
                self.summary.unindexed_packs += 1;
                continue;
            };
            let mut pack = [0; PACK_ROW];
            pack.copy_from_slice(&should[..PACK_ROW]);
            let (kind, id, len) = parse(&pack)?;
            let name = names::pack(kind, id);
            if is.is_none() && (doomed.packs.contains(&id) || !presence::is_gone(self.store, &name)?) {
                continue;
            }
            self.summary.packs += 1;
            match is.map(|is| parse(&is)).transpose()? {
                None => self.find(Finding::Pack(format!("{name} is missing"))),
                Some((.., is)) if is != len => {
                    self.find(Finding::Pack(format!("{name} has {is} bytes and should have {len}")));
                }
                Some(_) => {
                    let mut queued = [0; QUEUE_BYTES];
                    queued[..4].copy_from_slice(&mix(&draw, &key));
                    queued[4..].copy_from_slice(&should);
                    packs.push(queued)?;
                    bytes += u64::from(len);
                }
            }
        }
        Ok(Queue { packs: packs.sorted()?, bytes })
    }

    fn read(&mut self, mut queue: Queue) -> Result<()> {
        let (sample, progress) = (self.options.sample, self.options.progress);
        let (mut left, mut buffer) = (sample.bytes(queue.bytes), vec![0; READ_BYTES]);
        if !matches!(sample, Sample::While(_)) {
            progress.bytes_total.store(left.min(queue.bytes), Ordering::Relaxed);
        }
        while left > 0 && !matches!(sample, Sample::While(go) if !go()) {
            let Some(queued) = queue.packs.next()? else { break };
            self.stopped()?;
            let (mut pack, mut should) = ([0; PACK_ROW], Checksum::default());
            pack.copy_from_slice(&queued[4..4 + PACK_ROW]);
            should.copy_from_slice(&queued[4 + PACK_ROW..]);
            let (kind, id, len) = parse(&pack)?;
            let judged = read_through(self.store, (kind, id, len), &mut buffer, &mut |_| Ok(()))?;
            let judged = judged.and_then(|sum| {
                if sum == should { Ok(()) } else { Err(Error::damaged("it is another pack than the index names")) }
            });
            self.judge(&names::pack(kind, id), judged, Finding::Pack)?;
            self.summary.packs_read += 1;
            self.summary.bytes_read += u64::from(len);
            left = left.saturating_sub(len.into());
            progress.bytes.fetch_add(len.into(), Ordering::Relaxed);
        }
        Ok(())
    }
}
