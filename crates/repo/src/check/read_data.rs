//! Reads packs whole, in parallel: the checksum that needs no key, and with keys every blob against its id.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::thread;

use super::packs::row;
use super::sample::Queue;
use super::seen::{self, Seen};
use super::{Check, Finding};
use crate::backup::heal;
use crate::model::{ChunkId, PackId};
use crate::names::{self, BlobType};
use crate::pack::{
    BlobRecord, Checksummer, Decoder, HEADER_FIXED_BYTES, Header, TRAILER_BYTES, Trailer, open_blob, read_directory,
};
use crate::read::Blobs;
use crate::sorter::Sorter;
use crate::thread::start;
use crate::{Error, Kind, Result, limits};

/// Bytes read at once where no blob has to be opened.
const READ_BYTES: usize = 256 << 10;

/// What reading one pack showed.
#[derive(Default)]
struct Verdict {
    /// Why its directory cannot be read.
    directory: Option<String>,
    troubles: Vec<String>,
    damaged: Vec<ChunkId>,
    verified: u64,
    is_there: bool,
    /// This key was left out when its epoch began.
    is_closed: bool,
}

/// What the readers gather.
struct Gathered {
    verdicts: Vec<(PackId, Verdict)>,
    failure: Option<Error>,
    packs: u64,
    bytes: u64,
    verified: u64,
    /// Packs that were read and are sound.
    sound: Sorter<{ seen::ROW_BYTES }>,
    /// Those of them that a check before found damaged.
    mended: HashSet<PackId>,
}

impl Gathered {
    fn new(spool: &Path) -> Self {
        Self {
            verdicts: Vec::new(),
            failure: None,
            packs: 0,
            bytes: 0,
            verified: 0,
            sound: Sorter::new(spool),
            mended: HashSet::new(),
        }
    }
}

impl Check<'_> {
    /// Reads packs of the sample, and remembers which ones and when, also when it is stopped.
    pub(super) fn read_data(&mut self) -> Result<()> {
        let state = self.repo.state();
        let queue = self.queue(&mut Seen::open(state))?;
        let damaged = heal::damaged(state);
        let gathered = Mutex::new(Gathered::new(self.options.spool));
        thread::scope(|scope| {
            for _ in 1..self.options.threads.max(1) {
                // Without another thread this one does it all.
                let _ = start(scope, "check", || self.reader(&queue, &damaged, &gathered));
            }
            self.reader(&queue, &damaged, &gathered);
        });
        let gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        let remembered = seen::remember(state, &self.blobs.index(), self.options.spool, gathered.sound.sorted()?);
        gathered.failure.map_or(Ok(()), Err)?;
        let overview = remembered?;
        (self.summary.packs_never_read, self.summary.oldest_read_secs) = (overview.never, overview.oldest);
        self.summary.packs_read = gathered.packs;
        self.summary.bytes_read = gathered.bytes;
        self.summary.blobs_verified = gathered.verified;
        self.summary.content_verified = self.repo.keyring.opens_all(BlobType::Data).is_ok();
        let bad = gathered.verdicts.iter().map(|(id, _)| *id).chain(self.belied.iter().copied()).collect();
        heal::remember_damaged(state, bad, &gathered.mended, queue.ended())?;
        for (id, verdict) in gathered.verdicts {
            let directory = verdict.directory.filter(|_| !self.no_directory.contains(&id));
            directory.into_iter().chain(verdict.troubles).for_each(|text| self.find(Finding::Pack(text)));
            verdict.damaged.into_iter().for_each(|blob| self.damage(id, blob));
        }
        Ok(())
    }

    fn reader(&self, queue: &Queue<'_>, damaged: &HashSet<PackId>, gathered: &Mutex<Gathered>) {
        let mut buffers = match Buffers::new() {
            Ok(buffers) => buffers,
            Err(err) => return fail(gathered, err),
        };
        loop {
            let (kind, id, len) = match queue.next() {
                Ok(Some(pack)) => pack,
                Ok(None) => return,
                Err(err) => return fail(gathered, err),
            };
            if self.options.stop.load(Ordering::Relaxed) {
                return fail(gathered, Error::new(Kind::Interrupted, "check was stopped"));
            }
            let verdict = read_pack(&self.blobs, kind, id, len, &mut buffers);
            self.options.progress.bytes.fetch_add(len.into(), Ordering::Relaxed);
            let mut all = gathered.lock().unwrap_or_else(PoisonError::into_inner);
            all.packs += 1;
            all.bytes += u64::from(len);
            all.verified += verdict.verified;
            if verdict.directory.is_some() || !verdict.troubles.is_empty() {
                all.verdicts.push((id, verdict));
            } else if verdict.is_there {
                if damaged.contains(&id) {
                    all.mended.insert(id);
                }
                if let Err(err) = all.sound.push(seen::row(&row(kind, id, len.into()), (self.options.now)().secs)) {
                    all.failure.get_or_insert(err);
                    return;
                }
            }
        }
    }
}

fn fail(gathered: &Mutex<Gathered>, err: Error) {
    gathered.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert(err);
}

struct Buffers {
    bytes: Vec<u8>,
    decoder: Decoder,
}

impl Buffers {
    fn new() -> Result<Self> {
        Ok(Self { bytes: vec![0; READ_BYTES], decoder: Decoder::new()? })
    }

    fn part(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.len() < len {
            self.bytes.resize(len, 0);
        }
        &mut self.bytes[..len]
    }
}

/// Reads one pack from its first byte to its last, once.
fn read_pack(blobs: &Blobs<'_>, kind: BlobType, id: PackId, len: u32, buffers: &mut Buffers) -> Verdict {
    let name = names::pack(kind, id);
    let mut verdict = Verdict { is_there: true, ..Verdict::default() };
    let mut sum = Checksummer::new();
    let can_open = blobs.repo.keyring.secret_of(kind).is_ok();
    let directory = read_directory(&*blobs.repo.store, &blobs.repo.keyring, kind, id, len.into());
    let records = match directory {
        Ok((_, records)) => records,
        Err(err) => {
            verdict.directory = Some(format!("{name}: {err}"));
            Vec::new()
        }
    };
    let result = if can_open && !records.is_empty() {
        read_blobs(blobs, kind, id, &records, &mut sum, buffers, &mut verdict)
    } else {
        Ok(0)
    };
    let result = result.and_then(|at| read_rest(blobs, &name, at, len.into(), &mut sum, buffers));
    match result {
        Ok(expected) if expected == sum.finish() => {
            if !verdict.troubles.is_empty() {
                note_epoch(blobs, &name);
            }
        }
        Ok(_) => verdict.troubles.push(format!("{name}: its checksum is wrong")),
        // That it is missing, and what that affects, was found when the lists were compared.
        Err(err) if err.kind == Kind::NotFound => return Verdict::default(),
        Err(err) => verdict.troubles.push(format!("{name}: {err}")),
    }
    if (!can_open || verdict.is_closed) && !verdict.troubles.is_empty() {
        verdict.damaged = records.iter().map(|record| record.id).collect();
    }
    verdict
}

/// Notes it where a pack is as it was written, and cannot be opened because its key epoch is not there.
fn note_epoch(blobs: &Blobs<'_>, name: &str) {
    let (mut fixed, keyring) = ([0; HEADER_FIXED_BYTES], &blobs.repo.keyring);
    let header = blobs.repo.store.get(name, 0, &mut fixed).ok().and_then(|()| Header::parse(&fixed).ok());
    if header.is_some_and(|header| usize::from(header.epoch) > keyring.epochs().all.len()) {
        keyring.lacks_epoch.store(true, Ordering::Relaxed);
    }
}

/// Reads one pack from its first byte to its last, and opens every blob: what is in it, or what is wrong.
pub(crate) fn read_whole(
    blobs: &Blobs<'_>,
    kind: BlobType,
    id: PackId,
    len: u32,
) -> Result<std::result::Result<Vec<BlobRecord>, String>> {
    let Verdict { directory, troubles, verified, .. } = read_pack(blobs, kind, id, len, &mut Buffers::new()?);
    if let Some(why) = directory.into_iter().chain(troubles).next() {
        return Ok(Err(why));
    }
    let (_, records) = read_directory(&*blobs.repo.store, &blobs.repo.keyring, kind, id, len.into())?;
    if verified != records.len() as u64 {
        return Ok(Err("not all of it can be opened".into()));
    }
    Ok(Ok(records))
}

/// Header and blobs, if this key may open them; gives where that ends.
fn read_blobs(
    blobs: &Blobs<'_>,
    kind: BlobType,
    id: PackId,
    records: &[BlobRecord],
    sum: &mut Checksummer,
    buffers: &mut Buffers,
    verdict: &mut Verdict,
) -> Result<u64> {
    let (store, keyring) = (&*blobs.repo.store, &blobs.repo.keyring);
    let name = names::pack(kind, id);
    let begin = records[0].offset as usize;
    let head = buffers.part(begin);
    store.get(&name, 0, head)?;
    sum.update(head);
    let key = head
        .first_chunk::<HEADER_FIXED_BYTES>()
        .ok_or_else(|| Error::damaged("header is too short"))
        .and_then(Header::parse)
        .and_then(|header| blobs.keys.open(keyring, &header, &head[HEADER_FIXED_BYTES..]));
    if key.as_ref().is_err_and(|err| err.kind == Kind::NotAllowed) {
        verdict.is_closed = true;
        return Ok(begin as u64);
    }
    if let Err(err) = &key {
        verdict.troubles.push(format!("{name}: {err}"));
    }
    for record in records {
        if record.stored as usize > limits::CHUNK_BYTES_MAX + 64 {
            return Err(Error::damaged("directory has an impossible length"));
        }
        let Buffers { bytes, decoder } = buffers;
        if bytes.len() < record.stored as usize {
            bytes.resize(record.stored as usize, 0);
        }
        let sealed = &mut bytes[..record.stored as usize];
        store.get(&name, record.offset.into(), sealed)?;
        sum.update(sealed);
        let opened = match &key {
            Ok(key) => open_blob(keyring, key, id, kind, record, sealed, decoder).map(|_| ()),
            Err(_) => Err(Error::damaged("its pack's key cannot be had")),
        };
        match opened {
            Ok(()) => verdict.verified += 1,
            Err(err) => {
                verdict.damaged.push(record.id);
                verdict.troubles.push(format!("{name}: blob {} ({}): {err}", record.position, record.id));
            }
        }
    }
    Ok(records.last().map_or(0, |r| u64::from(r.offset) + u64::from(r.stored)))
}

/// Everything from `at` on; gives the checksum that the trailer says.
fn read_rest(
    blobs: &Blobs<'_>,
    name: &str,
    mut at: u64,
    len: u64,
    sum: &mut Checksummer,
    buffers: &mut Buffers,
) -> Result<[u8; 16]> {
    let end = len.checked_sub(TRAILER_BYTES as u64).ok_or_else(|| Error::damaged("it is too short"))?;
    // The checksum covers the trailer's first eight bytes too.
    let covered = end + 8;
    while at < covered {
        let part = buffers.part((covered - at).min(READ_BYTES as u64) as usize);
        blobs.repo.store.get(name, at, part)?;
        sum.update(part);
        at += part.len() as u64;
    }
    let mut trailer = [0; TRAILER_BYTES];
    blobs.repo.store.get(name, end, &mut trailer)?;
    Ok(Trailer::parse(&trailer)?.checksum)
}
