//! A name server for tests, which says whatever a test wants, by UDP and TCP.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;

use simple_dns::rdata::{A, AAAA, CNAME, NS, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

/// What was asked.
pub struct Asked {
    bytes: Vec<u8>,
    /// Of which name.
    pub name: String,
    /// What of it.
    pub kind: TYPE,
    /// Whether it should ask others.
    pub recursive: bool,
    /// Whether by TCP.
    pub tcp: bool,
}

/// A name, and what is there.
pub type Row = (String, RData<'static>);

/// An address of either family.
#[must_use]
pub fn address(name: &str, address: &str) -> Row {
    let data = match address.parse().unwrap() {
        IpAddr::V4(a) => RData::A(A { address: a.into() }),
        IpAddr::V6(a) => RData::AAAA(AAAA { address: a.into() }),
    };
    (name.into(), data)
}

/// Another name.
#[must_use]
pub fn alias(name: &str, to: &str) -> Row {
    (name.into(), RData::CNAME(CNAME(Name::new(to).unwrap().into_owned())))
}

/// A server of a zone.
#[must_use]
pub fn serves(zone: &str, server: &str) -> Row {
    (zone.into(), RData::NS(NS(Name::new(server).unwrap().into_owned())))
}

impl Asked {
    fn new(bytes: &[u8], tcp: bool) -> Self {
        let packet = Packet::parse(bytes).unwrap();
        let QTYPE::TYPE(kind) = packet.questions[0].qtype else { panic!("an odd question") };
        let recursive = packet.has_flags(PacketFlag::RECURSION_DESIRED);
        Self { bytes: bytes.to_vec(), name: packet.questions[0].qname.to_string(), kind, recursive, tcp }
    }

    /// Those of `rows` that answer, and an alias if there is one, for sixty seconds.
    #[must_use]
    pub fn reply(&self, rows: &[Row]) -> Vec<u8> {
        let mut packet = Packet::parse(&self.bytes).unwrap().into_reply();
        packet.set_flags(PacketFlag::RESPONSE);
        if !self.recursive {
            packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
        }
        if !rows.iter().any(|(name, _)| *name == self.name || name.ends_with(&format!(".{}", self.name))) {
            *packet.rcode_mut() = RCODE::NameError;
        }
        for (name, data) in rows.iter().filter(|(name, _)| *name == self.name) {
            if data.type_code() == self.kind || data.type_code() == TYPE::CNAME {
                let name = Name::new(name).unwrap();
                packet.answers.push(ResourceRecord::new(name, CLASS::IN, 60, data.clone()));
            }
        }
        packet.build_bytes_vec().unwrap()
    }
}

/// It, until the program ends.
pub struct Server {
    /// Where it is, by UDP and TCP.
    pub address: SocketAddr,
}

impl Server {
    /// Sends what `answer` says: datagrams, or one message a connection.
    pub fn start(answer: impl Fn(&Asked) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let by_udp = Arc::clone(&answer);
        thread::spawn(move || {
            let mut room = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut room) {
                for bytes in by_udp(&Asked::new(&room[..length], false)) {
                    let _ = udp.send_to(&bytes, from);
                }
            }
        });
        thread::spawn(move || {
            for mut stream in tcp.incoming().flatten() {
                let mut room = [0; 512];
                let length = stream.read(&mut room).unwrap();
                for bytes in answer(&Asked::new(&room[2..length], true)) {
                    let head = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                    let _ = stream.write_all(&[&head[..], &bytes].concat());
                }
            }
        });
        Self { address }
    }
}
