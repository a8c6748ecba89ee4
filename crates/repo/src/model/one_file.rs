//! Which entries are names of one file.

use sha2::{Digest, Sha256};

use super::{Content, Entry, Kind, Run, Time};

impl Entry {
    /// What all names of one file have in common, as a key for tables; `None` for what has one name only.
    ///
    /// Device and inode alone do not do: device numbers change when a machine starts, and earlier versions let
    /// entries of several backups stand side by side, so two files that have nothing to do with each other may be in
    /// one group. Whoever links by this key links only what is the same anyway.
    #[must_use]
    pub fn one_file_key(&self) -> Option<[u8; 16]> {
        let group = self.link.filter(|_| self.meta.kind != Kind::Dir)?;
        let (meta, mut hash) = (&self.meta, Sha256::new());
        let Time { secs, nanos } = meta.mtime;
        numbers(&mut hash, &[group.dev, group.ino, meta.kind as u64, meta.size, secs as u64, nanos.into()]);
        if meta.kind == Kind::File {
            self.hash_content(&mut hash);
        } else {
            numbers(&mut hash, &[meta.rdev, meta.uid.into(), meta.gid.into(), meta.mode.into()]);
            hash.update(&self.target);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Some(key)
    }

    /// The digest says more than the pieces, where there is one: a name that a later backup was the first to see was
    /// bundled anew, so that the same bytes lie in two chunks.
    fn hash_content(&self, hash: &mut Sha256) {
        if self.digest != [0; 8] {
            hash.update(self.digest);
            return;
        }
        match &self.content {
            Content::None => {}
            Content::List { root, depth } => {
                numbers(hash, &[1, (*depth).into()]);
                hash.update(root.0);
            }
            Content::Runs(runs) => {
                for run in runs {
                    match run {
                        Run::Hole { len } => numbers(hash, &[2, *len]),
                        Run::Data { chunk, offset, len } => {
                            numbers(hash, &[3, (*offset).into(), (*len).into()]);
                            hash.update(chunk.0);
                        }
                    }
                }
            }
        }
    }
}

fn numbers(hash: &mut Sha256, numbers: &[u64]) {
    numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::super::{ChunkId, Flags, LinkGroup, Meta};
    use super::*;

    fn entry(kind: Kind) -> Entry {
        let time = Time { secs: 5, nanos: 6 };
        let meta = Meta {
            kind,
            mode: 0o640,
            uid: 1,
            gid: 2,
            size: 4,
            mtime: time,
            ctime: time,
            ino: 7,
            dev: 8,
            nlink: 2,
            rdev: 0,
        };
        Entry {
            path: b"p".to_vec(),
            meta,
            target: b"t".to_vec(),
            link: Some(LinkGroup { dev: 8, ino: 7 }),
            xattrs: Vec::new(),
            content: Content::Runs(vec![Run::Data { chunk: ChunkId([1; 32]), offset: 0, len: 4 }]),
            digest: [0; 8],
            flags: Flags::default(),
        }
    }

    #[test]
    fn names_of_one_file_are_told_from_those_of_another() {
        type Change = fn(&mut Entry);
        let always: [Change; 4] = [
            |e| e.link = Some(LinkGroup { dev: 9, ino: 7 }),
            |e| e.meta.mtime.nanos = 7,
            |e| e.meta.mtime.secs = 6,
            |e| e.meta.kind = Kind::Socket,
        ];
        let file: [Change; 4] = [
            |e| e.meta.size = 5,
            |e| e.content = Content::Runs(vec![Run::Data { chunk: ChunkId([2; 32]), offset: 0, len: 4 }]),
            |e| e.content = Content::List { root: ChunkId([1; 32]), depth: 0 },
            |e| e.digest = [1; 8],
        ];
        let other: [Change; 5] = [
            |e| e.meta.rdev = 1,
            |e| e.meta.uid = 9,
            |e| e.meta.gid = 9,
            |e| e.meta.mode = 0o600,
            |e| e.target = b"u".to_vec(),
        ];
        for (kind, changes) in [(Kind::File, &file[..]), (Kind::Symlink, &other), (Kind::CharDevice, &other)] {
            let one = entry(kind);
            assert_eq!(one.one_file_key(), Entry { path: b"q".to_vec(), ..one.clone() }.one_file_key());
            for change in always.iter().chain(changes) {
                let mut two = one.clone();
                change(&mut two);
                assert_ne!(one.one_file_key(), two.one_file_key());
            }
        }
        assert_eq!(Entry { link: None, ..entry(Kind::File) }.one_file_key(), None);
        assert_eq!(entry(Kind::Dir).one_file_key(), None);
    }

    #[test]
    fn the_same_bytes_in_another_bundle_are_the_same_file() {
        let one = Entry { digest: [3; 8], ..entry(Kind::File) };
        let runs = vec![Run::Data { chunk: ChunkId([2; 32]), offset: 9, len: 4 }];
        let two = Entry { content: Content::Runs(runs), ..one.clone() };
        assert_eq!(one.one_file_key(), two.one_file_key());
    }
}
