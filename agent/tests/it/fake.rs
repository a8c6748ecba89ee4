//! A snapshot in memory.

use atalaya_repo::model::{
    ChunkId, Content, Entry, Flags, Kind, LinkGroup, Meta, Run, Time, Xattr, XattrValue, is_within, path_cmp,
};
use atalaya_repo::view::{Deliver, EntryStream, View, Want};
use atalaya_repo::{Error, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) entries: Vec<Entry>,
    pub(crate) chunks: HashMap<ChunkId, Vec<u8>>,
    pub(crate) fetches: AtomicUsize,
    /// Entries of these paths cannot be read.
    pub(crate) unreadable: Vec<Vec<u8>>,
}

pub(crate) const TIME: Time = Time { secs: 1_000_000_000, nanos: 123_456_789 };

pub(crate) fn entry(path: impl AsRef<[u8]>, kind: Kind) -> Entry {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let mode = if kind == Kind::Dir { 0o755 } else { 0o644 };
    let (dev, ino, nlink, rdev) = (1, 1, 1, 0);
    let meta = Meta { kind, mode, uid, gid, size: 0, mtime: TIME, ctime: TIME, ino, dev, nlink, rdev };
    let (target, link, xattrs) = (vec![], None, vec![]);
    Entry {
        path: path.as_ref().to_vec(),
        meta,
        target,
        link,
        xattrs,
        content: Content::None,
        digest: [0; 8],
        flags: Flags::default(),
    }
}

pub(crate) fn xattr(name: &str, value: &[u8]) -> Xattr {
    Xattr { name: name.into(), value: XattrValue::Inline(value.to_vec()) }
}

impl Fake {
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> ChunkId {
        let mut id = ChunkId::default();
        id.0[..8].copy_from_slice(&(self.chunks.len() as u64 + 1).to_be_bytes());
        self.chunks.insert(id, bytes.to_vec());
        id
    }

    pub(crate) fn add(&mut self, entry: Entry) -> &mut Entry {
        self.entries.push(entry);
        self.entries.last_mut().unwrap()
    }

    pub(crate) fn dir(&mut self, path: impl AsRef<[u8]>) -> &mut Entry {
        self.add(entry(path, Kind::Dir))
    }

    /// A file of one chunk of its own.
    pub(crate) fn file(&mut self, path: impl AsRef<[u8]>, bytes: &[u8]) -> &mut Entry {
        let chunk = self.chunk(bytes);
        let runs = vec![Run::Data { chunk, offset: 0, len: bytes.len() as u32 }];
        self.runs_file(path, if bytes.is_empty() { vec![] } else { runs })
    }

    pub(crate) fn runs_file(&mut self, path: impl AsRef<[u8]>, runs: Vec<Run>) -> &mut Entry {
        let len = |run: &Run| match run {
            Run::Hole { len } => *len,
            Run::Data { len, .. } => u64::from(*len),
        };
        let mut entry = entry(path, Kind::File);
        entry.meta.size = runs.iter().map(len).sum();
        entry.content = Content::Runs(runs);
        self.add(entry)
    }

    pub(crate) fn symlink(&mut self, path: impl AsRef<[u8]>, target: &str) -> &mut Entry {
        let mut entry = entry(path, Kind::Symlink);
        entry.target = target.into();
        entry.meta.mode = 0o777;
        self.add(entry)
    }

    pub(crate) fn linked(entry: &mut Entry, ino: u64) {
        entry.link = Some(LinkGroup { dev: 1, ino });
        entry.meta.nlink = 2;
    }

    pub(crate) fn sort(&mut self) {
        self.entries.sort_by(|a, b| path_cmp(&a.path, &b.path));
    }
}

struct Stream<'a>(Box<dyn Iterator<Item = &'a Entry> + 'a>, &'a [Vec<u8>]);

impl EntryStream for Stream<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        match self.0.next() {
            Some(entry) if self.1.contains(&entry.path) => Err(Error::damaged("a node is gone")),
            entry => Ok(entry.cloned()),
        }
    }
}

impl View for Fake {
    fn entries(&self, under: &[u8]) -> Result<Box<dyn EntryStream + '_>> {
        let under = under.to_vec();
        Ok(Box::new(Stream(
            Box::new(self.entries.iter().filter(move |e| is_within(&e.path, &under))),
            &self.unreadable,
        )))
    }

    fn runs(&self, entry: &Entry, each: &mut dyn FnMut(Run) -> Result<()>) -> Result<()> {
        match &entry.content {
            Content::Runs(runs) => runs.iter().try_for_each(|run| each(*run)),
            _ => Ok(()),
        }
    }

    fn xattr_value(&self, value: &XattrValue) -> Result<Vec<u8>> {
        match value {
            XattrValue::Inline(bytes) => Ok(bytes.clone()),
            XattrValue::Blob(id, _) => self.chunks.get(id).cloned().ok_or_else(|| Error::damaged("no such blob")),
        }
    }

    fn fetch(&self, wants: &mut [Want], deliver: &Deliver<'_>) -> Result<()> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        wants.sort_by_key(|want| (want.chunk, want.offset));
        let groups: Vec<&[Want]> = wants.chunk_by(|a, b| a.chunk == b.chunk).collect();
        let (next, groups) = (AtomicUsize::new(0), &groups);
        let work = || {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                let chunk = self.chunks.get(&group[0].chunk);
                deliver(group, chunk.map(|c| &c[..]).ok_or_else(|| Error::damaged("the chunk is gone")));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            work();
        });
        Ok(())
    }
}
