//! Trees such as people have.

use std::io;
use std::os::unix::fs::symlink;

use super::Plan;
use super::blocks;
use super::tree::Tree;
use crate::rng::Rng;
use crate::words::Words;

struct Maker {
    tree: Tree,
    words: Words,
    rng: Rng,
    buf: Vec<u8>,
}

impl Maker {
    fn new(plan: &Plan, name: &str) -> io::Result<Self> {
        let words = Words::new(plan.seed);
        Ok(Self { tree: Tree::new(&plan.dir)?, words, rng: Rng::of(plan.seed, name), buf: Vec::new() })
    }

    /// Writes the buffer and empties it; gives its length.
    fn write(&mut self, path: &str) -> io::Result<u64> {
        self.tree.file(path, &self.buf)?;
        let len = self.buf.len() as u64;
        self.buf.clear();
        Ok(len)
    }

    fn documents(&mut self, size: u64) -> io::Result<()> {
        let mut done = 0;
        for i in 0.. {
            if done >= size {
                break;
            }
            let len = self.rng.log_between(2_000, 200_000) as usize;
            self.words.prose(&mut self.rng, &mut self.buf, len);
            let (year, project) = (2015 + i / 400 % 11, i / 40 % 10);
            done += self.write(&format!("documents/{year}/project-{project}/letter {i:05}.txt"))?;
        }
        Ok(())
    }

    fn sources(&mut self, base: &str, count: u64, size: u64) -> io::Result<()> {
        let mut done = 0;
        for i in 0..count {
            if done >= size {
                break;
            }
            let len = self.rng.log_between(300, 64_000) as usize;
            self.words.code(&mut self.rng, &mut self.buf, len);
            let (area, part) = (i / 1200, i / 40 % 30);
            let ending = ["c", "c", "c", "h", "rs", "S"][(i % 6) as usize];
            done += self.write(&format!("{base}area{area:02}/part{part:02}/file{i:05}.{ending}"))?;
        }
        Ok(())
    }

    fn photos(&mut self, size: u64) -> io::Result<()> {
        let mut done = 0;
        for i in 0.. {
            if done >= size {
                break;
            }
            let (year, month) = (2018 + i / 240 % 8, i / 20 % 12 + 1);
            let path = format!("photos/{year}/{month:02}/IMG_{i:05}");
            done += self.noise(&format!("{path}.jpg"), 2 << 20, 6 << 20)?;
            let len = self.rng.between(1_000, 3_000) as usize;
            self.words.record(&mut self.rng, &mut self.buf, len);
            done += self.write(&format!("{path}.xmp"))?;
        }
        Ok(())
    }

    /// A file that does not compress.
    fn noise(&mut self, path: &str, low: u64, high: u64) -> io::Result<u64> {
        let len = self.rng.log_between(low, high) as usize;
        self.buf.resize(len, 0);
        self.rng.fill(&mut self.buf);
        self.write(path)
    }

    fn links(&mut self) -> io::Result<()> {
        let root = self.tree.root().to_owned();
        symlink("photos/2018", root.join("old photos"))?;
        symlink("nowhere/at all", root.join("dangling"))?;
        std::fs::create_dir(root.join("empty folder"))?;
        self.buf.extend_from_slice(b"one file, two names\n");
        self.write("documents/original")?;
        std::fs::hard_link(root.join("documents/original"), root.join("documents/second name"))
    }
}

pub(super) fn mixed(plan: &Plan) -> io::Result<()> {
    let size = plan.size.unwrap_or(2 << 30);
    let mut maker = Maker::new(plan, "mixed")?;
    maker.documents(size / 100 * 15)?;
    maker.sources("source/", u64::MAX, size / 10)?;
    maker.photos(size / 100 * 40)?;
    for i in 0..4 {
        blocks::database(&mut maker.tree, &maker.words, &mut maker.rng, &format!("db/app{i}.sqlite"), size / 40)?;
    }
    for i in 0..3 {
        let path = format!("machines/disk-{i}.img");
        blocks::image(&mut maker.tree, &maker.words, &mut maker.rng, &path, size / 12)?;
    }
    maker.links()
}

pub(super) fn tiny(plan: &Plan) -> io::Result<()> {
    let mut maker = Maker::new(plan, "tiny")?;
    for i in 0..plan.count.unwrap_or(200_000) {
        let len = maker.rng.log_between(100, 4096) as usize;
        maker.words.record(&mut maker.rng, &mut maker.buf, len);
        maker.write(&format!("{:03}/{:02}/record-{i:07}.json", i / 10_000, i / 100 % 100))?;
    }
    Ok(())
}

pub(super) fn source(plan: &Plan) -> io::Result<()> {
    Maker::new(plan, "source")?.sources("", plan.count.unwrap_or(20_000), plan.size.unwrap_or(u64::MAX))
}

pub(super) fn text(plan: &Plan) -> io::Result<()> {
    let mut maker = Maker::new(plan, "text")?;
    let (mut left, mut clock) = (plan.size.unwrap_or(1 << 30), 0);
    for i in 0.. {
        if left == 0 {
            break;
        }
        let len = maker.rng.log_between(20 << 20, 120 << 20).min(left);
        left -= len;
        let name = if i % 3 == 2 { format!("books/{i}.txt") } else { format!("log/daemon.{i}.log") };
        if i % 3 == 2 {
            maker.words.prose(&mut maker.rng, &mut maker.buf, len as usize);
        } else {
            maker.words.log(&mut maker.rng, &mut clock, &mut maker.buf, len as usize);
        }
        maker.write(&name)?;
    }
    Ok(())
}

pub(super) fn media(plan: &Plan) -> io::Result<()> {
    let mut maker = Maker::new(plan, "media")?;
    let mut left = plan.size.unwrap_or(1 << 30);
    for i in 0.. {
        if left == 0 {
            break;
        }
        let high = left.min(200 << 20);
        left -= maker.noise(&format!("films/{}/film-{i:03}.mkv", i / 8), high.min(10 << 20), high)?;
    }
    Ok(())
}
