//! A client that sends what it is told, right or wrong, and reads what comes: over anything that is read and written.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What a client says of itself.
#[derive(Clone)]
pub(crate) struct Hello {
    pub(crate) version: u8,
    pub(crate) id: String,
    pub(crate) user: Option<(String, Vec<u8>)>,
    pub(crate) clean: bool,
    pub(crate) will: Option<(String, Vec<u8>, bool)>,
    /// Seconds; MQTT 5 only.
    pub(crate) expiry: u32,
    /// Seconds that the will waits; MQTT 5 only.
    pub(crate) delay: u32,
}

impl Hello {
    pub(crate) fn new(id: &str) -> Self {
        Self { version: 5, id: id.into(), user: None, clean: true, will: None, expiry: 0, delay: 0 }
    }

    pub(crate) fn user(mut self, name: &str, password: &str) -> Self {
        self.user = Some((name.into(), password.as_bytes().to_vec()));
        self
    }

    pub(crate) fn will(mut self, topic: &str, payload: &str, retain: bool) -> Self {
        self.will = Some((topic.into(), payload.as_bytes().to_vec(), retain));
        self
    }

    pub(crate) fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut flags = u8::from(self.clean) << 1;
        let mut body = text("MQTT");
        let mut rest = text(&self.id);
        if let Some((topic, payload, retain)) = &self.will {
            flags |= 0x04 | 0x08 | u8::from(*retain) << 5;
            if self.version == 5 {
                rest.extend([5, 0x18]);
                rest.extend(self.delay.to_be_bytes());
            }
            rest.extend(text(topic));
            rest.extend(data(payload));
        }
        if let Some((user, password)) = &self.user {
            flags |= 0xc0;
            rest.extend(text(user));
            rest.extend(data(password));
        }
        body.extend([self.version, flags, 0, 60]);
        if self.version == 5 {
            body.extend([5, 0x11]);
            body.extend(self.expiry.to_be_bytes());
        }
        body.extend(rest);
        packet(0x10, &body)
    }
}

pub(crate) fn data(bytes: &[u8]) -> Vec<u8> {
    let mut out = (bytes.len() as u16).to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

fn text(text: &str) -> Vec<u8> {
    data(text.as_bytes())
}

pub(crate) fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    let mut left = body.len();
    loop {
        let byte = (left % 128) as u8;
        left /= 128;
        out.push(if left > 0 { byte | 0x80 } else { byte });
        if left == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) retained: bool,
    /// User properties.
    pub(crate) user: Vec<(String, String)>,
}

pub(crate) struct Client<S> {
    pub(crate) stream: S,
    version: u8,
    next: u16,
    heard: Vec<Heard>,
}

pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Client<TcpStream> {
    /// Connects, and must be let in.
    pub(crate) fn join(address: SocketAddr, hello: &Hello) -> Self {
        Self::over(tcp(address), hello).unwrap_or_else(|code| panic!("{} was refused: {code:#x}", hello.id))
    }
}

impl<S: Read + Write> Client<S> {
    /// The reason code if it is refused; 0xff if the connection is closed without one.
    pub(crate) fn over(mut stream: S, hello: &Hello) -> Result<Self, u8> {
        if stream.write_all(&hello.bytes()).is_err() {
            return Err(0xff);
        }
        let mut client = Self { stream, version: hello.version, next: 0, heard: Vec::new() };
        match client.read() {
            Some((0x20, body)) if body[1] == 0 => Ok(client),
            Some((0x20, body)) => Err(body[1]),
            _ => Err(0xff),
        }
    }

    /// The next packet; none if the connection has ended.
    pub(crate) fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut byte = [0];
        self.fill(&mut byte)?;
        let kind = byte[0];
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            self.fill(&mut byte)?;
            length |= usize::from(byte[0] & 0x7f) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.fill(&mut body)?;
        Some((kind, body))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Option<()> {
        match self.stream.read_exact(buffer) {
            Ok(()) => Some(()),
            Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => panic!("nothing came"),
            Err(_) => None,
        }
    }

    /// Reads until an answer of this kind comes, keeping messages. None if the connection has ended.
    fn answer(&mut self, wanted: u8) -> Option<Vec<u8>> {
        loop {
            let (kind, body) = self.read()?;
            match kind & 0xf0 {
                0x30 => self.take(kind, &body),
                kind if kind == wanted => return Some(body),
                0xe0 => return None,
                _ => panic!("{kind:#x} instead of {wanted:#x}"),
            }
        }
    }

    fn take(&mut self, kind: u8, body: &[u8]) {
        let cut = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
        let mut at = 2 + cut(0);
        let topic = String::from_utf8(body[2..at].to_vec()).unwrap();
        if kind & 0x06 != 0 {
            let ack = packet(0x40, &body[at..at + 2]);
            let _ = self.stream.write_all(&ack);
            at += 2;
        }
        let mut user = Vec::new();
        if self.version == 5 {
            let (length, used) = (
                usize::from(body[at] & 0x7f) | if body[at] & 0x80 != 0 { usize::from(body[at + 1]) << 7 } else { 0 },
                1 + usize::from(body[at] >> 7),
            );
            let end = at + used + length;
            at += used;
            while at < end && body[at] == 0x26 {
                let name = 3 + at..3 + at + cut(at + 1);
                let value = name.end + 2..name.end + 2 + cut(name.end);
                at = value.end;
                let text = |range: std::ops::Range<usize>| String::from_utf8(body[range].to_vec()).unwrap();
                user.push((text(name), text(value)));
            }
            assert_eq!(at, end, "a property this client does not know");
        }
        self.heard.push(Heard { topic, payload: body[at..].to_vec(), retained: kind & 1 == 1, user });
    }

    /// Publishes with QoS 1: the reason code, or 0xff if the connection was closed instead.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], retain: bool) -> u8 {
        self.publish_with(topic, payload, retain, &[])
    }

    /// `user`: user properties.
    pub(crate) fn publish_with(&mut self, topic: &str, payload: &[u8], retain: bool, user: &[(&str, &str)]) -> u8 {
        if self.send(topic, payload, 1, retain, user).is_err() {
            return 0xff;
        }
        let Some(body) = self.answer(0x40) else { return 0xff };
        assert!(self.version == 5 || body.len() == 2, "a PUBACK of 3.1.1 has two bytes: {body:?}");
        body.get(2).copied().unwrap_or(0)
    }

    /// Sends a PUBLISH and waits for nothing.
    pub(crate) fn send(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: u8,
        retain: bool,
        user: &[(&str, &str)],
    ) -> std::io::Result<()> {
        let mut body = text(topic);
        if qos > 0 {
            self.next += 1;
            body.extend(self.next.to_be_bytes());
        }
        if self.version == 5 {
            let properties: Vec<u8> =
                user.iter().flat_map(|(name, value)| [vec![0x26], text(name), text(value)].concat()).collect();
            body.push(properties.len() as u8);
            body.extend(properties);
        }
        body.extend(payload);
        self.stream.write_all(&packet(0x30 | qos << 1 | u8::from(retain), &body))
    }

    /// Subscribes with QoS 1: the reason code, or 0xff if the connection was closed instead.
    pub(crate) fn subscribe(&mut self, filter: &str) -> u8 {
        self.next += 1;
        let mut body = self.next.to_be_bytes().to_vec();
        if self.version == 5 {
            body.push(0);
        }
        body.extend(text(filter));
        body.push(1);
        if self.stream.write_all(&packet(0x82, &body)).is_err() {
            return 0xff;
        }
        self.answer(0x90).and_then(|body| body.last().copied()).unwrap_or(0xff)
    }

    /// Waits until the broker has taken all that was sent.
    pub(crate) fn settle(&mut self) {
        if self.stream.write_all(&[0xc0, 0]).is_ok() {
            self.answer(0xd0);
        }
    }

    /// All that is on its way with QoS 1 to this client, who hears everything and may say it.
    pub(crate) fn all(&mut self) -> Vec<Heard> {
        assert_eq!(self.publish("marker", b"", false), 0);
        std::iter::from_fn(|| Some(self.next())).take_while(|heard| heard.topic != "marker").collect()
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Heard {
        while self.heard.is_empty() {
            let (kind, body) = self.read().expect("the connection ended");
            if kind & 0xf0 == 0x30 {
                self.take(kind, &body);
            }
        }
        self.heard.remove(0)
    }

    /// Whether the other side ends the connection, whatever it says before.
    pub(crate) fn is_thrown_out(&mut self) -> bool {
        while let Some((kind, _)) = self.read() {
            if kind & 0xf0 == 0xe0 {
                return true;
            }
        }
        true
    }
}
