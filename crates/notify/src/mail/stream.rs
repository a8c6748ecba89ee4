//! A connection to a mail server: with one end in time for everything, and lines of a bounded length.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::limits::{CONNECT, SMTP_LINE_BYTES_MAX};

/// TCP until a moment: a server that says a byte a second is not waited for any longer than one that is silent.
struct Timed {
    tcp: TcpStream,
    end: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        left(self.end)
    }
}

fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.left()?))?;
        self.tcp.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

enum Inner {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// A connection.
pub(super) struct Stream {
    inner: Inner,
    /// What was read and not yet asked for.
    ahead: Vec<u8>,
}

impl Stream {
    /// Connects to one of the host's addresses.
    pub(super) fn connect(host: &str, port: u16, end: Instant) -> io::Result<Self> {
        let mut last = io::Error::other("no such host, or no name server");
        let connected_by = Instant::now() + CONNECT;
        for address in resolve(host, port, CONNECT.min(left(end)?))? {
            match left(connected_by.min(end)).and_then(|time| TcpStream::connect_timeout(&address, time)) {
                Ok(tcp) => return Ok(Self { inner: Inner::Plain(Timed { tcp, end }), ahead: Vec::new() }),
                Err(err) => last = err,
            }
        }
        Err(last)
    }

    /// From here on encrypted, with a server that `config` trusts as `host`.
    pub(super) fn into_tls(self, config: Arc<ClientConfig>, host: &str) -> io::Result<Self> {
        // What is there already nobody has signed for (CVE-2011-0411 and its like).
        if !self.ahead.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it says more before TLS than it may"));
        }
        let Inner::Plain(timed) = self.inner else { return Ok(self) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(ClientConnection::new(config, name).map_err(io::Error::other)?, timed);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Self { inner: Inner::Tls(Box::new(tls)), ahead: Vec::new() })
    }

    /// A line without its end.
    pub(super) fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
            if self.ahead.len() > SMTP_LINE_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "what it says is no SMTP"));
            }
            let mut buffer = [0; 512];
            let count = match &mut self.inner {
                Inner::Plain(stream) => stream.read(&mut buffer)?,
                Inner::Tls(stream) => stream.read(&mut buffer)?,
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.ahead.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let out: &mut dyn Write = match &mut self.inner {
            Inner::Plain(stream) => stream,
            Inner::Tls(stream) => stream,
        };
        out.write_all(bytes)?;
        out.flush()
    }
}

/// The system's resolver has no end in time, so it is waited for and then left to itself.
fn resolve(host: &str, port: u16, time: Duration) -> io::Result<Vec<SocketAddr>> {
    let (tell, hear) = mpsc::channel();
    let host = host.to_owned();
    std::thread::Builder::new().name("resolve".into()).spawn(move || {
        let _ = tell.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
    })?;
    let found: io::Result<Vec<SocketAddr>> = hear.recv_timeout(time).map_err(|_| io::ErrorKind::TimedOut)?;
    found.map_err(|_| io::Error::other("no such host, or no name server"))
}
