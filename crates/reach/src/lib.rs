//! Reaching others over the network, with an end in time.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod dns;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;
const STACK_BYTES: usize = 128 << 10;

/// When something has to be done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The earlier of this and `time` from now.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self(self.0.min(Instant::now() + time))
    }

    /// What is left.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] when nothing is.
    pub fn left(self) -> io::Result<Duration> {
        match self.0.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }
}

/// The addresses of `host`, a name or an address, with or without brackets. The system's resolver knows no deadline, so
/// it is left behind when it takes too long.
///
/// # Errors
///
/// Where there is none, or not in time.
pub fn resolve(host: &str, port: u16, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (send, receive) = mpsc::channel();
    let target = (host.to_owned(), port);
    thread::Builder::new().name("resolve".into()).stack_size(STACK_BYTES).spawn(move || {
        let found = target.to_socket_addrs().map(|found| found.take(ADDRESSES_MAX).collect());
        let _ = send.send(found);
    })?;
    let found: Vec<_> = receive.recv_timeout(deadline.left()?).map_err(|_| io::ErrorKind::TimedOut)??;
    if found.is_empty() { Err(io::ErrorKind::HostUnreachable.into()) } else { Ok(found) }
}

/// `host:port`, with brackets around an IPv6 address; `port` where none is given.
///
/// # Errors
///
/// That it is none.
pub fn split(text: &str, port: Option<u16>) -> Result<(String, u16), String> {
    let bad = || format!("{text:?} is no host:port");
    let only_host = text.parse::<std::net::Ipv6Addr>().is_ok() || !text.contains(':') || text.ends_with(']');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, digits)) if !only_host => (host, Some(digits.parse().map_err(|_| bad())?)),
        _ => (text, port),
    };
    match (host.trim_start_matches('[').trim_end_matches(']'), port) {
        ("", _) | (_, None) => Err(bad()),
        (host, Some(port)) => Ok((host.to_owned(), port)),
    }
}

/// An error for people, without its number.
#[must_use]
pub fn plain(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".into(),
        _ => err.to_string().split(" (os error").next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (text, port, expected) in [
            ("a.example:53", None, Some(("a.example", 53))),
            ("a.example", Some(80), Some(("a.example", 80))),
            ("[2001:db8::1]:53", None, Some(("2001:db8::1", 53))),
            ("2001:db8::1", Some(53), Some(("2001:db8::1", 53))),
            ("[2001:db8::1]", Some(53), Some(("2001:db8::1", 53))),
            ("a.example", None, None),
            ("a.example:port", Some(1), None),
            (":53", None, None),
        ] {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(split(text, port).ok(), expected, "{text}");
        }
    }

    #[test]
    fn addresses_need_no_resolver() {
        let deadline = Deadline::after(Duration::from_secs(1));
        assert_eq!(resolve("[::1]", 5, deadline).unwrap(), ["[::1]:5".parse().unwrap()]);
        assert!(Deadline::after(Duration::ZERO).left().is_err());
    }
}
