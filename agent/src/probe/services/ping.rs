//! Pings without privilege: the kernel's ping sockets, which it grants to the groups in `net.ipv4.ping_group_range`.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with};

use super::Verdict;
use atalaya_reach::{Deadline, plain, resolve};

/// Echo and its answer, of IPv4 and IPv6.
const KINDS: [(u8, u8); 2] = [(8, 0), (128, 129)];
/// Header, whose last two bytes are the number, and bytes by which an answer is known to be ours.
const PACKET_BYTES: usize = 24;
const MARK_AT: usize = 6;
/// Answers to something else that are passed over.
const STRANGERS_MAX: usize = 64;

/// Pings the first address of `host`.
pub(super) fn ask(host: &str, timeout: Duration) -> Verdict {
    let deadline = Deadline::after(timeout);
    let address = match resolve(host, 0, deadline).map(|found| found.first().copied()) {
        Ok(Some(address)) => address,
        Ok(None) => return Verdict::down(format!("cannot resolve {host}")),
        Err(err) => return Verdict::down(format!("cannot resolve {host}: {}", plain(&err))),
    };
    let socket = match open(address) {
        Ok(socket) => socket,
        Err(Errno::ACCESS | Errno::PERM) => {
            return Verdict::unknown("may not ping: needs the agent's group in sysctl net.ipv4.ping_group_range");
        }
        Err(err) => return Verdict::unknown(format!("cannot ping: {}", plain(&err.into()))),
    };
    match exchange(&socket, address, deadline) {
        Ok(latency) => {
            Verdict { up: Some(true), state: Some("answers".into()), latency: Some(latency), ..Verdict::default() }
        }
        Err(err) => Verdict::down(format!("{host} does not answer: {}", plain(&err))),
    }
}

fn open(address: SocketAddr) -> Result<UdpSocket, Errno> {
    let (family, protocol) =
        if address.is_ipv4() { (AddressFamily::INET, ipproto::ICMP) } else { (AddressFamily::INET6, ipproto::ICMPV6) };
    let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, Some(protocol))?;
    Ok(socket.into())
}

/// The kernel fills in the id and the checksum, and hands us only answers to that id.
fn exchange(socket: &UdpSocket, address: SocketAddr, deadline: Deadline) -> io::Result<Duration> {
    let (echo, answer) = KINDS[usize::from(address.is_ipv6())];
    let mut packet = [0; PACKET_BYTES];
    packet[0] = echo;
    SystemRandom::new().fill(&mut packet[MARK_AT..]).map_err(|_| io::ErrorKind::Other)?;
    socket.connect(address)?;
    let started = Instant::now();
    socket.send(&packet)?;
    let mut room = [0; 256];
    for _ in 0..STRANGERS_MAX {
        socket.set_read_timeout(Some(deadline.left()?))?;
        let length = socket.recv(&mut room)?;
        if is_answer(&room[..length], answer, &packet[MARK_AT..]) {
            return Ok(started.elapsed());
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn is_answer(bytes: &[u8], kind: u8, mark: &[u8]) -> bool {
    bytes.first() == Some(&kind) && bytes.get(MARK_AT..) == Some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_answer_counts() {
        let mark = [7; PACKET_BYTES - MARK_AT];
        let mut bytes = vec![0; MARK_AT];
        bytes.extend(mark);
        assert!(is_answer(&bytes, 0, &mark));
        assert!(!is_answer(&bytes, 129, &mark) && !is_answer(&bytes[..20], 0, &mark) && !is_answer(&[], 0, &mark));
        bytes[10] ^= 1;
        assert!(!is_answer(&bytes, 0, &mark));
    }

    /// Where the kernel lets nobody ping, that is told, and is not taken for silence.
    #[test]
    fn the_machine_answers_itself_or_says_what_is_missing() {
        let verdict = ask("127.0.0.1", Duration::from_secs(2));
        match verdict.up {
            Some(up) => assert!(up && verdict.latency.is_some(), "{verdict:?}"),
            None => assert!(verdict.problem.unwrap().contains("ping")),
        }
    }
}
