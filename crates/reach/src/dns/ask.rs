//! One question to one server: by UDP from a random port with a random number, twice, then by TCP if the answer is long.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::codec::{Question, Reply, decode, encode};
use crate::{Deadline, plain};

/// How long a server may take each time.
const WAIT: Duration = Duration::from_millis(1500);
const TRIES: usize = 2;
/// Datagrams that are no answer to the question, before a server counts as silent.
const STRANGERS_MAX: usize = 32;
const UDP_BYTES_MAX: usize = 4096;
const TCP_BYTES_MAX: usize = 16 << 10;

/// Asks servers until `deadline`. One that was silent is not asked again.
pub struct Asker {
    deadline: Deadline,
    silent: Vec<SocketAddr>,
}

impl Asker {
    /// Nobody is asked yet.
    #[must_use]
    pub const fn new(deadline: Deadline) -> Self {
        Self { deadline, silent: Vec::new() }
    }

    /// Until when.
    #[must_use]
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// What `server` says.
    ///
    /// # Errors
    ///
    /// Why there is no answer, in words.
    pub fn ask(&mut self, server: SocketAddr, question: &Question, recursive: bool) -> Result<Reply, String> {
        if self.silent.contains(&server) {
            return Err(format!("{server} does not answer"));
        }
        let told = |err: std::io::Error| format!("{server}: {}", plain(&err));
        for _ in 0..TRIES {
            match self.udp(server, question, recursive) {
                Ok(Some(reply)) if reply.truncated => return self.tcp(server, question, recursive).map_err(told),
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(err) if matches!(err.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock) => {}
                Err(err) => return Err(told(err)),
            }
        }
        self.silent.push(server);
        Err(format!("{server} does not answer"))
    }

    fn udp(&self, server: SocketAddr, question: &Question, recursive: bool) -> std::io::Result<Option<Reply>> {
        let deadline = self.deadline.within(WAIT);
        let (id, bytes) = numbered(question, recursive)?;
        // The kernel picks the port at random, and hands a connected socket only what this server sent.
        let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0; 16], 0).into() };
        let socket = UdpSocket::bind(any)?;
        socket.connect(server)?;
        socket.send(&bytes)?;
        let mut room = vec![0; UDP_BYTES_MAX];
        for _ in 0..STRANGERS_MAX {
            socket.set_read_timeout(Some(deadline.left()?))?;
            let length = socket.recv(&mut room)?;
            if let Some(reply) = decode(&room[..length], id, question) {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn tcp(&self, server: SocketAddr, question: &Question, recursive: bool) -> std::io::Result<Reply> {
        let deadline = self.deadline.within(2 * WAIT);
        let (id, bytes) = numbered(question, recursive)?;
        let mut stream = TcpStream::connect_timeout(&server, deadline.left()?)?;
        stream.set_write_timeout(Some(deadline.left()?))?;
        let length = u16::try_from(bytes.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?;
        stream.write_all(&[&length.to_be_bytes()[..], &bytes].concat())?;
        let mut head = [0; 2];
        fill(&mut stream, &mut head, deadline)?;
        let length = usize::from(u16::from_be_bytes(head));
        if length > TCP_BYTES_MAX {
            return Err(std::io::Error::other("its answer is too long"));
        }
        let mut room = vec![0; length];
        fill(&mut stream, &mut room, deadline)?;
        let reply = decode(&room, id, question).filter(|reply| !reply.truncated);
        reply.ok_or_else(|| std::io::Error::other("it answers something else than was asked"))
    }
}

/// A server that sends a byte now and then does not outlast the deadline.
fn fill(stream: &mut TcpStream, mut room: &mut [u8], deadline: Deadline) -> std::io::Result<()> {
    while !room.is_empty() {
        stream.set_read_timeout(Some(deadline.left()?))?;
        match stream.read(room)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            length => room = &mut room[length..],
        }
    }
    Ok(())
}

fn numbered(question: &Question, recursive: bool) -> std::io::Result<(u16, Vec<u8>)> {
    let mut id = [0; 2];
    SystemRandom::new().fill(&mut id).map_err(|_| std::io::Error::other("there are no random numbers"))?;
    let id = u16::from_be_bytes(id);
    let bytes = encode(id, question, recursive);
    bytes.map(|bytes| (id, bytes)).ok_or_else(|| std::io::Error::other(format!("{:?} is no name", question.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::server::{Asked, Server, address};
    use crate::dns::{Code, Data, Kind};

    fn ask(server: &Server) -> Result<Reply, String> {
        let question = Question::new("home.ddns.net", Kind::A);
        Asker::new(Deadline::after(Duration::from_secs(4))).ask(server.address, &question, true)
    }

    fn good(asked: &Asked) -> Vec<u8> {
        asked.reply(&[address("home.ddns.net", "203.0.113.7")])
    }

    #[test]
    fn the_answer_is_found_among_what_strangers_send() {
        let server = Server::start(|asked| {
            let mut other_id = good(asked);
            other_id[0] ^= 1;
            let mut other_name = good(asked);
            other_name[13] ^= 1;
            vec![b"garbage".to_vec(), Vec::new(), other_id, other_name, good(asked)]
        });
        let reply = ask(&server).unwrap();
        assert_eq!(reply.answers[0].data, Data::Address([203, 0, 113, 7].into()));
        assert_eq!((reply.code, reply.answers[0].ttl), (Code::Good, 60));
    }

    #[test]
    fn a_truncated_answer_is_asked_for_by_tcp() {
        let server = Server::start(|asked| {
            if asked.tcp {
                return vec![good(asked)];
            }
            let mut cut = good(asked);
            cut[2] |= 2;
            cut.truncate(20);
            vec![cut]
        });
        assert_eq!(ask(&server).unwrap().answers.len(), 1);
    }

    #[test]
    fn servers_that_misbehave_are_told_in_time() {
        let truncated = |asked: &Asked| {
            let mut cut = good(asked);
            cut[2] |= 2;
            vec![cut]
        };
        let started = std::time::Instant::now();
        let silent = Server::start(|_| Vec::new());
        assert!(ask(&silent).unwrap_err().contains("does not answer"));
        let chatty = Server::start(|_| vec![b"no".to_vec(); 100]);
        assert!(ask(&chatty).unwrap_err().contains("does not answer"));
        // By TCP: again truncated, another number, nothing at all.
        let again = Server::start(truncated);
        assert!(ask(&again).unwrap_err().contains("something else"));
        let other =
            Server::start(move |asked| if asked.tcp { vec![b"garbage garbage".to_vec()] } else { truncated(asked) });
        assert!(ask(&other).unwrap_err().contains("something else"));
        let hangs_up = Server::start(move |asked| if asked.tcp { Vec::new() } else { truncated(asked) });
        assert!(ask(&hangs_up).is_err());
        assert!(started.elapsed() < Duration::from_secs(12));
    }
}
