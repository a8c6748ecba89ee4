//! Files that are written in blocks: disk images and databases.

use std::io::{self, Seek, SeekFrom, Write};

use super::tree::{Tree, age};
use crate::rng::Rng;
use crate::words::Words;

const BLOCK: u64 = 64 << 10;
const PAGE: usize = 4096;

/// A disk image: runs of 1 to 4 MB that are holes, noise, text, code or pages; some come twice.
pub(super) fn image(tree: &mut Tree, words: &Words, rng: &mut Rng, path: &str, size: u64) -> io::Result<()> {
    let mut file = tree.create(path)?;
    let mut earlier: Vec<(u64, u64)> = Vec::new();
    let (mut left, mut buf) = (size, Vec::new());
    while left > 0 {
        let roll = rng.below(100);
        let mut run = (rng.next(), BLOCK * rng.between(16, 64));
        if roll < 15 && !earlier.is_empty() {
            run = earlier[rng.below(earlier.len() as u64) as usize];
        }
        let len = run.1.min(left);
        left -= len;
        if roll >= 75 {
            file.seek(SeekFrom::Current(len as i64))?;
            continue;
        }
        earlier.push(run);
        content(words, run.0, &mut buf, len as usize);
        file.write_all(&buf)?;
    }
    file.set_len(size)?;
    age(&file, path)
}

/// What a run holds follows from its seed alone, so that it can come again.
fn content(words: &Words, seed: u64, buf: &mut Vec<u8>, len: usize) {
    let mut rng = Rng::new(seed);
    buf.clear();
    match rng.below(4) {
        0 => {
            buf.resize(len, 0);
            rng.fill(buf);
        }
        1 => words.prose(&mut rng, buf, len),
        2 => words.code(&mut rng, buf, len),
        _ => {
            while buf.len() < len {
                page(words, &mut rng, buf);
            }
            buf.truncate(len);
        }
    }
}

/// A database file of pages.
pub(super) fn database(tree: &mut Tree, words: &Words, rng: &mut Rng, path: &str, size: u64) -> io::Result<()> {
    let mut file = tree.create(path)?;
    let mut buf = Vec::new();
    let mut left = size;
    while left > 0 {
        while (buf.len() as u64) < left.min(1 << 20) {
            page(words, rng, &mut buf);
        }
        left -= left.min(buf.len() as u64);
        file.write_all(&buf)?;
        buf.clear();
    }
    age(&file, path)
}

/// A header, cells from the end towards it, and free space between, as SQLite has it.
fn page(words: &Words, rng: &mut Rng, out: &mut Vec<u8>) {
    let start = out.len();
    let cells = rng.between(8, 28);
    out.extend_from_slice(&[0x0d, 0, 0, 0, cells as u8, 0, 0, 0]);
    (0..cells).for_each(|_| out.extend_from_slice(&(rng.below(PAGE as u64) as u16).to_be_bytes()));
    let used = PAGE * rng.between(60, 95) as usize / 100;
    out.resize(start + PAGE - used, 0);
    while out.len() < start + PAGE {
        out.extend_from_slice(&(rng.next() as u32 & 0x00ff_ffff).to_be_bytes());
        for _ in 0..rng.between(3, 12) {
            out.extend_from_slice(words.one(rng).as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(&rng.next().to_be_bytes());
    }
    out.truncate(start + PAGE);
}
