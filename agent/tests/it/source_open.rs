//! The opener: content, holes, attributes, and what changes between walk and open.

use super::source::{Walked, entry_path, options, scratch, walk_all};
use atalaya_agent::source::{Opener, Shares};
use atalaya_repo::model::{Kind, Meta, XattrValue};
use atalaya_repo::source::{Content, Extra, Open, Segment};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};

fn walked() -> (tempfile::TempDir, PathBuf, impl Fn(&Path) -> Walked) {
    let (dir, base) = scratch();
    let spool = base.join("spool");
    let walk = move |data: &Path| walk_all(&[data.to_path_buf()], options(&spool, Shares::default()));
    (dir, base.join("data"), walk)
}

fn meta(walked: &Walked, path: &Path) -> Meta {
    walked.entries.iter().find(|(p, _)| *p == entry_path(path)).unwrap().1
}

fn read_all(file: &mut impl Content) -> (Vec<u8>, Vec<Segment>) {
    let (mut bytes, mut segments, mut buf) = (vec![], vec![], [0; 1000]);
    loop {
        let segment = file.segment().unwrap();
        segments.push(segment);
        match segment {
            Segment::End => return (bytes, segments),
            Segment::Hole(n) => bytes.resize(bytes.len() + n as usize, 0),
            Segment::Data(n) => {
                let until = bytes.len() + n as usize;
                while bytes.len() < until {
                    let got = file.read(&mut buf).unwrap();
                    bytes.extend_from_slice(&buf[..got]);
                    if got == 0 {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn content_attributes_and_targets() {
    let (_dir, data, walk) = walked();
    let (file, link) = (data.join("file"), data.join("link"));
    fs::write(&file, b"hello".repeat(1000)).unwrap();
    symlink("file", &link).unwrap();
    let set = |name: &str| rustix::fs::setxattr(&file, name, b"value", rustix::fs::XattrFlags::empty()).is_ok();
    let has_xattrs = set("user.b") && set("user.a");
    rustix::fs::setxattr(&data, "user.dir", b"d", rustix::fs::XattrFlags::empty()).ok();
    let walked = walk(&data);
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    let mut open = opener.open(&entry_path(&file), &meta(&walked, &file), &mut extra).unwrap();
    if has_xattrs {
        let names: Vec<_> = extra.xattrs.iter().map(|x| x.name.clone()).collect();
        assert_eq!(names, [b"user.a".to_vec(), b"user.b".to_vec()]);
        assert_eq!(extra.xattrs[0].value, XattrValue::Inline(b"value".to_vec()));
    }
    let whole = (b"hello".repeat(1000), vec![Segment::Data(5000), Segment::End]);
    assert_eq!(read_all(&mut open), whole);
    assert_eq!(open.finish().unwrap(), meta(&walked, &file));
    open.rewind().unwrap();
    assert_eq!(read_all(&mut open), whole);
    opener.describe(&entry_path(&link), &meta(&walked, &link), &mut extra).unwrap();
    assert_eq!((extra.target.as_slice(), extra.xattrs.len()), (&b"file"[..], 0));
    opener.describe(&entry_path(&data), &meta(&walked, &data), &mut extra).unwrap();
    assert!(extra.target.is_empty() && extra.xattrs.len() == usize::from(has_xattrs));
}

#[test]
fn holes_are_told_apart() {
    let (_dir, data, walk) = walked();
    let path = data.join("sparse");
    let file = fs::File::create(&path).unwrap();
    file.write_all_at(b"start", 0).unwrap();
    file.write_all_at(b"middle", 10 << 20).unwrap();
    file.set_len(20 << 20).unwrap();
    file.sync_all().unwrap();
    let walked = walk(&data);
    let mut open =
        Opener::new().unwrap().open(&entry_path(&path), &meta(&walked, &path), &mut Extra::default()).unwrap();
    let (bytes, segments) = read_all(&mut open);
    assert_eq!(bytes, fs::read(&path).unwrap());
    let holes: u64 = segments.iter().map(|s| if let Segment::Hole(n) = s { *n } else { 0 }).sum();
    assert!(holes > 19 << 20, "{segments:?}");
}

#[test]
fn what_changed_since_the_walk() {
    let (_dir, data, walk) = walked();
    let names = ["vanishes", "becomes-link", "becomes-fifo", "replaced", "grows", "shrinks", "folder/inside"];
    fs::create_dir(data.join("folder")).unwrap();
    names.iter().for_each(|name| fs::write(data.join(name), [7; 5000]).unwrap());
    let walked = walk(&data);
    fs::remove_file(data.join("vanishes")).unwrap();
    fs::remove_file(data.join("becomes-link")).unwrap();
    symlink("replaced", data.join("becomes-link")).unwrap();
    fs::remove_file(data.join("becomes-fifo")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        data.join("becomes-fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    fs::write(data.join("other"), "x").unwrap();
    fs::rename(data.join("other"), data.join("replaced")).unwrap();
    fs::rename(data.join("folder"), data.join("moved")).unwrap();
    symlink("moved", data.join("folder")).unwrap();
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    let mut missing = |name: &str| {
        let path = data.join(name);
        opener.open(&entry_path(&path), &meta(&walked, &path), &mut extra).unwrap_err().missing
    };
    assert!(!missing("vanishes"));
    for name in ["becomes-link", "becomes-fifo", "replaced", "folder/inside"] {
        assert!(missing(name), "{name}");
    }
    let path = data.join("shrinks");
    let mut open = opener.open(&entry_path(&path), &meta(&walked, &path), &mut extra).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(10).unwrap();
    assert_eq!(read_all(&mut open).0.len(), 10);
    assert_ne!(open.finish().unwrap(), meta(&walked, &path));
    assert_eq!(open.rewind().unwrap().size, 10);
    assert_eq!(read_all(&mut open).0.len(), 10);
    let path = data.join("grows");
    let mut open = opener.open(&entry_path(&path), &meta(&walked, &path), &mut extra).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    assert_eq!(read_all(&mut open).0.len(), 5000);
    assert_eq!(open.finish().unwrap().size, 5004);
}

#[test]
fn tiny_files_replaced_since_the_walk_are_never_read_as_themselves() {
    let (_dir, data, walk) = walked();
    let names = ["becomes-fifo", "becomes-folder", "becomes-link", "fine", "replaced"];
    names.iter().for_each(|name| fs::write(data.join(name), name).unwrap());
    fs::write(data.join("empty"), "").unwrap();
    let walked = walk(&data);
    let at = |name: &str| data.join(name);
    names.iter().filter(|name| name.starts_with("becomes")).for_each(|name| fs::remove_file(at(name)).unwrap());
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, at("becomes-fifo"), fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    fs::create_dir(at("becomes-folder")).unwrap();
    symlink("fine", at("becomes-link")).unwrap();
    for name in ["replaced", "empty"] {
        fs::write(at("other"), name).unwrap();
        fs::rename(at("other"), at(name)).unwrap();
    }
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    let mut outcome = |name: &str| -> Result<Vec<u8>, String> {
        let path = data.join(name);
        let opened = opener.open(&entry_path(&path), &meta(&walked, &path), &mut extra);
        let mut file = opened.map_err(|problem| problem.why)?;
        let (mut bytes, mut buf) = (vec![], [0; 100]);
        while file.segment().map_err(|err| err.to_string())? != Segment::End {
            let got = file.read(&mut buf).map_err(|err| err.to_string())?;
            bytes.extend_from_slice(&buf[..got]);
        }
        file.finish().map_err(|err| err.to_string()).map(|_| bytes)
    };
    assert_eq!(outcome("fine").unwrap(), b"fine");
    for name in ["becomes-fifo", "becomes-folder", "becomes-link", "empty", "replaced"] {
        let why = outcome(name).unwrap_err();
        assert!(why.contains("was replaced by something else"), "{name}: {why}");
    }
}

#[test]
fn deep_paths_are_opened_up_and_down() {
    let (_dir, data, walk) = walked();
    super::source::make_deep(&data, "dd", 2000);
    let walked = walk(&data);
    let (mut opener, mut extra) = (Opener::new().unwrap(), Extra::default());
    let files = walked.entries.iter().filter(|(_, meta)| meta.kind == Kind::File);
    let opened = files.map(|(path, meta)| opener.open(path, meta, &mut extra).unwrap()).count();
    assert_eq!(opened, 4000);
    super::source::remove_deep(&data);
}
