//! Trees that make a backup program's memory grow, if it can.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use rustix::fs::{CWD, Mode, OFlags, XattrFlags, fsetxattr, mkdirat, openat};

use super::Plan;
use super::tree::{Tree, age};
use crate::rng::Rng;

/// Levels and names of a path that no system call takes whole.
const LEVEL: &str = "a-folder-in-a-folder";

pub(super) fn flat(plan: &Plan) -> io::Result<()> {
    let mut tree = Tree::new(&plan.dir)?;
    for i in 0..plan.count.unwrap_or(1_000_000) {
        let name = format!("file-{i:07}");
        let mut file = tree.create(&name)?;
        if i.is_multiple_of(4) {
            writeln!(file, "number {i}")?;
        }
    }
    Ok(())
}

/// Two names each, the second as far from the first as can be.
pub(super) fn hardlinks(plan: &Plan) -> io::Result<()> {
    let mut tree = Tree::new(&plan.dir)?;
    let files = plan.count.unwrap_or(1_000_000) / 2;
    let name = |half: &str, i: u64| format!("{half}/{:04}/name-{i:07}", i / 1000);
    for i in 0..files {
        let path = name("first", i);
        tree.file(&path, format!("{i}\n").as_bytes())?;
    }
    for i in 0..files {
        if i.is_multiple_of(1000) {
            fs::create_dir_all(plan.dir.join(format!("second/{:04}", i / 1000)))?;
        }
        fs::hard_link(plan.dir.join(name("first", i)), plan.dir.join(name("second", i)))?;
    }
    Ok(())
}

pub(super) fn deep(plan: &Plan) -> io::Result<()> {
    fs::create_dir_all(&plan.dir)?;
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, &plan.dir, flags, Mode::empty())?;
    for i in 0..plan.count.unwrap_or(1_000) {
        let create = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        let mut file = File::from(openat(&folder, "file", create, Mode::from_raw_mode(0o644))?);
        writeln!(file, "level {i}")?;
        mkdirat(&folder, LEVEL, Mode::from_raw_mode(0o755))?;
        folder = openat(&folder, LEVEL, flags, Mode::empty())?;
    }
    Ok(())
}

/// Wants XFS, or ext4 with `ea_inode`.
pub(super) fn xattrs(plan: &Plan) -> io::Result<()> {
    let mut tree = Tree::new(&plan.dir)?;
    let mut rng = Rng::of(plan.seed, "xattrs");
    let mut value = vec![0; 64 << 10];
    for i in 0..plan.count.unwrap_or(2_000) {
        let path = format!("{:03}/file-{i:05}", i / 100);
        let mut file = tree.create(&path)?;
        writeln!(file, "number {i}")?;
        let len = rng.between(60_000, 65_000) as usize;
        rng.fill(&mut value[..len / 2]);
        value[len / 2..len].fill(b'x');
        fsetxattr(&file, "user.large", &value[..len], XattrFlags::empty())
            .map_err(|err| io::Error::other(format!("an attribute of {len} bytes: {err}; is this ea_inode or XFS?")))?;
        fsetxattr(&file, "user.small", format!("{i}").as_bytes(), XattrFlags::empty())?;
        age(&file, &path)?;
    }
    Ok(())
}

pub(super) fn sparse(plan: &Plan) -> io::Result<()> {
    let mut tree = Tree::new(&plan.dir)?;
    let size = plan.size.unwrap_or(100 << 30);
    let mut rng = Rng::of(plan.seed, "sparse");
    let file = tree.create("disk.img")?;
    file.set_len(size)?;
    let mut island = vec![0; 128 << 10];
    for part in 0..64 {
        rng.fill(&mut island);
        let at = (size / 64 * part + rng.below(size / 64)).min(size.saturating_sub(island.len() as u64));
        file.write_all_at(&island, at)?;
    }
    age(&file, "disk.img")
}
