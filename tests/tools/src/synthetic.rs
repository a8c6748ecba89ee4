//! A file that exists only while it is read.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use atalaya_repo::backup::{Options, Progress};
use atalaya_repo::model::{Kind, Meta, Time};
use atalaya_repo::source::{Batch, Content, Extra, Open, Problem, Segment, Walk};
use atalaya_repo::{Budget, Repository, Result};

/// Every block is different from every other and compresses to almost nothing, so that a hundred gigabytes
/// need no hundred gigabytes of store.
const BLOCK: u64 = 64 << 10;

struct OneFile(Option<Meta>);

impl Walk for OneFile {
    fn fill(&mut self, batch: &mut Batch) -> Result<bool> {
        if let Some(meta) = self.0.take() {
            batch.push(b"synthetic", meta);
        }
        Ok(false)
    }
}

struct Opener;

struct Made {
    meta: Meta,
    at: u64,
    told: bool,
}

impl Open for Opener {
    type File = Made;

    fn open(&mut self, _: &[u8], meta: &Meta, _: &mut Extra) -> std::result::Result<Made, Problem> {
        Ok(Made { meta: *meta, at: 0, told: false })
    }

    fn another(&self) -> Result<Self> {
        Ok(Self)
    }

    fn describe(&mut self, _: &[u8], _: &Meta, _: &mut Extra) -> std::result::Result<(), Problem> {
        Ok(())
    }
}

impl Content for Made {
    fn segment(&mut self) -> std::io::Result<Segment> {
        Ok(if std::mem::replace(&mut self.told, true) { Segment::End } else { Segment::Data(self.meta.size) })
    }

    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let len = (self.meta.size - self.at).min(buf.len() as u64) as usize;
        let mut done = 0;
        while done < len {
            let block = self.at / BLOCK;
            let part = ((BLOCK - self.at % BLOCK) as usize).min(len - done);
            buf[done..done + part].fill(block as u8);
            if self.at.is_multiple_of(BLOCK) && part >= 8 {
                buf[done..done + 8].copy_from_slice(&block.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            }
            done += part;
            self.at += part as u64;
        }
        Ok(len)
    }

    fn finish(&mut self) -> std::io::Result<Meta> {
        Ok(self.meta)
    }

    fn rewind(&mut self) -> std::io::Result<Meta> {
        (self.at, self.told) = (0, false);
        Ok(self.meta)
    }
}

/// Backs up one made-up file of `bytes` bytes with a budget of 32 MiB.
pub fn stream(repo: &Repository, state: &Path, bytes: u64) -> Result<String> {
    let time = Time { secs: 1_700_000_000, nanos: 0 };
    let meta = Meta {
        kind: Kind::File,
        mode: 0o600,
        uid: 0,
        gid: 0,
        size: bytes,
        mtime: time,
        ctime: time,
        ino: 1,
        dev: 1,
        nlink: 1,
        rdev: 0,
    };
    let summary = repo.backup(
        OneFile(Some(meta)),
        Opener,
        &Options {
            job: "synthetic".into(),
            sources: vec![b"synthetic".to_vec()],
            host: "bench".into(),
            full: false,
            budget: Budget::divide(32 << 20)?,
            now: &|| Time { secs: 1_800_000_000, nanos: 0 },
            stop: &AtomicBool::new(false),
            problem: &|_| (),
            notice: &|_| (),
            spool: state,
            progress: &Progress::default(),
        },
    )?;
    Ok(format!(
        "{} bytes read, {} new chunks, {} bytes added",
        summary.read_bytes, summary.new_chunks, summary.added_bytes
    ))
}
