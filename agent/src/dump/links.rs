//! Which path the further names of a file (or of anything else but a folder) lead to. On disk, because there may be millions.

use std::path::Path;

use atalaya_repo::Result;
use atalaya_repo::spool::table::DiskTable;

/// Stands for a path that was taken back.
const NONE: u64 = u64::MAX - 1;

/// The first name of each file with several, by [`atalaya_repo::model::Entry::one_file_key`].
pub(super) struct Links<'a> {
    spool_dir: &'a Path,
    /// Made with the first of them: most archives have none.
    table: Option<DiskTable>,
}

impl<'a> Links<'a> {
    pub(super) fn new(spool_dir: &'a Path) -> Self {
        Self { spool_dir, table: None }
    }

    /// The path that further names of a file lead to.
    pub(super) fn get(&mut self, file: &[u8; 16]) -> Result<Option<Vec<u8>>> {
        let Some(table) = &mut self.table else { return Ok(None) };
        match table.get(file)? {
            None | Some(NONE) => Ok(None),
            Some(at) => table.kept(at).map(Some),
        }
    }

    pub(super) fn add(&mut self, file: &[u8; 16], path: &[u8]) -> Result<()> {
        let table = match &mut self.table {
            Some(table) => table,
            none => none.insert(DiskTable::create(self.spool_dir)?),
        };
        let at = table.keep(path)?;
        table.insert(file, at).map(drop)
    }

    /// The file did not come about.
    pub(super) fn remove(&mut self, file: &[u8; 16]) -> Result<()> {
        self.table.as_mut().map_or(Ok(()), |table| table.insert(file, NONE).map(drop))
    }
}
