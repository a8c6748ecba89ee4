//! Turns items into the tree: waits for chunks' ids, moves what is large out of entries, builds nodes.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender};

use super::item::{Item, Items, KeptNode, NewFile, PendingRun};
use super::links::LinksStored;
use super::rot::{self, Usage};
use super::shared::{Shared, gone};
use super::state_tree::StateTree;
use crate::model::{ChunkId, Entry, Kind, LinkGroup, Run, XattrValue};
use crate::names::BlobType;
use crate::pack::{Decoder, Encoder, Finished, PackWriter};
use crate::tree::{Builder, LeafDecoder, ListWriter, Root, Sink};
use crate::{Error, Result, limits};

/// Attribute values up to this stay in the entry even when others of it move out.
const XATTR_SMALL_BYTES: usize = 128;

/// Stores tree blobs and keeps the local copy of leaves.
struct TreeSink<'a> {
    shared: &'a Shared<'a>,
    encoder: Encoder,
    writer: PackWriter<'a>,
    packs: SyncSender<Finished>,
    state: StateTree,
}

impl TreeSink<'_> {
    fn store(&mut self, plain: &[u8], leaf: bool) -> Result<ChunkId> {
        if plain.len() > limits::CHUNK_BYTES_MAX {
            return Err(Error::new(crate::Kind::Usage, "one file's attributes are larger than a tree node can be"));
        }
        let id = self.shared.repo.keyring.blob_id(BlobType::Tree, plain);
        let new = self.shared.claim(&id)?;
        if !new && !leaf {
            return Ok(id);
        }
        let encoded = self.encoder.encode(plain)?;
        if leaf {
            let (entries, bytes) = leaf_counts(plain)?;
            self.state.add(&id, plain.len(), entries, bytes, encoded)?;
        }
        if new && let Some(pack) = self.writer.add(id, plain.len(), encoded)? {
            self.packs.send(pack).map_err(gone)?;
        }
        Ok(id)
    }
}

/// Entries and bytes of content of a leaf.
fn leaf_counts(node: &[u8]) -> Result<(u32, u64)> {
    let mut leaf = LeafDecoder::new(node.to_vec())?;
    let entries = leaf.left();
    let mut bytes = 0;
    while let Some(entry) = leaf.next()? {
        bytes += entry.meta.size;
    }
    Ok((entries, bytes))
}

impl Sink for TreeSink<'_> {
    fn put(&mut self, plain: &[u8]) -> Result<ChunkId> {
        self.store(plain, false)
    }

    fn put_leaf(&mut self, plain: &[u8]) -> Result<ChunkId> {
        self.store(plain, true)
    }
}

/// The assembling thread's state.
pub(super) struct Assembler<'a> {
    sink: TreeSink<'a>,
    builder: Builder,
    list: ListWriter,
    links: LinksStored,
    /// Only in a full run, which hands on every entry.
    usage: Option<Usage>,
    ids: HashMap<u64, ChunkId>,
    arriving: Receiver<(u64, ChunkId)>,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        packs: SyncSender<Finished>,
        arriving: Receiver<(u64, ChunkId)>,
        state: StateTree,
    ) -> Result<Self> {
        let repo = shared.repo;
        let writer = PackWriter::new(&repo.keyring, &*repo.store, shared.options.spool, BlobType::Tree);
        let sink = TreeSink { shared, encoder: Encoder::new(Decoder::verifier()?)?, writer, packs, state };
        let builder = Builder::new(repo.keyring.boundary_key());
        Ok(Self {
            sink,
            builder,
            list: ListWriter::default(),
            links: LinksStored::default(),
            usage: shared.options.full.then(|| Usage::new(shared.options.spool)),
            ids: HashMap::new(),
            arriving,
        })
    }

    /// Builds until the reader is done; gives the root and the local copy, to be kept once the snapshot is stored.
    pub(super) fn run(mut self, items: &Receiver<Items>) -> Result<(Root, StateTree)> {
        while let Ok(Items { items, low }) = items.recv() {
            for item in items {
                self.item(item)?;
            }
            self.ids.retain(|number, _| *number >= low);
        }
        if let Some(err) = self.sink.shared.failure() {
            return Err(err);
        }
        let Self { mut sink, builder, usage, .. } = self;
        if let Some(usage) = usage {
            let path = rot::path(sink.shared.repo.state(), &sink.shared.options.job);
            usage.finish(&mut sink.shared.index().set, &path)?;
        }
        let root = builder.finish(&mut sink)?;
        if let Some(pack) = sink.writer.finish()? {
            sink.packs.send(pack).map_err(gone)?;
        }
        Ok((root, sink.state))
    }

    fn item(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Keep(kept) => self.keep(*kept),
            Item::Carry(entry) => self.add(&entry),
            Item::Entry(entry) => self.entry(*entry),
            Item::Link(entry) => self.link(*entry),
            Item::File(file) => self.file(*file),
            Item::Runs(runs) => self.runs(&runs),
            Item::Discard => {
                self.list.discard();
                Ok(())
            }
        }
    }

    fn keep(&mut self, kept: KeptNode) -> Result<()> {
        if self.builder.at_boundary() {
            self.sink.state.keep(kept.place)?;
            return self.builder.keep(kept.id, &kept.first, kept.entries, kept.bytes, &mut self.sink);
        }
        // Something before it changed where nodes end: its entries go into new ones.
        let mut leaf = LeafDecoder::new(kept.node)?;
        while let Some(entry) = leaf.next()? {
            Self::count(&mut self.usage, entry)?;
            self.builder.add(entry, &mut self.sink)?;
        }
        Ok(())
    }

    fn entry(&mut self, mut entry: Entry) -> Result<()> {
        let inline: usize = entry.xattrs.iter().map(|x| x.name.len() + value_len(&x.value)).sum();
        if inline > limits::ENTRY_INLINE_BYTES_MAX {
            self.move_values_out(&mut entry)?;
        }
        // The reader asks only of files, whose content it would read again.
        if entry.link.is_none() && entry.meta.kind != Kind::Dir && entry.meta.nlink > 1 {
            entry.link = Some(LinkGroup { dev: entry.meta.dev, ino: entry.meta.ino });
        }
        if let Some(group) = entry.link.as_ref().filter(|_| entry.meta.kind == Kind::File) {
            self.links.add(group, &entry, self.sink.shared.options.spool)?;
        }
        self.add(&entry)
    }

    fn link(&mut self, entry: Entry) -> Result<()> {
        let Some(group) = entry.link else { return self.entry(entry) };
        let entry = self.links.fill(&group, entry)?;
        self.add(&entry)
    }

    fn add(&mut self, entry: &Entry) -> Result<()> {
        Self::count(&mut self.usage, entry)?;
        self.builder.add(entry, &mut self.sink)
    }

    fn count(usage: &mut Option<Usage>, entry: &Entry) -> Result<()> {
        usage.as_mut().map_or(Ok(()), |usage| usage.count(entry))
    }

    fn move_values_out(&mut self, entry: &mut Entry) -> Result<()> {
        for xattr in &mut entry.xattrs {
            if let XattrValue::Inline(bytes) = &xattr.value
                && bytes.len() > XATTR_SMALL_BYTES
            {
                let id = self.sink.put(bytes)?;
                xattr.value = XattrValue::Blob(id, bytes.len() as u32);
            }
        }
        Ok(())
    }

    fn file(&mut self, file: NewFile) -> Result<()> {
        self.runs(&file.runs)?;
        let mut entry = file.entry;
        entry.content = self.list.finish(&mut self.sink)?;
        if file.expected.is_some_and(|expected| expected != entry.content) {
            self.sink.shared.decayed(&entry.path);
        }
        self.entry(entry)
    }

    fn runs(&mut self, runs: &[PendingRun]) -> Result<()> {
        for run in runs {
            let run = match *run {
                PendingRun::Hole(len) => Run::Hole { len },
                PendingRun::Data { chunk, offset, len } => Run::Data { chunk: self.id(chunk)?, offset, len },
            };
            self.list.push(run, &mut self.sink)?;
        }
        Ok(())
    }

    /// The id of a chunk that a worker has or will have named.
    fn id(&mut self, number: u64) -> Result<ChunkId> {
        loop {
            if let Some(id) = self.ids.get(&number) {
                return Ok(*id);
            }
            let (arrived, id) = self.arriving.recv().map_err(gone)?;
            self.ids.insert(arrived, id);
        }
    }
}

fn value_len(value: &XattrValue) -> usize {
    match value {
        XattrValue::Inline(bytes) => bytes.len(),
        XattrValue::Blob(..) => 36,
    }
}
