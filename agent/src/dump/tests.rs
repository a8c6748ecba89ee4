use atalaya_repo::Result;
use atalaya_repo::model::{ChunkId, Content, Entry, Flags, Kind, LinkGroup, Meta, Run, Time, XattrValue};
use atalaya_repo::view::{Deliver, EntryStream, View, Want};

use super::archive;

/// Entries whose content is in their chunk's id.
pub(crate) struct Few(pub(crate) Vec<Entry>);

struct Stream(std::vec::IntoIter<Entry>);

impl EntryStream for Stream {
    fn next(&mut self) -> Result<Option<Entry>> {
        Ok(self.0.next())
    }
}

impl View for Few {
    fn entries(&self, _: &[u8]) -> Result<Box<dyn EntryStream + '_>> {
        Ok(Box::new(Stream(self.0.clone().into_iter())))
    }

    fn runs(&self, entry: &Entry, each: &mut dyn FnMut(Run) -> Result<()>) -> Result<()> {
        let Content::Runs(runs) = &entry.content else { return Ok(()) };
        runs.iter().try_for_each(|run| each(*run))
    }

    fn xattr_value(&self, _: &XattrValue) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn fetch(&self, wants: &mut [Want], deliver: &Deliver<'_>) -> Result<()> {
        wants.iter().for_each(|want| deliver(&[*want], Ok(&want.chunk.0)));
        Ok(())
    }
}

/// A name of inode 7 on device 1.
fn name(path: &str, kind: Kind, content: u8) -> Entry {
    let time = Time { secs: 5, nanos: 0 };
    let size = if kind == Kind::File { 32 } else { 0 };
    let (mode, ino, dev) = (0o644, 7, 1);
    let meta = Meta { kind, mode, uid: 0, gid: 0, size, mtime: time, ctime: time, ino, dev, nlink: 2, rdev: 0 };
    let runs = vec![Run::Data { chunk: ChunkId([content; 32]), offset: 0, len: 32 }];
    Entry {
        path: path.into(),
        meta,
        target: if kind == Kind::Symlink { vec![content] } else { Vec::new() },
        link: Some(LinkGroup { dev, ino }),
        xattrs: Vec::new(),
        content: if kind == Kind::File { Content::Runs(runs) } else { Content::None },
        digest: [0; 8],
        flags: Flags::default(),
    }
}

/// Type, name, what it leads to and the first byte of the content of every member.
fn members(archive: &[u8]) -> Vec<(char, String, String, u8)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.split(|b| *b == 0).next().unwrap().to_vec()).unwrap();
    let (mut out, mut at) = (Vec::new(), 0);
    while archive[at] != 0 {
        let head = &archive[at..at + 512];
        let size = usize::from_str_radix(text(&head[124..136]).trim(), 8).unwrap();
        out.push((char::from(head[156]), text(&head[..100]), text(&head[157..257]), archive[at + 512]));
        at += 512 + size.next_multiple_of(512);
    }
    out
}

/// Snapshots of earlier versions may say of two files that they are one.
#[test]
fn names_with_the_numbers_of_another_file_are_archived_as_files_of_their_own() {
    let spool = tempfile::tempdir().unwrap();
    let later = |entry: Entry| Entry { meta: Meta { mtime: Time { secs: 5, nanos: 1 }, ..entry.meta }, ..entry };
    let view = Few(vec![
        name("a", Kind::File, b'x'),
        name("b", Kind::File, b'y'),
        name("c", Kind::File, b'x'),
        name("d", Kind::File, b'y'),
        later(name("e", Kind::File, b'x')),
        name("f", Kind::Symlink, b'x'),
        name("g", Kind::Symlink, b'y'),
        name("h", Kind::Symlink, b'x'),
    ]);
    let mut out = Vec::new();
    archive(&view, b"", spool.path(), &mut out, &mut |path, why| panic!("{path:?}: {why}")).unwrap();
    let found: Vec<_> = members(&out).into_iter().filter(|member| member.0 != 'x').collect();
    let found: Vec<_> = found.iter().map(|(kind, name, to, first)| (*kind, &name[..], &to[..], *first)).collect();
    assert_eq!(found[..2], [('0', "a", "", b'x'), ('0', "b", "", b'y')]);
    let links: Vec<_> = found[2..].iter().map(|member| (member.0, member.1, member.2)).collect();
    assert_eq!(links[..3], [('1', "c", "a"), ('1', "d", "b"), ('0', "e", "")]);
    assert_eq!(links[3..], [('2', "f", "x"), ('2', "g", "y"), ('1', "h", "f")]);
    assert_eq!(found[4].3, b'x');
}
