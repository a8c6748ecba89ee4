//! Making durable what was put, and removing what others did not finish.
//!
//! SFTP cannot sync a folder. A file is synced before it gets its name, and once more after that, here: on file systems with
//! a journal or a log (ext4, XFS, Btrfs, F2FS) that makes the name durable, too.

use super::folder::UNFINISHED;
use super::limits::{SFTP_OPEN_AT_ONCE_MAX, SFTP_STALE_SECONDS};
use super::packet::{Attrs, Code, READ, Request, Type};
use super::session::Session;
use super::status::expect;
use super::{Live, SftpStore};
use crate::{Result, locked};

impl SftpStore {
    /// Syncs what was put since the last time. After an error it is remembered still.
    pub(super) fn sync_names(&self) -> Result<()> {
        let _one = locked(&self.syncing);
        let live = self.live()?;
        let mut names = std::mem::take(&mut *locked(&self.unsynced));
        if !live.session.offers.fsync {
            return Ok(());
        }
        // The last is synced first: most journals have all before it then.
        while let Some(from) = names.len().checked_sub(1).map(|last| last.saturating_sub(SFTP_OPEN_AT_ONCE_MAX - 1)) {
            if let Err(err) = self.sync_some(&live, &names[from..]) {
                locked(&self.unsynced).append(&mut names);
                return Err(err);
            }
            names.truncate(from);
        }
        Ok(())
    }

    fn sync_some(&self, live: &Live, names: &[String]) -> Result<()> {
        let session = &live.session;
        let opens = names.iter().map(|name| Request::new(Type::Open).string(&self.path(name)).u32(READ).u32(0));
        let mut handles = Vec::with_capacity(names.len());
        let mut failed = None;
        for reply in all(session, opens)? {
            match expect(session, reply, Type::Handle)? {
                Ok(reply) => handles.push(reply.read().string().ok_or_else(|| session.nonsense("a handle"))?.to_vec()),
                // Deleted since.
                Err(refused) if refused.code == Code::NoSuchFile => {}
                Err(refused) => failed = Some(refused),
            }
        }
        let syncs = handles.iter().map(|handle| Request::extended("fsync@openssh.com").string(handle));
        for reply in all(session, syncs)? {
            failed = expect(session, reply, Type::Status)?.err().or(failed);
        }
        handles.iter().for_each(|handle| session.tell(&Request::new(Type::Close).string(handle)));
        failed.map_or(Ok(()), |refused| Err(self.refusal(live, "make what was stored durable", &refused)))
    }

    /// Removes files that a killed process left unfinished, once: those that are a day older than `handle`'s file, which
    /// was just made, so that only the server's clock counts. What cannot be removed is left for the next time.
    pub(super) fn remove_stale(&self, live: &Live, handle: &[u8]) {
        if self.cleaned.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return;
        }
        let now = live.session.ask(&Request::new(Type::Fstat).string(handle));
        let now = now.ok().filter(|reply| reply.is(Type::Attrs)).and_then(|reply| reply.read().attrs()?.modified);
        let Some(now) = now else { return };
        let is_stale = |attrs: &Attrs| {
            attrs.is_file() && attrs.modified.is_some_and(|then| now.saturating_sub(then) > SFTP_STALE_SECONDS)
        };
        let folder = self.path(UNFINISHED);
        let _ = self.names_in(live, &folder, &mut |name, attrs| {
            if name.starts_with(b"put-") && is_stale(attrs) {
                live.session.tell(&Request::new(Type::Remove).string(&[&folder, b"/".as_slice(), name].concat()));
            }
        });
    }
}

/// Sends all requests, and gives their replies in whatever order they come.
fn all(session: &Session, requests: impl Iterator<Item = Request>) -> Result<Vec<super::packet::Reply>> {
    let mut call = session.call();
    for request in requests {
        call.send(&request, &[])?;
    }
    let mut replies = Vec::with_capacity(call.waiting());
    while call.waiting() > 0 {
        replies.push(call.next()?.1);
    }
    Ok(replies)
}
