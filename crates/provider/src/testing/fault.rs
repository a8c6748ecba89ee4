//! What a server does instead of what it should.

use std::io::{self, Write};
use std::time::Duration;

use super::server::Reply;

/// Once, for the next request that fits.
#[derive(Clone, Debug)]
pub enum Misbehave {
    /// Answers this status and body, and does nothing of what it was asked.
    Refuse(u16, String),
    /// As [`Misbehave::Refuse`], with a header besides.
    RefuseWith(u16, String, (String, String)),
    /// Does what it was asked, and answers this status.
    DoneBut(u16),
    /// Does what it was asked, and hangs up without an answer.
    DoneThenSilent,
    /// Does what it was asked, and sends half of its answer's body.
    Half,
    /// Does what it was asked, and hangs up when its answer, whole as it looks, should have gone on.
    Short,
    /// Hangs up before it does anything.
    HangUp,
    /// Waits so long before it answers, having done what it was asked.
    Slow(Duration),
    /// Does what it was asked, and answers what is no JSON.
    Nonsense,
    /// Answers so many MiB.
    Huge(usize),
    /// Sends whoever asks elsewhere.
    Redirect(String),
    /// Answers what is no HTTP.
    NoHttp,
}

impl Misbehave {
    /// Whether what was asked is done.
    pub(super) const fn does(&self) -> bool {
        matches!(
            self,
            Self::DoneBut(_) | Self::DoneThenSilent | Self::Half | Self::Short | Self::Slow(_) | Self::Nonsense
        )
    }

    /// Sends something in the place of `reply`.
    pub(super) fn send(&self, reply: &Reply, stream: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Refuse(status, body) => Reply::text(*status, body).send(stream),
            Self::RefuseWith(status, body, header) => {
                let mut reply = Reply::text(*status, body);
                reply.headers.push(header.clone());
                reply.send(stream)
            }
            Self::DoneBut(status) => Reply::text(*status, "").send(stream),
            Self::DoneThenSilent | Self::HangUp => Ok(()),
            Self::Half => {
                let mut bytes = Vec::new();
                reply.send(&mut bytes)?;
                let keep = bytes.len() - reply.body.len().div_ceil(2);
                stream.write_all(bytes.get(..keep).unwrap_or_default())
            }
            Self::Short => {
                let mut bytes = Vec::new();
                let body = [reply.body.as_slice(), &[b' '; 9]].concat();
                Reply { body, ..reply.clone() }.send(&mut bytes)?;
                stream.write_all(bytes.get(..bytes.len() - 9).unwrap_or_default())
            }
            Self::Slow(time) => {
                std::thread::sleep(*time);
                reply.send(stream)
            }
            Self::Nonsense => Reply { body: b"{\"result\": [}".to_vec(), ..reply.clone() }.send(stream),
            Self::Huge(mebibytes) => {
                stream
                    .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", mebibytes << 20).as_bytes())?;
                (0..*mebibytes).try_for_each(|_| stream.write_all(&vec![b' '; 1 << 20]))
            }
            Self::Redirect(to) => {
                let mut reply = Reply::text(302, "");
                reply.headers.push(("Location".into(), to.clone()));
                reply.send(stream)
            }
            Self::NoHttp => stream.write_all(b"220 smtp.example ESMTP\r\n"),
        }
    }
}
