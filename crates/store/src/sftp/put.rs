//! Putting an object: written under another name, made durable, and renamed, which no server does over an existing name
//! (draft, 6.5; OpenSSH makes a hard link, so of two at once one fails).

use std::hash::{BuildHasher, RandomState};

use super::folder::UNFINISHED;
use super::limits::{SFTP_UNSYNCED_MAX, SFTP_WINDOW_BYTES};
use super::packet::{CREATE, Code, EXCLUSIVE, Request, Type, WRITE};
use super::status::{Refused, expect};
use super::{Live, SftpStore};
use crate::{Body, Error, Kind, Result, locked};

/// What a step of the server came to.
type Step<T> = Result<std::result::Result<T, Refused>>;

/// A file that has no name yet.
struct Unfinished {
    path: Vec<u8>,
    handle: Vec<u8>,
}

impl SftpStore {
    /// `put` for a name known to be good.
    pub(super) fn put_checked(&self, name: &str, body: Body<'_>) -> Result<()> {
        let live = self.live()?;
        let what = || format!("write {name}");
        let file = self.begin(&live, name)?;
        self.remove_stale(&live, &file.handle);
        let done = match self.fill(&live, &file, body) {
            Ok(Ok(())) => self.publish(&live, &file, name),
            Ok(Err(refused)) => Err(self.refusal(&live, &what(), &refused)),
            Err(err) => Err(err),
        };
        live.session.tell(&Request::new(Type::Close).string(&file.handle));
        if let Err(err) = done {
            live.session.tell(&Request::new(Type::Remove).string(&file.path));
            return Err(err);
        }
        let many = {
            let mut unsynced = locked(&self.unsynced);
            unsynced.push(name.to_owned());
            unsynced.len() >= SFTP_UNSYNCED_MAX
        };
        if many { self.sync_names() } else { Ok(()) }
    }

    /// Opens a new file, in the same breath as looking whether there is an object called `name`.
    fn begin(&self, live: &Live, name: &str) -> Result<Unfinished> {
        let session = &live.session;
        let path = self.path(&format!("{UNFINISHED}/put-{:016x}", random()));
        let open = Request::new(Type::Open).string(&path).u32(WRITE | CREATE | EXCLUSIVE).mode(0o600);
        let mut call = session.call();
        let look = call.send(&Request::new(Type::Lstat).string(&self.path(name)), &[])?;
        call.send(&open, &[])?;
        let (mut opened, mut exists) = (None, false);
        while call.waiting() > 0 {
            match call.next()? {
                (number, reply) if number == look => exists = reply.is(Type::Attrs),
                (_, reply) => opened = Some(reply),
            }
        }
        let opened = opened.ok_or_else(|| session.nonsense("no reply to opening a file"))?;
        let mut opened = expect(session, opened, Type::Handle)?;
        if opened.as_ref().is_err_and(|refused| refused.code == Code::NoSuchFile) {
            self.make_folders(live, UNFINISHED)?;
            opened = expect(session, session.ask(&open)?, Type::Handle)?;
        }
        let opened = opened.map_err(|refused| self.refusal(live, &format!("write {name}"), &refused))?;
        let handle = opened.read().string().ok_or_else(|| session.nonsense("a handle"))?.to_vec();
        if exists {
            session.tell(&Request::new(Type::Close).string(&handle));
            session.tell(&Request::new(Type::Remove).string(&path));
            return Err(self.exists(name));
        }
        Ok(Unfinished { path, handle })
    }

    /// Sends all of `body`, with a bounded part of it under way, and has it made durable. Whatever is refused is known
    /// before the file gets its name.
    fn fill(&self, live: &Live, file: &Unfinished, body: Body<'_>) -> Step<()> {
        let session = &live.session;
        let (len, piece) = (body.len()?, live.write_bytes);
        let at_once = (SFTP_WINDOW_BYTES / piece).max(1);
        let mut buf = vec![0; piece.min(usize::try_from(len).unwrap_or(usize::MAX))];
        let (mut call, mut offset) = (session.call(), 0);
        while offset < len {
            let want = usize::try_from(len - offset).unwrap_or(usize::MAX).min(piece);
            body.read_at(offset, &mut buf[..want])?;
            call.send(&Request::new(Type::Write).string(&file.handle).u64(offset), &buf[..want])?;
            offset += want as u64;
            while call.waiting() >= at_once {
                if let Err(refused) = expect(session, call.next()?.1, Type::Status)? {
                    return Ok(Err(refused));
                }
            }
        }
        if session.offers.fsync {
            call.send(&Request::extended("fsync@openssh.com").string(&file.handle), &[])?;
        }
        while call.waiting() > 0 {
            if let Err(refused) = expect(session, call.next()?.1, Type::Status)? {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(()))
    }

    fn publish(&self, live: &Live, file: &Unfinished, name: &str) -> Result<()> {
        let mut refused = match self.rename(live, file, name)? {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        if refused.code == Code::NoSuchFile {
            self.make_folders(live, name.rsplit_once('/').map_or("", |(folder, _)| folder))?;
            refused = match self.rename(live, file, name)? {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
        }
        if self.attrs(&live.session, &self.path(name))?.is_ok() {
            return Err(self.exists(name));
        }
        Err(self.refusal(live, &format!("write {name}"), &refused))
    }

    fn rename(&self, live: &Live, file: &Unfinished, name: &str) -> Step<()> {
        let rename = Request::new(Type::Rename).string(&file.path).string(&self.path(name));
        Ok(expect(&live.session, live.session.ask(&rename)?, Type::Status)?.map(|_| ()))
    }

    /// Also for a name that was there: after `sync` the caller may rely on it.
    fn exists(&self, name: &str) -> Error {
        locked(&self.unsynced).push(name.to_owned());
        Error::new(Kind::Exists, format!("write {name} in {}: it exists", self.url))
    }
}

/// Names of files that are not finished need only differ.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
