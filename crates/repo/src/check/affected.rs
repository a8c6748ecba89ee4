//! From damaged blobs to the files that need them.

use std::collections::HashSet;

use super::{Check, Finding};
use crate::model::{ChunkId, Content, Entry, Run, Xattr, XattrValue};
use crate::names::{BlobType, hex};
use crate::snapshot::Info;
use crate::tree::{Cursor, Nodes, Root, read_list};
use crate::{Error, Result};

/// Nodes, except those that are known to be damaged.
pub(crate) struct Known<'a> {
    pub(crate) nodes: &'a dyn Nodes,
    pub(crate) lost: &'a HashSet<(BlobType, ChunkId)>,
}

impl Nodes for Known<'_> {
    fn load(&self, id: &ChunkId) -> Result<Vec<u8>> {
        if self.lost.contains(&(BlobType::Tree, *id)) {
            return Err(Error::damaged("its tree node is damaged"));
        }
        self.nodes.load(id)
    }
}

impl Check<'_> {
    /// Walks the snapshots and names the files that cannot be restored whole. Only when there is damage. Gives the snapshots
    /// of which something cannot.
    pub(crate) fn affected(&mut self, snapshots: &[Info]) -> Result<Vec<Info>> {
        self.settle_damaged()?;
        if self.lost.is_empty() {
            return Ok(Vec::new());
        }
        let (mut files, mut findings, mut out) = (0, 0, Vec::new());
        for info in snapshots {
            let before = findings;
            let mut tell = |finding: Finding| {
                findings += 1;
                files += u64::from(matches!(finding, Finding::File(..)));
                (self.options.finding)(&finding);
            };
            if let Ok(snapshot) = self.repo.open_unremarked(info, 1) {
                let known = Known { nodes: &self.blobs, lost: &self.lost };
                walk(&known, snapshot.root(), &hex(&info.id[..4]), &mut tell);
            }
            if findings > before {
                out.push(info.clone());
            }
        }
        self.summary.findings += findings;
        self.summary.files_affected += files;
        Ok(out)
    }

    /// A damaged blob is lost only if no other pack has it whole.
    fn settle_damaged(&mut self) -> Result<()> {
        let damaged: Vec<_> = self.damaged.iter().map(|(_, id)| *id).collect();
        for id in damaged {
            let places = self.blobs.index().find(&id)?;
            for kind in [BlobType::Data, BlobType::Tree] {
                let mut of_kind = places.iter().filter(|found| found.pack.kind == kind).peekable();
                if of_kind.peek().is_some() && of_kind.all(|found| self.damaged.contains(&(found.pack.id, id))) {
                    self.lose(kind, id);
                }
            }
        }
        Ok(())
    }
}

/// Tells of every file of one snapshot that needs what is lost.
fn walk(nodes: &Known<'_>, root: Root, id: &str, tell: &mut dyn FnMut(Finding)) {
    let mut cursor = Cursor::new(nodes, root);
    let mut last = Vec::new();
    loop {
        match cursor.next() {
            Ok(None) => return,
            Ok(Some(entry)) => {
                last.clone_from(&entry.path);
                if let Some(why) = trouble(nodes, nodes.lost, entry) {
                    tell(Finding::File(id.to_owned(), last.clone(), why));
                }
            }
            Err(err) => tell(Finding::Names(id.to_owned(), last.clone(), err.text)),
        }
    }
}

/// Why an entry cannot be restored whole, if so.
fn trouble(nodes: &Known<'_>, lost: &HashSet<(BlobType, ChunkId)>, entry: &Entry) -> Option<String> {
    content_trouble(nodes, lost, entry).or_else(|| {
        let lacks = entry.xattrs.iter().any(|xattr| is_lost(lost, xattr));
        lacks.then(|| "one of its extended attributes is damaged".into())
    })
}

/// Whether an extended attribute's value is.
pub(crate) fn is_lost(lost: &HashSet<(BlobType, ChunkId)>, xattr: &Xattr) -> bool {
    matches!(&xattr.value, XattrValue::Blob(id, _) if lost.contains(&(BlobType::Tree, *id)))
}

/// Why an entry's content cannot be restored, if so.
pub(crate) fn content_trouble(nodes: &Known<'_>, lost: &HashSet<(BlobType, ChunkId)>, entry: &Entry) -> Option<String> {
    let mut bad = 0_u64;
    let mut count = |run: Run| {
        if let Run::Data { chunk, .. } = run {
            bad += u64::from(lost.contains(&(BlobType::Data, chunk)));
        }
        Ok(())
    };
    let listed = match &entry.content {
        Content::None => Ok(()),
        Content::Runs(runs) => runs.iter().try_for_each(|run| count(*run)),
        Content::List { root, depth } => read_list(nodes, *root, *depth, &mut count, &mut |_| Ok(())),
    };
    if listed.is_err() {
        return Some("the list of its chunks is damaged".into());
    }
    (bad > 0).then(|| format!("{bad} of its chunks {} damaged or missing", if bad == 1 { "is" } else { "are" }))
}
