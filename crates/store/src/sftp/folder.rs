//! The folder that everything lies in, the file system below it, and folders within.

use super::limits::{SFTP_DATA_BYTES_MAX, SFTP_DATA_BYTES_SAFE, SFTP_FULL_BYTES};
use super::packet::{Attrs, Code, Request, Type};
use super::session::Session;
use super::status::{Refused, expect};
use super::{Live, SftpStore};
use crate::{Error, Kind, Result, locked};

/// Where files are that have no name yet. A leading dot is in no object's name.
pub(super) const UNFINISHED: &str = ".tmp";

/// What a file system says of itself.
pub(super) struct Room {
    free: u64,
    nodes_free: u64,
    nodes: u64,
    id: u64,
    pub(super) read_only: bool,
}

impl Room {
    /// No bytes or no inodes; file systems without inodes say that there are none at all.
    pub(super) fn is_full(&self) -> bool {
        self.free < SFTP_FULL_BYTES || (self.nodes > 0 && self.nodes_free == 0)
    }
}

/// How many bytes a read and a write may have.
pub(super) fn lengths(session: &Session) -> Result<(usize, usize)> {
    if !session.offers.limits {
        return Ok((SFTP_DATA_BYTES_SAFE, SFTP_DATA_BYTES_SAFE));
    }
    let reply = session.ask(&Request::extended("limits@openssh.com"))?;
    let Ok(reply) = expect(session, reply, Type::ExtendedReply)? else {
        return Ok((SFTP_DATA_BYTES_SAFE, SFTP_DATA_BYTES_SAFE));
    };
    let mut fields = reply.read();
    // The longest packet, read and write; 0 is "not said".
    let mut length = || {
        let said = fields.u64().and_then(|said| usize::try_from(said).ok()).unwrap_or(0);
        if said == 0 { SFTP_DATA_BYTES_SAFE } else { said.min(SFTP_DATA_BYTES_MAX) }
    };
    let _packet = length();
    Ok((length(), length()))
}

impl SftpStore {
    /// Looks whether the folder is there, and gives the number of its file system.
    pub(super) fn look_at_root(&self, session: &Session) -> Result<Option<u64>> {
        let shown = &self.url;
        match self.attrs(session, &self.url.path)? {
            Ok(attrs) if attrs.is_folder() => {}
            // A link to a folder is one.
            Ok(_) if self.is_folder_behind(session)? => {}
            Ok(_) => {
                return Err(Error::new(
                    Kind::BadName,
                    format!("{shown} is not a folder; name the repository's folder"),
                ));
            }
            Err(refused) if refused.code == Code::NoSuchFile => {
                return Err(Error::new(Kind::NotFound, format!("{shown}: no such folder on the server")));
            }
            Err(_) => {
                return Err(Error::new(
                    Kind::Denied,
                    format!("cannot use {shown}: permission denied; give the user of the login the right"),
                ));
            }
        }
        Ok(self.room_of(session)?.map(|room| room.id))
    }

    fn is_folder_behind(&self, session: &Session) -> Result<bool> {
        let reply = session.ask(&Request::new(Type::OpenDir).string(&self.url.path))?;
        let Ok(reply) = expect(session, reply, Type::Handle)? else { return Ok(false) };
        if let Some(handle) = reply.read().string() {
            session.tell(&Request::new(Type::Close).string(handle));
        }
        Ok(true)
    }

    /// Makes the store's own folder, unless it is there.
    pub(super) fn make_root(&self, live: &Live) -> Result<()> {
        let session = &live.session;
        let refused = match expect(session, session.ask(&make(&self.url.path))?, Type::Status)? {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        if self.attrs(session, &self.url.path)?.is_ok() {
            return Ok(());
        }
        if refused.code == Code::NoSuchFile {
            let text = format!(
                "cannot use {}: the folder above it is not there; mount the server's disk, or make that folder",
                self.url
            );
            return Err(Error::new(Kind::NotFound, text));
        }
        Err(self.refusal(live, "make a folder", &refused))
    }

    /// Makes the folder `folder` below the store's own and those above it; what is there already is left.
    pub(super) fn make_folders(&self, live: &Live, folder: &str) -> Result<()> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for path in ends.map(|end| &folder[..end]).filter(|path| !path.is_empty()) {
            let full = self.path(path);
            let reply = live.session.ask(&make(&full))?;
            if let Err(refused) = expect(&live.session, reply, Type::Status)?
                && self.attrs(&live.session, &full)?.is_err()
            {
                return Err(self.refusal(live, &format!("make folder {path}"), &refused));
            }
        }
        Ok(())
    }

    /// Attributes of a file, a folder or a link itself.
    pub(super) fn attrs(&self, session: &Session, path: &[u8]) -> Result<std::result::Result<Attrs, Refused>> {
        let reply = session.ask(&Request::new(Type::Lstat).string(path))?;
        match expect(session, reply, Type::Attrs)? {
            Ok(reply) => reply.read().attrs().map(Ok).ok_or_else(|| session.nonsense("attributes")),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// What the file system says, where the server passes that on.
    pub(super) fn room_of(&self, session: &Session) -> Result<Option<Room>> {
        if !session.offers.statvfs {
            return Ok(None);
        }
        let reply = session.ask(&Request::extended("statvfs@openssh.com").string(&self.url.path))?;
        let Ok(reply) = expect(session, reply, Type::ExtendedReply)? else { return Ok(None) };
        let mut fields = reply.read();
        // bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid, flag, namemax
        let mut values = [0; 10];
        for value in &mut values {
            *value = fields.u64().ok_or_else(|| session.nonsense("a file system"))?;
        }
        let [_, unit, _, _, free, nodes, _, nodes_free, id, flags] = values;
        Ok(Some(Room { free: free.saturating_mul(unit), nodes_free, nodes, id, read_only: flags & 1 != 0 }))
    }

    /// Bytes that the user of the login may still write.
    pub(super) fn room(&self) -> Result<Option<u64>> {
        Ok(self.room_of(&self.live()?.session)?.map(|room| room.free))
    }

    /// Makes the store empty, for whoever tries something in a store of its own.
    ///
    /// # Errors
    /// Something in it cannot be removed.
    pub fn start_over(&self) -> Result<()> {
        self.remove_all()?;
        locked(&self.unsynced).clear();
        let live = self.live()?;
        self.make_root(&live)
    }

    /// Removes the store's own folder with all that is in it; for stores that were made to try something.
    ///
    /// # Errors
    /// Something in it cannot be removed.
    pub fn remove_all(&self) -> Result<()> {
        let live = self.live()?;
        *locked(&live.handles) = super::Handles::default();
        self.remove_below(&live, &self.url.path)
    }
}

pub(super) fn make(path: &[u8]) -> Request {
    Request::new(Type::MkDir).string(path).mode(0o700)
}
