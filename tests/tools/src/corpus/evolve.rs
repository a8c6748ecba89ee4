//! A day later: two files of a hundred have changed.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Plan;
use crate::rng::Rng;

const LARGE: u64 = 1 << 20;

pub(super) fn evolve(plan: &Plan) -> io::Result<()> {
    visit(&plan.dir, plan)
}

fn visit(folder: &Path, plan: &Plan) -> io::Result<()> {
    // All names first: what is added must not be visited, and the order must not matter.
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_dir() {
            visit(&path, plan)?;
        } else if meta.is_file() {
            let name = path.strip_prefix(&plan.dir).unwrap_or(&path).to_string_lossy().into_owned();
            let mut rng = Rng::of(plan.seed, &name);
            if rng.below(100) < 2 {
                change(&path, meta.len(), &mut rng)?;
            }
        }
    }
    Ok(())
}

fn change(path: &Path, len: u64, rng: &mut Rng) -> io::Result<()> {
    if len >= LARGE {
        return overwrite(path, len, rng);
    }
    match rng.below(10) {
        0 => fs::remove_file(path),
        1 => fs::rename(path, beside(path, "renamed")),
        2 => fs::write(beside(path, "new"), noise_line(rng)),
        3..6 => OpenOptions::new().append(true).open(path)?.write_all(&noise_line(rng)),
        _ => insert(path, len, rng),
    }
}

/// A block here and there, as a running machine does to its disk.
fn overwrite(path: &Path, len: u64, rng: &mut Rng) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    let mut block = vec![0; 64 << 10];
    for _ in 0..=len / (64 << 20) {
        rng.fill(&mut block);
        file.write_all_at(&block, rng.below((len - block.len() as u64) / 4096) * 4096)?;
    }
    Ok(())
}

fn insert(path: &Path, len: u64, rng: &mut Rng) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let at = rng.below(len + 1) as usize;
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(at as u64))?;
    file.write_all(&noise_line(rng))?;
    file.write_all(&bytes[at..])
}

fn noise_line(rng: &mut Rng) -> Vec<u8> {
    format!("changed {:016x} {:016x}\n", rng.next(), rng.next()).into_bytes()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
