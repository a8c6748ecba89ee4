//! Files and folders that a client has open.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use super::limits::SERVE_HANDLES_MAX;
use super::path::Name;
use super::reply::{FAILURE, Refusal};

/// A file, and what may be done with it.
pub(super) struct File {
    pub(super) fd: OwnedFd,
    /// The folder that its name is in, to be made durable with it.
    pub(super) folder: OwnedFd,
    pub(super) name: Name,
    /// It was made by this handle, and its content is not settled yet.
    pub(super) writable: bool,
}

/// What a handle stands for.
pub(super) enum Open {
    File(File),
    Folder(rustix::fs::Dir),
}

/// Numbers for what is open; none is used twice.
#[derive(Default)]
pub(super) struct Handles {
    open: HashMap<u64, Open>,
    next: u64,
}

impl Handles {
    /// Before anything is opened.
    pub(super) fn room(&self) -> Result<(), Refusal> {
        if self.open.len() < SERVE_HANDLES_MAX {
            return Ok(());
        }
        Err(Refusal(FAILURE, "too many open files; close some".to_owned()))
    }

    pub(super) fn add(&mut self, open: Open) -> [u8; 8] {
        self.next += 1;
        self.open.insert(self.next, open);
        self.next.to_be_bytes()
    }

    pub(super) fn get(&mut self, handle: &[u8]) -> Result<&mut Open, Refusal> {
        number(handle).and_then(|number| self.open.get_mut(&number)).ok_or_else(unknown)
    }

    pub(super) fn file(&mut self, handle: &[u8]) -> Result<&mut File, Refusal> {
        match self.get(handle)? {
            Open::File(file) => Ok(file),
            Open::Folder(_) => Err(Refusal(FAILURE, "it is a folder".to_owned())),
        }
    }

    pub(super) fn close(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        number(handle).and_then(|number| self.open.remove(&number)).map(drop).ok_or_else(unknown)
    }

    /// From now on nobody writes to the file that was made under this name.
    pub(super) fn settle(&mut self, name: &Name) {
        for open in self.open.values_mut() {
            if let Open::File(file) = open
                && file.name == *name
            {
                file.writable = false;
            }
        }
    }
}

fn number(handle: &[u8]) -> Option<u64> {
    handle.try_into().ok().map(u64::from_be_bytes)
}

fn unknown() -> Refusal {
    Refusal(FAILURE, "there is no such handle".to_owned())
}
