//! What changed between two snapshots, at the cost of what changed: subtrees that both share are not read.

use crate::Result;
use crate::model::{Entry, Kind, path_cmp};
use crate::read::Snapshot;
use crate::tree::{Cursor, Nodes};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only in the second.
    Added(Entry),
    /// Only in the first.
    Removed(Entry),
    /// In both, and not the same: the first's, the second's.
    Changed(Entry, Entry, Differs),
}

/// In what an entry differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differs {
    /// Another kind of thing.
    pub kind: bool,
    /// Other content or another link target.
    pub content: bool,
    /// Mode, owner, times, attributes, links.
    pub attributes: bool,
}

/// Calls `each` for every difference, in tree order. Nodes that cannot be read are an error.
pub fn diff(a: &Snapshot<'_>, b: &Snapshot<'_>, each: &mut dyn FnMut(Change) -> Result<()>) -> Result<()> {
    let mut left = Cursor::new(&a.blobs as &dyn Nodes, a.root());
    let mut right = Cursor::new(&b.blobs as &dyn Nodes, b.root());
    let (mut x, mut y) = (None, None);
    loop {
        if x.is_none() && y.is_none() {
            skip_shared(&mut left, &mut right)?;
        }
        if x.is_none() {
            x = left.next()?.cloned();
        }
        if y.is_none() {
            y = right.next()?.cloned();
        }
        let order = match (&x, &y) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(x), Some(y)) => path_cmp(&x.path, &y.path),
        };
        match order {
            std::cmp::Ordering::Less => x.take().map_or(Ok(()), |x| each(Change::Removed(x)))?,
            std::cmp::Ordering::Greater => y.take().map_or(Ok(()), |y| each(Change::Added(y)))?,
            std::cmp::Ordering::Equal => {
                if let (Some(x), Some(y)) = (x.take(), y.take()) {
                    let differs = compare(&x, &y);
                    if differs != Differs::default() {
                        each(Change::Changed(x, y, differs))?;
                    }
                }
            }
        }
    }
}

/// Leaves out nodes at which both cursors stand, as long as they are the same, and goes down where one tree is
/// higher or the nodes differ.
fn skip_shared<N: Nodes + ?Sized>(left: &mut Cursor<'_, N>, right: &mut Cursor<'_, N>) -> Result<()> {
    loop {
        let a = left.peek_node()?.map(|(level, child)| (level, child.id));
        let b = right.peek_node()?.map(|(level, child)| (level, child.id));
        match (a, b) {
            (Some((_, x)), Some((_, y))) if x == y => {
                left.skip_node();
                right.skip_node();
            }
            (Some((x, _)), Some((y, _))) if x > 0 && x >= y => left.enter()?,
            (Some(_), Some((y, _))) if y > 0 => right.enter()?,
            _ => return Ok(()),
        }
    }
}

fn compare(x: &Entry, y: &Entry) -> Differs {
    let kind = x.meta.kind != y.meta.kind;
    let by_digest = x.digest != [0; 8] && x.digest == y.digest && x.meta.size == y.meta.size;
    let content = x.target != y.target || x.meta.size != y.meta.size || (x.content != y.content && !by_digest);
    let plain = |e: &Entry| (e.meta.mode, e.meta.uid, e.meta.gid, e.meta.mtime, e.meta.rdev, e.link.is_some());
    // A folder's own time changes whenever something in it comes or goes; that is told by what came or went.
    let mut attributes = plain(x) != plain(y) || x.xattrs != y.xattrs;
    if x.meta.kind == Kind::Dir && y.meta.kind == Kind::Dir {
        let own = |e: &Entry| (e.meta.mode, e.meta.uid, e.meta.gid);
        attributes = own(x) != own(y) || x.xattrs != y.xattrs;
    }
    Differs { kind, content, attributes }
}
