//! The other end: a folder served over standard input and output to whoever logs in, who may add to it and nothing else.
//!
//! SFTP version 3, as much of it as clients need to store and to read, so that every client works as it is. What stock
//! servers cannot do is the point of it: a file is made only where there is none, its content can be written only until it
//! has its name or is closed, and nothing that has a name is removed, renamed, or opened for writing. `docs/stores.md` says
//! what is promised. One message at a time is read, done and answered; memory is one message and a bounded table.

mod answer;
mod files;
mod handles;
mod limits;
mod listing;
mod path;
mod reply;
mod scratch;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::io::{Read, Write};
use std::path::Path;

use super::packet::{self, Fields};
use crate::{Error, Kind, Result};
use answer::Server;
use reply::Reply;

/// What is offered beside version 3, and that nothing can be deleted here.
const OFFERS: [(&[u8], &[u8]); 4] = [
    (b"fsync@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
    (b"limits@openssh.com", b"1"),
    (super::offers::APPEND_ONLY, b"1"),
];

const INIT: u8 = 1;
const VERSION: u8 = 2;

/// Serves the folder `root` to a client that says its requests in `from` and hears answers in `to`, until it hangs up.
///
/// # Errors
/// `Kind::NotFound` and others where there is no such folder; `Kind::Io` when the client breaks off, or speaks something
/// else.
pub fn serve(root: &Path, mut from: impl Read, mut to: impl Write) -> Result<()> {
    let mut server = Server::open(root)?;
    let mut message = Vec::new();
    match next(&mut from, &mut message)? {
        Some(INIT) => {}
        None => return Ok(()),
        Some(_) => return Err(nonsense("it does not begin as SFTP does")),
    }
    let mut version = Reply::new(VERSION).u32(3);
    for (name, data) in OFFERS {
        version = version.string(name).string(data);
    }
    version.send(&mut to)?;
    while let Some(kind) = next(&mut from, &mut message)? {
        let mut fields = Fields::of(&message);
        let number = fields.u32().ok_or_else(|| nonsense("a message without a number"))?;
        server.answer(kind, number, fields).send(&mut to)?;
    }
    Ok(())
}

/// The type of the next message, whose fields are put in the place of those before; nothing at the end.
fn next(from: &mut impl Read, message: &mut Vec<u8>) -> Result<Option<u8>> {
    let mut prefix = [0; 4];
    let broken = |err: std::io::Error| Error::new(Kind::Io, format!("read from the client: {err}"));
    // A client hangs up between two messages.
    match from.read(&mut prefix[..1]).map_err(broken)? {
        0 => return Ok(None),
        _ => from.read_exact(&mut prefix[1..]).map_err(broken)?,
    }
    let len = packet::length(prefix).ok_or_else(|| nonsense("a message that is empty or too long"))?;
    let mut kind = [0];
    from.read_exact(&mut kind).map_err(broken)?;
    message.resize(len - 1, 0);
    from.read_exact(message).map_err(broken)?;
    Ok(Some(kind[0]))
}

fn nonsense(what: &str) -> Error {
    Error::new(Kind::Io, format!("the client cannot be understood: {what}"))
}
