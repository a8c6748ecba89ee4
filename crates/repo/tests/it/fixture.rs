//! A source in memory, and a repository to put it into.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use atalaya_repo::backup::{Options, Progress, Summary};
use atalaya_repo::model::{Kind, Meta, Time, Xattr};
use atalaya_repo::source::{Batch, Content, Extra, Open, Problem, Segment, Walk};
use atalaya_repo::view::{View, Want};
use atalaya_repo::{Budget, Cipher, InitOptions, Repository, Result, Selector, Unlock};
use atalaya_store::{SimStore, Store};

pub const NOW: Time = Time { secs: 1_800_000_000, nanos: 0 };
pub const PASSPHRASE: &[u8] = b"correct horse";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub meta: Meta,
    pub content: Arc<Vec<u8>>,
    /// Bytes of hole before the content.
    pub hole: u64,
    pub target: Vec<u8>,
    pub xattrs: Vec<Xattr>,
}

/// Paths in tree order.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub nodes: BTreeMap<Key, Node>,
    inode: u64,
}

/// A path that sorts as the tree does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub Vec<u8>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        atalaya_repo::model::path_cmp(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Tree {
    fn meta(&mut self, kind: Kind, size: u64) -> Meta {
        self.inode += 1;
        let time = Time { secs: 1_700_000_000 + self.inode as i64, nanos: 5 };
        Meta {
            kind,
            mode: 0o640,
            uid: 7,
            gid: 8,
            size,
            mtime: time,
            ctime: time,
            ino: self.inode,
            dev: 1,
            nlink: 1,
            rdev: 0,
        }
    }

    pub fn file(&mut self, path: &str, content: impl Into<Vec<u8>>) -> &mut Node {
        let content = content.into();
        let meta = self.meta(Kind::File, content.len() as u64);
        self.put(path.as_bytes(), meta, content)
    }

    pub fn dir(&mut self, path: &str) -> &mut Node {
        let meta = self.meta(Kind::Dir, 0);
        self.put(path.as_bytes(), meta, Vec::new())
    }

    pub fn put(&mut self, path: &[u8], meta: Meta, content: Vec<u8>) -> &mut Node {
        let node = Node { meta, content: Arc::new(content), hole: 0, target: Vec::new(), xattrs: Vec::new() };
        self.nodes.insert(Key(path.to_vec()), node);
        self.nodes.get_mut(&Key(path.to_vec())).unwrap()
    }

    pub fn remove(&mut self, path: &str) {
        self.nodes.remove(&Key(path.as_bytes().to_vec())).unwrap();
    }
}

/// Attributes, content with holes as zeros, link target, extended attributes.
pub type Stored = (Meta, Vec<u8>, Vec<u8>, Vec<Xattr>);

pub struct MemoryWalk {
    left: std::vec::IntoIter<(Vec<u8>, Meta)>,
}

impl Walk for MemoryWalk {
    fn fill(&mut self, batch: &mut Batch) -> Result<bool> {
        for (path, meta) in self.left.by_ref() {
            batch.push(&path, meta);
            if batch.is_full() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Clone)]
pub struct MemoryOpen {
    nodes: BTreeMap<Key, Node>,
    /// Paths that grow by a byte at every look.
    pub restless: Vec<Vec<u8>>,
    pub unreadable: Vec<Vec<u8>>,
    /// Paths that cannot be read beyond their middle.
    pub torn: Vec<Vec<u8>>,
    pub without_attributes: Vec<Vec<u8>>,
    /// Opens by the thread that reads ahead; `None` in the reader's own.
    ahead: Option<Arc<AtomicU64>>,
    opened_ahead: Arc<AtomicU64>,
}

pub struct MemoryFile {
    torn: bool,
    node: Node,
    at: usize,
    hole_told: bool,
    data_told: bool,
    restless: bool,
    looks: u64,
}

impl Open for MemoryOpen {
    type File = MemoryFile;

    fn open(&mut self, path: &[u8], _: &Meta, extra: &mut Extra) -> std::result::Result<MemoryFile, Problem> {
        if let Some(count) = &self.ahead {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if self.unreadable.iter().any(|p| p == path) {
            return Err(Problem { path: path.to_vec(), why: "permission denied".into(), missing: true });
        }
        let node = self.nodes[&Key(path.to_vec())].clone();
        self.attributes(path, extra);
        let restless = self.restless.iter().any(|p| p == path);
        let torn = self.torn.iter().any(|p| p == path);
        Ok(MemoryFile { torn, node, at: 0, hole_told: false, data_told: false, restless, looks: 0 })
    }

    fn another(&self) -> atalaya_repo::Result<Self> {
        Ok(Self { ahead: Some(Arc::clone(&self.opened_ahead)), ..self.clone() })
    }

    fn describe(&mut self, path: &[u8], _: &Meta, extra: &mut Extra) -> std::result::Result<(), Problem> {
        let node = &self.nodes[&Key(path.to_vec())];
        extra.target = node.target.clone();
        self.attributes(path, extra);
        Ok(())
    }
}

impl MemoryOpen {
    fn attributes(&self, path: &[u8], extra: &mut Extra) {
        if self.without_attributes.iter().any(|p| p == path) {
            extra.incomplete = Some("its extended attributes cannot be listed".into());
        } else {
            extra.xattrs = self.nodes[&Key(path.to_vec())].xattrs.clone();
        }
    }
}

impl Content for MemoryFile {
    fn segment(&mut self) -> std::io::Result<Segment> {
        if self.node.hole > 0 && !self.hole_told {
            self.hole_told = true;
            return Ok(Segment::Hole(self.node.hole));
        }
        if self.data_told || self.node.content.is_empty() {
            return Ok(Segment::End);
        }
        self.data_told = true;
        Ok(Segment::Data(self.node.content.len() as u64))
    }

    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.node.content[self.at..];
        let count = rest.len().min(buf.len());
        if self.torn && self.at + count > self.node.content.len() / 2 {
            return Err(std::io::Error::other("input error"));
        }
        buf[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }

    fn finish(&mut self) -> std::io::Result<Meta> {
        self.looks += u64::from(self.restless);
        let mut meta = self.node.meta;
        meta.mtime.nanos += self.looks as u32;
        Ok(meta)
    }

    fn rewind(&mut self) -> std::io::Result<Meta> {
        (self.at, self.hole_told, self.data_told) = (0, false, false);
        self.finish()
    }
}

/// A repository on a store, with a state folder that lasts as long as this.
pub struct World {
    pub job: String,
    pub store: Arc<dyn Store>,
    pub state: tempfile::TempDir,
    pub problems: Mutex<Vec<Problem>>,
    pub notices: Mutex<Vec<String>>,
    pub full: bool,
    pub restless: Vec<Vec<u8>>,
    pub unreadable: Vec<Vec<u8>>,
    pub torn: Vec<Vec<u8>>,
    pub without_attributes: Vec<Vec<u8>>,
    pub opened_ahead: Arc<AtomicU64>,
    /// Bytes of content that the last backup read.
    pub read_bytes: AtomicU64,
    /// An hour passes before every backup but the first.
    pub now: Mutex<Time>,
    /// With one, what lies in which pack is the same each time.
    pub workers: usize,
}

pub fn init(store: &dyn Store) -> Result<String> {
    let options = InitOptions { cipher: Cipher::Aes256Gcm, post_quantum: false, label: "test".into(), now: NOW };
    Repository::init(store, PASSPHRASE, &options)
}

impl World {
    pub fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(SimStore::new());
        init(&*store).unwrap();
        Self::over(store)
    }

    pub fn over(store: Arc<dyn Store>) -> Self {
        Self {
            job: "default".into(),
            store,
            state: tempfile::tempdir().unwrap(),
            problems: Mutex::default(),
            notices: Mutex::default(),
            full: false,
            restless: Vec::new(),
            unreadable: Vec::new(),
            torn: Vec::new(),
            without_attributes: Vec::new(),
            opened_ahead: Arc::default(),
            read_bytes: AtomicU64::new(0),
            now: Mutex::new(NOW),
            workers: 2,
        }
    }

    pub fn open(&self) -> Result<Repository> {
        Repository::open(Arc::clone(&self.store), Unlock::Passphrase(PASSPHRASE), self.state.path())
    }

    pub fn backup(&self, tree: &Tree) -> Result<Summary> {
        self.backup_with(&self.open()?, tree)
    }

    pub fn backup_with(&self, repo: &Repository, tree: &Tree) -> Result<Summary> {
        let list: Vec<_> = tree.nodes.iter().map(|(key, node)| (key.0.clone(), node.meta)).collect();
        let walk = MemoryWalk { left: list.into_iter() };
        let open = MemoryOpen {
            nodes: tree.nodes.clone(),
            restless: self.restless.clone(),
            unreadable: self.unreadable.clone(),
            torn: self.torn.clone(),
            without_attributes: self.without_attributes.clone(),
            ahead: None,
            opened_ahead: Arc::clone(&self.opened_ahead),
        };
        let now = *self.now.lock().unwrap();
        self.now.lock().unwrap().secs += 3600;
        let spool: PathBuf = self.state.path().to_owned();
        let progress = Progress::default();
        let result = repo.backup(
            walk,
            open,
            &Options {
                job: self.job.clone(),
                sources: vec![b"/".to_vec()],
                host: "box".into(),
                full: self.full,
                budget: Budget { workers: self.workers, ..Budget::divide(32 << 20)? },
                now: &|| now,
                stop: &AtomicBool::new(false),
                problem: &|problem| self.problems.lock().unwrap().push(problem.clone()),
                notice: &|notice| self.notices.lock().unwrap().push(notice.to_owned()),
                spool: &spool,
                progress: &progress,
            },
        );
        self.read_bytes.store(progress.read_bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        result
    }

    /// Everything in a snapshot: meta, content with holes as zeros, target, attributes.
    pub fn read(&self, selector: &str) -> Result<BTreeMap<Key, Stored>> {
        self.read_with(&self.open()?, &selector.parse::<Selector>()?)
    }

    pub fn read_with(&self, repo: &Repository, selector: &Selector) -> Result<BTreeMap<Key, Stored>> {
        let info = repo.find_snapshot(selector)?;
        let snapshot = repo.open_snapshot(&info, 2)?;
        let mut out = BTreeMap::new();
        let mut entries = snapshot.entries(b"")?;
        while let Some(entry) = entries.next()? {
            let content = read_content(&snapshot, &entry)?;
            let mut xattrs = entry.xattrs.clone();
            for xattr in &mut xattrs {
                xattr.value = atalaya_repo::model::XattrValue::Inline(snapshot.xattr_value(&xattr.value)?);
            }
            out.insert(Key(entry.path.clone()), (entry.meta, content, entry.target.clone(), xattrs));
        }
        Ok(out)
    }

    /// What `read` gives for `tree`.
    pub fn assert_holds(&self, selector: &str, tree: &Tree) {
        let stored = self.read(selector).unwrap();
        assert_eq!(stored.len(), tree.nodes.len());
        for (key, node) in &tree.nodes {
            let (meta, content, target, xattrs) = &stored[key];
            let path = String::from_utf8_lossy(&key.0);
            let mut expected = vec![0; node.hole as usize];
            expected.extend_from_slice(&node.content);
            assert!(*content == expected, "content of {path}");
            assert_eq!((target, xattrs), (&node.target, &node.xattrs), "{path}");
            let plain = |meta: &Meta| Meta { dev: 0, nlink: 0, ..*meta };
            assert_eq!(plain(meta), plain(&node.meta), "{path}");
        }
    }
}

pub fn read_content(snapshot: &dyn View, entry: &atalaya_repo::model::Entry) -> Result<Vec<u8>> {
    let mut wants = Vec::new();
    let mut at = 0;
    snapshot.runs(entry, &mut |run| {
        match run {
            atalaya_repo::model::Run::Hole { len } => at += len,
            atalaya_repo::model::Run::Data { chunk, offset, len } => {
                wants.push(Want { chunk, offset, len, file: 0, at });
                at += u64::from(len);
            }
        }
        Ok(())
    })?;
    let out = Mutex::new(vec![0_u8; entry.meta.size as usize]);
    let failure = Mutex::new(None);
    snapshot.fetch(&mut wants, &|wants, data| match data {
        Ok(data) => {
            for want in wants {
                let from = &data[want.offset as usize..(want.offset + want.len) as usize];
                out.lock().unwrap()[want.at as usize..][..from.len()].copy_from_slice(from);
            }
        }
        Err(err) => *failure.lock().unwrap() = Some(err),
    })?;
    match failure.into_inner().unwrap() {
        Some(err) => Err(err),
        None => Ok(out.into_inner().unwrap()),
    }
}

/// Bytes that do not compress and repeat nowhere.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 32) as u8
        })
        .collect()
}
