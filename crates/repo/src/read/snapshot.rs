//! A snapshot that is open for reading.

use super::blobs::Blobs;
use super::fetch::fetch;
use crate::model::{Content, Entry, Run, XattrValue, is_within, path_cmp};
use crate::snapshot::{Info, Private, load};
use crate::tree::{Cursor, Nodes, Root, read_list};
use crate::view::{Deliver, EntryStream, View, Want};
use crate::{Error, Repository, Result};

/// See [`View`] for what it offers.
pub struct Snapshot<'a> {
    pub(crate) blobs: Blobs<'a>,
    pub(crate) info: Info,
    pub(crate) private: Private,
    threads: usize,
}

impl Repository {
    /// Opens a snapshot; needs a maintainer's key for names, an owner's for content.
    pub fn open_snapshot(&self, info: &Info, threads: usize) -> Result<Snapshot<'_>> {
        let snapshot = self.open_unremarked(info, threads)?;
        self.tell_all(&snapshot.blobs.index().remarks());
        Ok(snapshot)
    }

    /// The same for a check, which has told what is wrong with the index.
    pub(crate) fn open_unremarked(&self, info: &Info, threads: usize) -> Result<Snapshot<'_>> {
        let info = load(&*self.store, &self.keyring, &self.roster, info.id)?;
        let private = info.private(&self.keyring)?;
        Ok(Snapshot { blobs: Blobs::new(self)?, info, private, threads })
    }
}

impl Snapshot<'_> {
    /// What a listing says of it.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Name of the machine it was made on.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.private.host
    }

    /// Sources as they were given.
    #[must_use]
    pub fn sources(&self) -> &[Vec<u8>] {
        &self.private.sources
    }

    pub(crate) fn root(&self) -> Root {
        self.private.root(&self.info.catalogue)
    }
}

/// Entries under one path.
struct Under<'a> {
    cursor: Cursor<'a, dyn Nodes + 'a>,
    under: Vec<u8>,
    over: bool,
}

impl EntryStream for Under<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        while !self.over {
            let Some(entry) = self.cursor.next()? else { break };
            if is_within(&entry.path, &self.under) {
                return Ok(Some(entry.clone()));
            }
            self.over = path_cmp(&entry.path, &self.under).is_gt();
        }
        self.over = true;
        Ok(None)
    }
}

impl View for Snapshot<'_> {
    fn entries(&self, under: &[u8]) -> Result<Box<dyn EntryStream + '_>> {
        let mut cursor = Cursor::new(&self.blobs as &dyn Nodes, self.root());
        if !under.is_empty() {
            cursor.seek(under)?;
        }
        Ok(Box::new(Under { cursor, under: under.to_vec(), over: false }))
    }

    fn runs(&self, entry: &Entry, each: &mut dyn FnMut(Run) -> Result<()>) -> Result<()> {
        let mut total = 0_u64;
        let mut counted = |run: Run| {
            let len = match run {
                Run::Hole { len } => len,
                Run::Data { len, .. } => len.into(),
            };
            total = total.checked_add(len).filter(|n| *n <= entry.meta.size).ok_or_else(|| wrong_length(entry))?;
            each(run)
        };
        match &entry.content {
            Content::None => {}
            Content::Runs(runs) => runs.iter().try_for_each(|run| counted(*run))?,
            Content::List { root, depth } => read_list(&self.blobs, *root, *depth, &mut counted, &mut |_| Ok(()))?,
        }
        if total == entry.meta.size { Ok(()) } else { Err(wrong_length(entry)) }
    }

    fn xattr_value(&self, value: &XattrValue) -> Result<Vec<u8>> {
        match value {
            XattrValue::Inline(bytes) => Ok(bytes.clone()),
            XattrValue::Blob(id, len) => {
                let bytes = self.blobs.load(id)?;
                if bytes.len() != *len as usize {
                    return Err(Error::damaged("an extended attribute's value has the wrong length"));
                }
                Ok(bytes)
            }
        }
    }

    fn fetch(&self, wants: &mut [Want], deliver: &Deliver<'_>) -> Result<()> {
        fetch(&self.blobs, wants, self.threads, deliver)
    }
}

fn wrong_length(entry: &Entry) -> Error {
    Error::damaged(format!("/{}: its pieces do not add up to its size", String::from_utf8_lossy(&entry.path)))
}
