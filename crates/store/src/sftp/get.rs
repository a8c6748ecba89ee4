//! Reading: a range in several requests at once, from files that stay open for the next range.

use super::limits::{SFTP_HANDLES_MAX, SFTP_WINDOW_BYTES};
use super::packet::{Code, READ, Request, Type};
use super::status::expect;
use super::{Live, SftpStore};
use crate::{Error, Kind, Result, locked};

/// A file that is open, and how long it is.
struct Open {
    name: String,
    handle: Vec<u8>,
    len: u64,
}

/// Files that nobody reads from just now, the one used last at the end.
#[derive(Default)]
pub(super) struct Handles {
    open: Vec<Open>,
    /// Counts deletions: what was in use meanwhile does not come back.
    deletions: u64,
}

impl SftpStore {
    /// `get` for a name known to be good.
    pub(super) fn get_checked(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        let live = self.live()?;
        let (open, deletions) = self.open_file(&live, name)?;
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > open.len) {
            let text = format!("read {name} in {}: it ends before {} bytes from {offset}", self.url, buf.len());
            give_back(&live, open, deletions);
            return Err(Error::new(Kind::Truncated, text));
        }
        self.read_range(&live, &open, offset, buf)?;
        give_back(&live, open, deletions);
        Ok(())
    }

    fn open_file(&self, live: &Live, name: &str) -> Result<(Open, u64)> {
        {
            let mut handles = locked(&live.handles);
            if let Some(at) = handles.open.iter().position(|open| open.name == name) {
                return Ok((handles.open.remove(at), handles.deletions));
            }
        }
        let deletions = locked(&live.handles).deletions;
        let (session, path, what) = (&live.session, self.path(name), format!("read {name}"));
        let mut call = session.call();
        let look = call.send(&Request::new(Type::Lstat).string(&path), &[])?;
        call.send(&Request::new(Type::Open).string(&path).u32(READ).u32(0), &[])?;
        let (first, second) = (call.next()?, call.next()?);
        let (looked, opened) = if first.0 == look { (first.1, second.1) } else { (second.1, first.1) };
        let opened = expect(session, opened, Type::Handle)?;
        let attrs = match expect(session, looked, Type::Attrs)? {
            Ok(reply) => reply.read().attrs().ok_or_else(|| session.nonsense("attributes"))?,
            Err(refused) => {
                close(live, opened.ok());
                return Err(self.refusal(live, &what, &refused));
            }
        };
        if !attrs.is_file() {
            close(live, opened.ok());
            return Err(self.no_object(&what));
        }
        let opened = opened.map_err(|refused| self.refusal(live, &what, &refused))?;
        let handle = opened.read().string().ok_or_else(|| session.nonsense("a handle"))?.to_vec();
        let len = attrs.size.ok_or_else(|| session.nonsense("a file without a length"))?;
        Ok((Open { name: name.to_owned(), handle, len }, deletions))
    }

    /// Fills `buf`, in whatever order the pieces come; a piece that comes short is asked for again from there on.
    fn read_range(&self, live: &Live, open: &Open, offset: u64, buf: &mut [u8]) -> Result<()> {
        let (session, piece) = (&live.session, live.read_bytes);
        let at_once = (SFTP_WINDOW_BYTES / piece).max(1);
        let mut call = session.call();
        // What was asked for: number, where in `buf`, how much.
        let mut asked: Vec<(u32, usize, usize)> = Vec::with_capacity(at_once);
        let mut missing = Vec::new();
        let mut next = 0;
        while next < buf.len() || !missing.is_empty() || !asked.is_empty() {
            while asked.len() < at_once {
                let (at, want) = match missing.pop() {
                    Some(part) => part,
                    None if next < buf.len() => (next, (buf.len() - next).min(piece)),
                    None => break,
                };
                next = next.max(at + want);
                let request = Request::new(Type::Read).string(&open.handle).u64(offset + at as u64);
                let number = call.send(&request.u32(u32::try_from(want).unwrap_or(u32::MAX)), &[])?;
                asked.push((number, at, want));
            }
            let (number, reply) = call.next()?;
            let Some(place) = asked.iter().position(|(known, ..)| *known == number) else {
                return Err(session.nonsense("a reply that nobody asked for"));
            };
            let (_, at, want) = asked.swap_remove(place);
            let reply = match expect(session, reply, Type::Data)? {
                Ok(reply) => reply,
                Err(refused) if refused.code == Code::Eof => {
                    let text = format!("read {} in {}: it ends before {}", open.name, self.url, open.len);
                    return Err(Error::new(Kind::Truncated, text));
                }
                Err(refused) => return Err(self.refusal(live, &format!("read {}", open.name), &refused)),
            };
            let data = reply.read().string().filter(|data| !data.is_empty() && data.len() <= want);
            let data = data.ok_or_else(|| session.nonsense("a piece of another length"))?;
            buf[at..at + data.len()].copy_from_slice(data);
            if data.len() < want {
                missing.push((at + data.len(), want - data.len()));
            }
        }
        Ok(())
    }

    /// `stat` for a name known to be good.
    pub(super) fn stat_checked(&self, name: &str) -> Result<u64> {
        let live = self.live()?;
        let what = format!("look at {name}");
        match self.attrs(&live.session, &self.path(name))? {
            Ok(attrs) if attrs.is_file() => attrs.size.ok_or_else(|| live.session.nonsense("a file without a length")),
            Ok(_) => Err(self.no_object(&what)),
            Err(refused) => Err(self.refusal(&live, &what, &refused)),
        }
    }

    /// `delete` for a name known to be good.
    pub(super) fn delete_checked(&self, name: &str) -> Result<()> {
        let live = self.live()?;
        let (session, path, what) = (&live.session, self.path(name), format!("delete {name}"));
        let reply = session.ask(&Request::new(Type::Remove).string(&path))?;
        let done = expect(session, reply, Type::Status)?;
        let mut handles = locked(&live.handles);
        handles.deletions += 1;
        let gone: Vec<Open> = handles.open.extract_if(.., |open| open.name == name).collect();
        drop(handles);
        gone.iter().for_each(|open| live.session.tell(&Request::new(Type::Close).string(&open.handle)));
        match done {
            Ok(_) => Ok(()),
            // Servers have several words for "that is a folder".
            Err(refused) if refused.code != Code::NoSuchFile => match self.attrs(session, &path)? {
                Ok(attrs) if attrs.is_folder() => Err(self.no_object(&what)),
                _ => Err(self.refusal(&live, &what, &refused)),
            },
            Err(refused) => Err(self.refusal(&live, &what, &refused)),
        }
    }

    fn no_object(&self, what: &str) -> Error {
        Error::new(Kind::NotFound, format!("{what} in {}: no such object", self.url))
    }
}

fn close(live: &Live, opened: Option<super::packet::Reply>) {
    if let Some(handle) = opened.as_ref().and_then(|reply| reply.read().string()) {
        live.session.tell(&Request::new(Type::Close).string(handle));
    }
}

/// Keeps a file open for the next range, in the place of the one that was used longest ago.
fn give_back(live: &Live, open: Open, deletions: u64) {
    let mut handles = locked(&live.handles);
    let mut out = None;
    if handles.deletions == deletions {
        handles.open.push(open);
        if handles.open.len() > SFTP_HANDLES_MAX {
            out = Some(handles.open.remove(0));
        }
    } else {
        out = Some(open);
    }
    drop(handles);
    if let Some(open) = out {
        live.session.tell(&Request::new(Type::Close).string(&open.handle));
    }
}
