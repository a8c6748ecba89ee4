//! What is done about each message.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags, fstatvfs, openat};

use super::handles::Handles;
use super::limits::{SERVE_DATA_BYTES_MAX, SERVE_HANDLES_MAX};
use super::path::{Name, open_folder};
use super::reply::{BAD_MESSAGE, OK, Refusal, Reply, UNSUPPORTED, only_adds};
use super::scratch::Scratch;
use crate::sftp::limits::SFTP_PACKET_BYTES_MAX;
use crate::sftp::packet::Fields;
use crate::{Error, Result};

/// An answer, or why there is none.
pub(super) type Done = std::result::Result<Reply, Refusal>;

const EXTENDED_REPLY: u8 = 201;

/// One client's view of the folder.
pub(super) struct Server {
    pub(super) root: OwnedFd,
    pub(super) handles: Handles,
    pub(super) scratch: Scratch,
}

impl Server {
    pub(super) fn open(root: &Path) -> Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, root, flags, Mode::empty())
            .map_err(|err| Error::io(&format!("cannot serve {}", root.display()), &err.into()))?;
        Ok(Self { root, handles: Handles::default(), scratch: Scratch::default() })
    }

    /// Types are those of the draft, section 3.
    pub(super) fn answer(&mut self, kind: u8, number: u32, fields: Fields<'_>) -> Reply {
        let nothing = |()| Reply::status(number, &Refusal(OK, String::new()));
        let done = match kind {
            3 => self.open_file(number, fields),
            4 => self.close(fields).map(nothing),
            5 => self.read(number, fields),
            6 => self.write(fields).map(nothing),
            7 | 17 => self.look(number, fields),
            8 => self.look_at_open(number, fields),
            9 | 10 => Err(only_adds("change modes, owners or times")),
            11 => self.open_dir(number, fields),
            12 => self.read_dir(number, fields),
            13 => self.remove(fields).map(nothing),
            14 => self.make_dir(fields).map(nothing),
            15 => self.remove_dir(fields).map(nothing),
            16 => self.real_path(number, fields),
            18 => self.rename(fields).map(nothing),
            19 | 20 => Err(only_adds("make or read links")),
            200 => self.extended(number, fields),
            _ => Err(unsupported()),
        };
        done.unwrap_or_else(|refusal| Reply::status(number, &refusal))
    }

    fn close(&mut self, mut fields: Fields<'_>) -> std::result::Result<(), Refusal> {
        self.handles.close(fields.string().ok_or_else(Self::cut_short)?)
    }

    fn extended(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        match fields.string().ok_or_else(Self::cut_short)? {
            b"fsync@openssh.com" => self.sync(fields).map(|()| Reply::status(number, &Refusal(OK, String::new()))),
            b"statvfs@openssh.com" => self.room(number, fields),
            b"limits@openssh.com" => Ok(Reply::to(EXTENDED_REPLY, number)
                .u64(SFTP_PACKET_BYTES_MAX as u64)
                .u64(SERVE_DATA_BYTES_MAX as u64)
                .u64(SERVE_DATA_BYTES_MAX as u64)
                .u64(SERVE_HANDLES_MAX as u64)),
            _ => Err(unsupported()),
        }
    }

    fn room(&self, number: u32, mut fields: Fields<'_>) -> Done {
        let name = Name::parse(self.string(&mut fields)?)?;
        let room = fstatvfs(open_folder(&self.root, name.parts())?)?;
        let read_only = u64::from(room.f_flag.contains(StatVfsMountFlags::RDONLY));
        let values = [
            room.f_bsize,
            room.f_frsize,
            room.f_blocks,
            room.f_bfree,
            room.f_bavail,
            room.f_files,
            room.f_ffree,
            room.f_favail,
            room.f_fsid,
            read_only,
            room.f_namemax,
        ];
        Ok(values.into_iter().fold(Reply::to(EXTENDED_REPLY, number), Reply::u64))
    }

    pub(super) fn string<'a>(&self, fields: &mut Fields<'a>) -> std::result::Result<&'a [u8], Refusal> {
        fields.string().ok_or_else(Self::cut_short)
    }

    pub(super) fn cut_short() -> Refusal {
        Refusal(BAD_MESSAGE, "the message is cut short".to_owned())
    }
}

fn unsupported() -> Refusal {
    Refusal(UNSUPPORTED, "that is not done here".to_owned())
}
