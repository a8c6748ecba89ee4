//! A repository as it is after years: many chunks, and many snapshots that each use some of them.

use std::collections::HashSet;
use std::path::Path;

use atalaya_store::Body;

use crate::crypto::random;
use crate::fresh::Fresh;
use crate::model::{ChunkId, Content, Entry, Flags, Kind, Meta, Run, Time};
use crate::names::BlobType;
use crate::pack::{Decoder, Encoder, Finished, PackWriter};
use crate::snapshot::{self, Catalogue, Private};
use crate::tree::{Builder, ListWriter, Root, Sink};
use crate::{Repository, Result};

/// Chunks of a file. Each snapshot has one file more, and one less at the other end.
const FILE_CHUNKS: u64 = 1000;
/// Files of a snapshot.
const FILES: usize = 1000;
/// Bytes of a chunk: what takes memory is their number.
const CHUNK_BYTES: u32 = 16;
/// Packs of one run.
const RUN_PACKS: usize = 64;
/// The first snapshot was made in 2020, and then one an hour.
const BEGAN: i64 = 1_577_836_800;

/// Makes snapshots that have `chunks` chunks in all, and gives their number. Everything is there and can be restored.
pub fn years(repo: &Repository, chunks: u64) -> Result<u64> {
    let spool = repo.state().to_owned();
    let mut data = Packs::new(repo, &spool, BlobType::Data)?;
    let mut tree = Packs::new(repo, &spool, BlobType::Tree)?;
    let (mut files, mut previous) = (Vec::new(), Vec::new());
    let snapshots = chunks / FILE_CHUNKS;
    for number in 0..snapshots {
        files.push(file(number, &mut data, &mut tree)?);
        let shown = &files[files.len().saturating_sub(FILES)..];
        let mut builder = Builder::new(repo.keyring.boundary_key());
        shown.iter().try_for_each(|entry| builder.add(entry, &mut tree))?;
        let root = builder.finish(&mut tree)?;
        previous = vec![put(repo, number as i64, &root, previous)?];
    }
    data.finish()?;
    tree.finish()?;
    Ok(snapshots)
}

fn put(repo: &Repository, number: i64, root: &Root, predecessors: Vec<[u8; 32]>) -> Result<[u8; 32]> {
    let at = (BEGAN + number * 3600, 0);
    let catalogue = Catalogue {
        started: at,
        finished: at,
        job: "years".into(),
        session: random()?,
        predecessors,
        entries: root.entries,
        bytes: root.bytes,
        added_bytes: 0,
        problems: 0,
        full: false,
    };
    let private =
        Private { root: root.id.0, level: root.level, sources: vec![b"/years".to_vec()], host: "bench".into() };
    Ok(snapshot::store(&*repo.store, &repo.keyring, random()?, &catalogue, &private)?.hash)
}

fn file(number: u64, data: &mut Packs<'_>, tree: &mut Packs<'_>) -> Result<Entry> {
    let mut list = ListWriter::default();
    for chunk in 0..FILE_CHUNKS {
        let mut plain = [0; CHUNK_BYTES as usize];
        plain[..8].copy_from_slice(&(number * FILE_CHUNKS + chunk).to_be_bytes());
        let chunk = data.put(&plain)?;
        list.push(Run::Data { chunk, offset: 0, len: CHUNK_BYTES }, tree)?;
    }
    let time = Time { secs: BEGAN + number as i64 * 3600, nanos: 0 };
    let size = FILE_CHUNKS * u64::from(CHUNK_BYTES);
    let (mode, ino) = (0o600, number + 1);
    let meta =
        Meta { kind: Kind::File, mode, uid: 0, gid: 0, size, mtime: time, ctime: time, ino, dev: 1, nlink: 1, rdev: 0 };
    let content: Content = list.finish(tree)?;
    let (path, target) = (format!("years/{number:08}").into_bytes(), Vec::new());
    Ok(Entry { path, meta, target, link: None, xattrs: Vec::new(), content, digest: [0; 8], flags: Flags::default() })
}

/// Packs of one type, put and named as they fill up.
struct Packs<'a> {
    repo: &'a Repository,
    kind: BlobType,
    writer: PackWriter<'a>,
    encoder: Encoder,
    fresh: Fresh,
    /// Of trees, which share nodes; of the chunks here each is another one.
    seen: HashSet<ChunkId>,
}

impl<'a> Packs<'a> {
    fn new(repo: &'a Repository, spool: &'a Path, kind: BlobType) -> Result<Self> {
        let writer = PackWriter::new(&repo.keyring, &*repo.store, spool, kind);
        let encoder = Encoder::new(Decoder::verifier()?)?;
        Ok(Self { repo, kind, writer, encoder, fresh: Fresh::default(), seen: HashSet::new() })
    }

    fn full(&mut self, pack: &Finished) -> Result<()> {
        self.repo.store.put(&pack.info.name(), Body::File(&pack.spool))?;
        self.fresh.add(pack.info, &pack.records);
        if self.fresh.is_much(RUN_PACKS) {
            self.fresh.name(&*self.repo.store, &self.repo.keyring)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(last) = self.writer.finish()? {
            self.full(&last)?;
        }
        self.fresh.name(&*self.repo.store, &self.repo.keyring).map(drop)
    }
}

impl Sink for Packs<'_> {
    fn put(&mut self, plain: &[u8]) -> Result<ChunkId> {
        let id = self.repo.keyring.blob_id(self.kind, plain);
        if self.kind == BlobType::Tree && !self.seen.insert(id) {
            return Ok(id);
        }
        if let Some(pack) = self.writer.add(id, plain.len(), self.encoder.encode(plain)?)? {
            self.full(&pack)?;
        }
        Ok(id)
    }
}
