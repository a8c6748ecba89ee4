//! Which file the names of one inode lead to.

use std::collections::HashMap;

use atalaya_repo::model::LinkGroup;

/// Memory for paths that later names may lead to.
const LINK_BYTES_MAX: usize = 2 << 20;
/// What a row costs beside its path.
const ROW_BYTES: usize = 64;

/// The first name of each file with several. When there are too many of them, the rest are archived as
/// files of their own, and that is said.
#[derive(Default)]
pub(super) struct Links {
    first: HashMap<LinkGroup, Vec<u8>>,
    bytes: usize,
    /// Files that found no room.
    pub(super) dropped: u64,
}

impl Links {
    pub(super) fn get(&self, group: &LinkGroup) -> Option<&[u8]> {
        self.first.get(group).map(Vec::as_slice)
    }

    pub(super) fn add(&mut self, group: LinkGroup, path: &[u8]) {
        let bytes = path.len() + ROW_BYTES;
        if self.bytes + bytes > LINK_BYTES_MAX {
            self.dropped += 1;
            return;
        }
        self.bytes += bytes;
        self.first.insert(group, path.to_vec());
    }

    pub(super) fn remove(&mut self, group: &LinkGroup) {
        if let Some(path) = self.first.remove(group) {
            self.bytes -= path.len() + ROW_BYTES;
        }
    }
}
