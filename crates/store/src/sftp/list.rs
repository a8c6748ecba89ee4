//! Listing: one answer of the server at a time for each level of folders.

use super::packet::{Attrs, Code, Fields, Reply, Request, Type};
use super::status::expect;
use super::{Live, SftpStore};
use crate::limits::NAME_BYTES_MAX;
use crate::name::is_component;
use crate::{Entry, Result};

type Each<'a> = &'a mut dyn FnMut(&Entry) -> Result<()>;

/// What stands in an answer: names with their attributes.
struct Names<'a> {
    left: u32,
    fields: Fields<'a>,
}

impl<'a> Iterator for Names<'a> {
    /// `None` inside where the answer ends too soon.
    type Item = Option<(&'a [u8], Attrs)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let item = (|| {
            let name = self.fields.string()?;
            self.fields.string()?;
            Some((name, self.fields.attrs()?))
        })();
        if item.is_none() {
            self.left = 0;
        }
        Some(item)
    }
}

impl SftpStore {
    /// Calls `each` for all objects below `prefix`, which is known to be good.
    pub(super) fn list_checked(&self, prefix: &str, each: Each<'_>) -> Result<()> {
        let live = self.live()?;
        let mut entry = Entry { name: prefix.to_owned(), len: 0 };
        self.walk(&live, &mut entry, each)
    }

    /// Depth is bounded by the length of a name.
    fn walk(&self, live: &Live, entry: &mut Entry, each: Each<'_>) -> Result<()> {
        let session = &live.session;
        let base = entry.name.len();
        let path = match entry.name.strip_suffix('/') {
            Some(folder) => self.path(folder),
            None => self.url.path.clone(),
        };
        let reply = session.ask(&Request::new(Type::OpenDir).string(&path))?;
        let handle = match expect(session, reply, Type::Handle)? {
            Ok(reply) => reply.read().string().ok_or_else(|| session.nonsense("a handle"))?.to_vec(),
            Err(refused) if refused.code == Code::NoSuchFile => return Ok(()),
            Err(refused) => return Err(self.refusal(live, &format!("list {:?}", entry.name), &refused)),
        };
        let done = self.read_all(live, &handle, base, entry, each);
        session.tell(&Request::new(Type::Close).string(&handle));
        entry.name.truncate(base);
        done
    }

    fn read_all(&self, live: &Live, handle: &[u8], base: usize, entry: &mut Entry, each: Each<'_>) -> Result<()> {
        let session = &live.session;
        let next = Request::new(Type::ReadDir).string(handle);
        loop {
            let reply = match expect(session, session.ask(&next)?, Type::Name)? {
                Ok(reply) => reply,
                Err(refused) if refused.code == Code::Eof => return Ok(()),
                Err(refused) => {
                    return Err(self.refusal(live, &format!("list {:?}", &entry.name[..base]), &refused));
                }
            };
            let mut fields = reply.read();
            let left = fields.u32().ok_or_else(|| session.nonsense("a listing"))?;
            for item in (Names { left, fields }) {
                let (name, attrs) = item.ok_or_else(|| session.nonsense("a listing"))?;
                self.visit(live, name, attrs, base, entry, each)?;
            }
        }
    }

    /// One thing in a folder: an object, a folder, or nothing of ours.
    fn visit(
        &self,
        live: &Live,
        name: &[u8],
        mut attrs: Attrs,
        base: usize,
        entry: &mut Entry,
        each: Each<'_>,
    ) -> Result<()> {
        let good = is_component(name) && base + name.len() <= NAME_BYTES_MAX;
        let Some(leaf) = std::str::from_utf8(name).ok().filter(|_| good) else { return Ok(()) };
        entry.name.truncate(base);
        entry.name.push_str(leaf);
        if attrs.mode.is_none() || attrs.size.is_none() {
            // Some servers say less in listings.
            match self.attrs(&live.session, &self.path(&entry.name))? {
                Ok(more) => attrs = more,
                Err(_) => return Ok(()),
            }
        }
        if attrs.is_folder() {
            entry.name.push('/');
            return self.walk(live, entry, each);
        }
        if attrs.is_file() {
            entry.len = attrs.size.unwrap_or(0);
            each(entry)?;
        }
        Ok(())
    }

    /// Removes the folder at `path` and what is in it, once for each answer of the server, because it changes meanwhile.
    pub(super) fn remove_below(&self, live: &Live, path: &[u8]) -> Result<()> {
        let session = &live.session;
        while let Some(reply) = self.first_names(live, path)? {
            let mut fields = reply.read();
            let left = fields.u32().unwrap_or(0);
            let mut removed = false;
            for item in (Names { left, fields }) {
                let (name, attrs) = item.ok_or_else(|| session.nonsense("a listing"))?;
                if name == b"." || name == b".." {
                    continue;
                }
                let full = [path, b"/", name].concat();
                if attrs.is_folder() {
                    self.remove_below(live, &full)?;
                } else {
                    let reply = session.ask(&Request::new(Type::Remove).string(&full))?;
                    if let Err(refused) = expect(session, reply, Type::Status)? {
                        return Err(self.refusal(live, "remove a file", &refused));
                    }
                }
                removed = true;
            }
            if !removed {
                break;
            }
        }
        let reply = session.ask(&Request::new(Type::RmDir).string(path))?;
        match expect(session, reply, Type::Status)? {
            Ok(_) => Ok(()),
            Err(refused) => Err(self.refusal(live, "remove a folder", &refused)),
        }
    }

    /// Calls `each` for everything in one folder.
    pub(super) fn names_in(&self, live: &Live, path: &[u8], each: &mut dyn FnMut(&[u8], &Attrs)) -> Result<()> {
        let session = &live.session;
        let reply = session.ask(&Request::new(Type::OpenDir).string(path))?;
        let Ok(reply) = expect(session, reply, Type::Handle)? else { return Ok(()) };
        let handle = reply.read().string().ok_or_else(|| session.nonsense("a handle"))?.to_vec();
        while let Ok(reply) = expect(session, session.ask(&Request::new(Type::ReadDir).string(&handle))?, Type::Name)? {
            let mut fields = reply.read();
            let left = fields.u32().unwrap_or(0);
            for item in (Names { left, fields }) {
                let (name, attrs) = item.ok_or_else(|| session.nonsense("a listing"))?;
                each(name, &attrs);
            }
        }
        session.tell(&Request::new(Type::Close).string(&handle));
        Ok(())
    }

    fn first_names(&self, live: &Live, path: &[u8]) -> Result<Option<Reply>> {
        let session = &live.session;
        let reply = session.ask(&Request::new(Type::OpenDir).string(path))?;
        let Ok(reply) = expect(session, reply, Type::Handle)? else { return Ok(None) };
        let handle = reply.read().string().ok_or_else(|| session.nonsense("a handle"))?;
        let names = session.ask(&Request::new(Type::ReadDir).string(handle))?;
        session.tell(&Request::new(Type::Close).string(handle));
        Ok(expect(session, names, Type::Name)?.ok())
    }
}
