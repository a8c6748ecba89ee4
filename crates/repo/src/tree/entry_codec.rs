//! One entry of a leaf, as postcard encodes it. Numbers that rise slowly are told by their difference to
//! the entry before; ids are rows of the node's table.

use serde::{Deserialize, Serialize};

use crate::model::{ChunkId, Content, Entry, Flags, Kind, LinkGroup, Meta, Run, Time, Xattr, XattrValue};
use crate::{Error, Result};

#[derive(Serialize, Deserialize)]
pub(super) struct Record<'a> {
    pub(super) shared: u32,
    pub(super) suffix: &'a [u8],
    kind: u8,
    flags: u8,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    /// Seconds after the mtime of the entry before.
    mtime_delta: i64,
    mtime_nanos: u32,
    /// Seconds after this entry's mtime.
    ctime_delta: i64,
    ctime_nanos: u32,
    /// After the inode of the entry before.
    ino_delta: i64,
    #[serde(borrow)]
    body: Body<'a>,
    /// Device, for a file with several names.
    link: Option<u64>,
    #[serde(borrow)]
    xattrs: Vec<XattrRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    /// Nothing more to say: folders, pipes, sockets, empty files.
    Plain,
    /// The whole file stands in its bundle right behind the file before.
    Next([u8; 8]),
    /// The whole file stands in one bundle: digest, chunk, offset.
    Bundled([u8; 8], u32, u32),
    Runs([u8; 8], Vec<RunRecord>),
    List(u32, u8),
    Symlink(&'a [u8]),
    Device(u64),
}

#[derive(Serialize, Deserialize)]
enum RunRecord {
    Hole(u64),
    Data(u32, u32, u32),
}

#[derive(Serialize, Deserialize)]
struct XattrRecord<'a> {
    name: &'a [u8],
    #[serde(borrow)]
    value: ValueRecord<'a>,
}

#[derive(Serialize, Deserialize)]
enum ValueRecord<'a> {
    Inline(&'a [u8]),
    Blob(u32, u32),
}

/// What one entry of a node tells the next; begins anew with every node.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    mtime: i64,
    ino: u64,
    chunk: u32,
    offset: u32,
}

const RACY: u8 = 1;
const UNSTABLE: u8 = 2;

fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::File => 1,
        Kind::Dir => 2,
        Kind::Symlink => 3,
        Kind::Fifo => 4,
        Kind::Socket => 5,
        Kind::CharDevice => 6,
        Kind::BlockDevice => 7,
    }
}

fn kind_of(number: u8) -> Result<Kind> {
    [Kind::File, Kind::Dir, Kind::Symlink, Kind::Fifo, Kind::Socket, Kind::CharDevice, Kind::BlockDevice]
        .get(usize::from(number).wrapping_sub(1))
        .copied()
        .ok_or_else(|| Error::damaged("tree entry has an unknown kind"))
}

/// Encodes `entry` behind `out`; `row` gives the table row of an id.
pub(super) fn encode(
    entry: &Entry,
    shared: usize,
    state: &mut State,
    row: &mut dyn FnMut(&ChunkId) -> u32,
    out: &mut Vec<u8>,
) -> Result<()> {
    let meta = &entry.meta;
    let record = Record {
        shared: shared as u32,
        suffix: &entry.path[shared..],
        kind: kind_number(meta.kind),
        flags: if entry.flags.racy { RACY } else { 0 } | if entry.flags.unstable { UNSTABLE } else { 0 },
        mode: meta.mode,
        uid: meta.uid,
        gid: meta.gid,
        size: meta.size,
        mtime_delta: meta.mtime.secs.wrapping_sub(state.mtime),
        mtime_nanos: meta.mtime.nanos,
        ctime_delta: meta.ctime.secs.wrapping_sub(meta.mtime.secs),
        ctime_nanos: meta.ctime.nanos,
        ino_delta: meta.ino.wrapping_sub(state.ino) as i64,
        body: body_of(entry, state, row),
        link: entry.link.map(|group| group.dev),
        xattrs: entry.xattrs.iter().map(|xattr| xattr_record(xattr, row)).collect(),
    };
    state.mtime = meta.mtime.secs;
    state.ino = meta.ino;
    let taken = std::mem::take(out);
    *out = postcard::to_extend(&record, taken)
        .map_err(|err| Error::new(crate::Kind::Io, format!("cannot encode: {err}")))?;
    Ok(())
}

fn xattr_record<'a>(xattr: &'a Xattr, row: &mut dyn FnMut(&ChunkId) -> u32) -> XattrRecord<'a> {
    let value = match &xattr.value {
        XattrValue::Inline(bytes) => ValueRecord::Inline(bytes),
        XattrValue::Blob(id, len) => ValueRecord::Blob(row(id), *len),
    };
    XattrRecord { name: &xattr.name, value }
}

fn body_of<'a>(entry: &'a Entry, state: &mut State, row: &mut dyn FnMut(&ChunkId) -> u32) -> Body<'a> {
    match (&entry.content, entry.meta.kind) {
        (_, Kind::Symlink) => Body::Symlink(&entry.target),
        (_, Kind::CharDevice | Kind::BlockDevice) => Body::Device(entry.meta.rdev),
        (Content::None, _) => Body::Plain,
        (Content::List { root, depth }, _) => Body::List(row(root), *depth),
        (Content::Runs(runs), _) => match runs.as_slice() {
            [Run::Data { chunk, offset, len }] if u64::from(*len) == entry.meta.size => {
                let chunk = row(chunk);
                let follows = chunk == state.chunk && *offset == state.offset;
                state.chunk = chunk;
                state.offset = offset.saturating_add(*len);
                if follows { Body::Next(entry.digest) } else { Body::Bundled(entry.digest, chunk, *offset) }
            }
            runs => Body::Runs(entry.digest, runs.iter().map(|run| run_record(run, row)).collect()),
        },
    }
}

fn run_record(run: &Run, row: &mut dyn FnMut(&ChunkId) -> u32) -> RunRecord {
    match run {
        Run::Hole { len } => RunRecord::Hole(*len),
        Run::Data { chunk, offset, len } => RunRecord::Data(row(chunk), *offset, *len),
    }
}

/// Fills `entry` (all but its path) from `record`.
pub(super) fn decode(record: &Record<'_>, state: &mut State, ids: &[[u8; 32]], entry: &mut Entry) -> Result<()> {
    let mtime = Time { secs: state.mtime.wrapping_add(record.mtime_delta), nanos: record.mtime_nanos };
    let ctime = Time { secs: mtime.secs.wrapping_add(record.ctime_delta), nanos: record.ctime_nanos };
    let ino = state.ino.wrapping_add(record.ino_delta as u64);
    if mtime.nanos >= 1_000_000_000 || ctime.nanos >= 1_000_000_000 {
        return Err(Error::damaged("tree entry has an impossible time"));
    }
    state.mtime = mtime.secs;
    state.ino = ino;
    let row = |row: u32| {
        ids.get(row as usize)
            .map(|id| ChunkId(*id))
            .ok_or_else(|| Error::damaged("tree entry names a row its node lacks"))
    };
    entry.meta = Meta {
        kind: kind_of(record.kind)?,
        mode: record.mode & 0o7777,
        uid: record.uid,
        gid: record.gid,
        size: record.size,
        mtime,
        ctime,
        ino,
        dev: record.link.unwrap_or(0),
        nlink: if record.link.is_some() { 2 } else { 1 },
        rdev: 0,
    };
    entry.flags = Flags { racy: record.flags & RACY != 0, unstable: record.flags & UNSTABLE != 0 };
    entry.link = record.link.map(|dev| LinkGroup { dev, ino });
    entry.xattrs.clear();
    for xattr in &record.xattrs {
        let value = match xattr.value {
            ValueRecord::Inline(bytes) => XattrValue::Inline(bytes.to_vec()),
            ValueRecord::Blob(at, len) => XattrValue::Blob(row(at)?, len),
        };
        entry.xattrs.push(Xattr { name: xattr.name.to_vec(), value });
    }
    decode_body(record, state, &row, entry)
}

fn decode_body(
    record: &Record<'_>,
    state: &mut State,
    row: &dyn Fn(u32) -> Result<ChunkId>,
    entry: &mut Entry,
) -> Result<()> {
    entry.target.clear();
    entry.digest = [0; 8];
    let mut runs = match std::mem::replace(&mut entry.content, Content::None) {
        Content::Runs(mut runs) => {
            runs.clear();
            runs
        }
        _ => Vec::new(),
    };
    let behind = (state.chunk, state.offset);
    let mut whole = |digest: &[u8; 8], chunk: u32, offset: u32, entry: &mut Entry| -> Result<()> {
        let len = u32::try_from(record.size).map_err(|_| Error::damaged("tree entry is larger than its bundle"))?;
        state.chunk = chunk;
        state.offset = offset.checked_add(len).ok_or_else(|| Error::damaged("tree entry is larger than its bundle"))?;
        entry.digest = *digest;
        runs.push(Run::Data { chunk: row(chunk)?, offset, len });
        Ok(())
    };
    match &record.body {
        Body::Plain => return Ok(()),
        Body::Symlink(target) => {
            entry.target.extend_from_slice(target);
            return Ok(());
        }
        Body::Device(rdev) => {
            entry.meta.rdev = *rdev;
            return Ok(());
        }
        Body::List(root, depth) => {
            entry.content = Content::List { root: row(*root)?, depth: *depth };
            return Ok(());
        }
        Body::Next(digest) => whole(digest, behind.0, behind.1, entry)?,
        Body::Bundled(digest, chunk, offset) => whole(digest, *chunk, *offset, entry)?,
        Body::Runs(digest, records) => {
            entry.digest = *digest;
            for run in records {
                runs.push(match run {
                    RunRecord::Hole(len) => Run::Hole { len: *len },
                    RunRecord::Data(chunk, offset, len) => {
                        Run::Data { chunk: row(*chunk)?, offset: *offset, len: *len }
                    }
                });
            }
        }
    }
    entry.content = Content::Runs(runs);
    Ok(())
}
