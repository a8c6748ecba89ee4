//! DNS messages, as much of them as is asked. The bytes are `simple-dns`' work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, TYPE};

/// Records of an answer that are looked at.
const RECORDS_MAX: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// A zone's servers.
    Ns,
    /// Texts.
    Txt,
}

impl Kind {
    const fn code(self) -> TYPE {
        match self {
            Self::A => TYPE::A,
            Self::Aaaa => TYPE::AAAA,
            Self::Ns => TYPE::NS,
            Self::Txt => TYPE::TXT,
        }
    }
}

/// Of what name, in lower case and without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: String,
    /// What of it.
    pub kind: Kind,
}

impl Question {
    /// In lower case, and without the dot.
    #[must_use]
    pub fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.trim_end_matches('.').to_ascii_lowercase(), kind }
    }
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Whether that is an answer at all.
    pub code: Code,
    /// It speaks for the zone.
    pub authoritative: bool,
    /// The rest has to be asked for by TCP.
    pub truncated: bool,
    /// In the order in which they came.
    pub answers: Vec<Record>,
    /// The zone whose beginning stands in the answer, where there was nothing else to say.
    pub zone: Option<String>,
}

/// How a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Code {
    /// It is.
    #[default]
    Good,
    /// There is no such name, of no type.
    NoSuchName,
    /// Such as `ServerFailure`.
    Bad(String),
}

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub name: String,
    /// For how many seconds it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An address, of either family.
    Address(IpAddr),
    /// A server of the zone.
    Server(String),
    /// The name that it is really called.
    Alias(String),
    /// A text, its parts put together.
    Text(String),
}

/// A question as bytes; `None` where the name is none.
pub(super) fn encode(id: u16, question: &Question, recursive: bool) -> Option<Vec<u8>> {
    // An empty or endless label is left out or cut by the library, and another name would be asked for.
    let good = |label: &str| (1..=63).contains(&label.len());
    if question.name.len() > 253 || !question.name.split('.').all(good) {
        return None;
    }
    let mut packet = Packet::new_query(id);
    if recursive {
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    let name = Name::new(&question.name).ok()?;
    let kind = QTYPE::TYPE(question.kind.code());
    packet.questions.push(simple_dns::Question::new(name, kind, CLASS::IN.into(), false));
    packet.build_bytes_vec().ok()
}

/// An answer to exactly this question; `None` for anything else, which a stranger may have sent.
pub(super) fn decode(bytes: &[u8], id: u16, question: &Question) -> Option<Reply> {
    let header = bytes.get(..12)?;
    let (number, flags) = (u16::from_be_bytes([header[0], header[1]]), header[2]);
    if number != id || flags & 0x80 == 0 {
        return None;
    }
    // What was cut off may be anything, but that it was cut is worth knowing.
    let truncated = flags & 0x02 != 0;
    if truncated {
        return Some(Reply { truncated, ..Reply::default() });
    }
    let packet = Packet::parse(bytes).ok()?;
    let [asked] = &packet.questions[..] else { return None };
    let same = lower(&asked.qname) == question.name && asked.qtype == QTYPE::TYPE(question.kind.code());
    if !same {
        return None;
    }
    let code = match packet.rcode() {
        RCODE::NoError => Code::Good,
        RCODE::NameError => Code::NoSuchName,
        other => Code::Bad(format!("{other:?}")),
    };
    let answers = packet.answers.iter().take(RECORDS_MAX).filter_map(record).collect();
    let zone = packet.name_servers.iter().find(|record| matches!(record.rdata, RData::SOA(_)));
    let zone = zone.map(|record| lower(&record.name));
    let authoritative = packet.has_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    Some(Reply { code, authoritative, truncated, answers, zone })
}

fn record(record: &simple_dns::ResourceRecord<'_>) -> Option<Record> {
    let data = match &record.rdata {
        RData::A(a) => Data::Address(Ipv4Addr::from(a.address).into()),
        RData::AAAA(a) => Data::Address(Ipv6Addr::from(a.address).into()),
        RData::NS(name) => Data::Server(lower(&name.0)),
        RData::CNAME(name) => Data::Alias(lower(&name.0)),
        RData::TXT(text) => Data::Text(String::try_from(text.clone()).ok()?),
        _ => return None,
    };
    Some(Record { name: lower(&record.name), ttl: record.ttl, data })
}

fn lower(name: &Name<'_>) -> String {
    name.to_string().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::{SecureRandom, SystemRandom};

    #[test]
    fn bytes_from_anywhere_never_panic() {
        let question = Question::new("home.ddns.net.", Kind::A);
        let asked = encode(7, &question, true).unwrap();
        assert!(decode(&asked, 7, &question).is_none(), "a question is no answer");
        let mut answer = asked.clone();
        answer[2] |= 0x80;
        assert_eq!(decode(&answer, 7, &question), Some(Reply::default()));
        assert!(decode(&answer, 8, &question).is_none());
        assert!(decode(&answer, 7, &Question::new("home.ddns.net", Kind::Aaaa)).is_none());
        assert!(decode(&answer, 7, &Question::new("other.ddns.net", Kind::A)).is_none());
        for end in 0..answer.len() {
            assert!(decode(&answer[..end], 7, &question).is_none(), "cut at {end}");
        }
        let mut noise = vec![0; 300];
        for round in 0..2000 {
            SystemRandom::new().fill(&mut noise).unwrap();
            let keep = answer.len().min(12 + round % 40);
            noise[..keep].copy_from_slice(&answer[..keep]);
            (noise[4], noise[5]) = (0, (round % 3) as u8);
            let _ = decode(&noise, 7, &question);
        }
    }

    #[test]
    fn names_that_are_none_are_not_asked() {
        for name in ["a..b", &"x".repeat(64), &"a.".repeat(200)] {
            assert!(encode(1, &Question { name: name.into(), kind: Kind::A }, true).is_none(), "{name}");
        }
    }
}
