//! Times the walker, and with `read` the opener too: `walk FOLDER [read] [tiny] [one]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use atalaya_agent::source::{Opener, Options, Shares, Walker};
use atalaya_repo::model::Kind;
use atalaya_repo::source::{Batch, Content, Extra, Open, Segment, Walk};
use std::time::Instant;

fn read(opener: &mut Opener, batch: &Batch, extra: &mut Extra, buf: &mut [u8]) -> u64 {
    let mut bytes = 0;
    for found in batch.found.iter().filter(|f| f.meta.kind == Kind::File) {
        let mut file = opener.open(batch.path(found), &found.meta, extra).unwrap();
        while let Segment::Data(mut left) = file.segment().unwrap() {
            while left > 0 {
                let got = file.read(buf).unwrap() as u64;
                left -= got;
                bytes += got;
            }
        }
        file.finish().unwrap();
    }
    bytes
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let has = |word: &str| args.iter().any(|a| a == word);
    let shares =
        if has("tiny") { Shares { sort_bytes: 8192, stack_bytes: 8192, fan_in: 4 } } else { Shares::default() };
    let options =
        Options { spool_dir: std::env::temp_dir(), shares, one_file_system: has("one"), ..Options::default() };
    let start = Instant::now();
    let mut walker = Walker::new(&[args[1].clone().into()], options).unwrap();
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    let (mut batch, mut count, mut bytes, mut buf) = (Batch::default(), 0, 0, vec![0; 1 << 20]);
    while walker.fill(&mut batch).unwrap() {
        count += batch.found.len();
        batch.problems.iter().for_each(|p| println!("{} {}", String::from_utf8_lossy(&p.path), p.why));
        if has("read") {
            bytes += read(&mut opener, &batch, &mut extra, &mut buf);
        }
        batch.clear();
    }
    let took = start.elapsed();
    println!("{count} entries, {bytes} bytes, {took:?}, {} ns per entry", took.as_nanos() / count.max(1) as u128);
}
