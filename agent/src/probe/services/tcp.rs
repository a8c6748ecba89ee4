//! Ports that should take connections.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Verdict;
use atalaya_reach::{Deadline, plain, resolve, split};

/// Connects to the first of the addresses that answers, and hangs up.
pub(super) fn ask(address: &str, timeout: Duration) -> Verdict {
    let (host, port) = match split(address, None) {
        Ok(place) => place,
        Err(why) => return Verdict::unknown(why),
    };
    let deadline = Deadline::after(timeout);
    let addresses = match resolve(&host, port, deadline) {
        Ok(addresses) => addresses,
        Err(err) => return Verdict::down(format!("cannot resolve {host}: {}", plain(&err))),
    };
    let mut problem = String::new();
    for address in addresses {
        let started = Instant::now();
        match deadline.left().and_then(|left| TcpStream::connect_timeout(&address, left)) {
            Ok(_) => {
                let (up, latency) = (Some(true), Some(started.elapsed()));
                return Verdict { up, latency, state: Some("connected".into()), ..Verdict::default() };
            }
            Err(err) => problem = plain(&err),
        }
    }
    Verdict::down(format!("cannot connect to {address}: {problem}"))
}
