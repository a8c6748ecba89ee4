//! Commands. Those of class 1 are plain and harmless to repeat, so that a button can send them; all others are signed.

use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::{Hex, NodeId, ObjectId, unhex};

/// Of a command: anything longer is refused unread.
pub const COMMAND_BYTES_MAX: usize = 24 << 10;
/// Of a chain of certificates in one, as PEM: four have some 8 KiB. As JSON it takes little more.
pub const CHAIN_BYTES_MAX: usize = 16 << 10;
/// Seconds that a signed command may be valid for: what is captured is soon useless.
pub const VALID_SECONDS_MAX: i64 = 3600;
/// Seconds that the two clocks may differ by.
pub const SKEW_SECONDS_MAX: i64 = 120;
const SIGNATURE_DIGITS: usize = 128;

const _: () = assert!(CHAIN_BYTES_MAX + CHAIN_BYTES_MAX / 4 < COMMAND_BYTES_MAX);
const PURPOSE: &[u8] = b"atalaya command 1\n";

/// What anybody who may write to the topic can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Read everything and tell it again.
    Refresh,
    /// Run a backup job now; all of them without a name.
    Backup(Option<String>),
}

impl Plain {
    /// `None` for names that are no plain command. Home Assistant's buttons send `PRESS`.
    #[must_use]
    pub fn parse(name: &str, payload: &[u8]) -> Option<Result<Self, &'static str>> {
        let words = std::str::from_utf8(payload).map(str::trim);
        match (name, words) {
            ("refresh", _) => Some(Ok(Self::Refresh)),
            ("backup", Ok("" | "PRESS")) => Some(Ok(Self::Backup(None))),
            ("backup", Ok(job)) if job.len() <= 64 && !job.chars().any(char::is_control) => {
                Some(Ok(Self::Backup(Some(job.to_owned()))))
            }
            ("backup", _) => Some(Err("the payload is the name of a job, or nothing for all of them")),
            _ => None,
        }
    }
}

/// A command that only the sidecar can give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// For whom: a command for one node means nothing to another.
    pub node: String,
    /// What to do; the same as in the topic.
    pub command: String,
    /// Rises with every command of this sidecar.
    pub seq: u64,
    /// Seconds since 1970 after which it means nothing.
    pub expires: i64,
    /// What it is about.
    #[serde(default)]
    pub args: serde_json::Value,
}

/// What a signed command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Stop the backup that runs, if it is this job's: `{"job": "photos"}`, or any without a job.
    Stop(Option<String>),
    /// Forget hardware that is gone: `{"object": "disk/WD-1"}`; its view and its id.
    Dismiss(String, ObjectId),
    /// Install a certificate: `{"certificate": "web", "chain": "-----BEGIN …"}`; the one of that name that was asked for.
    Certificate(String, String),
}

impl Order {
    /// What `command` asks for.
    ///
    /// # Errors
    ///
    /// If no command is called so, or it lacks what it is about.
    pub fn of(command: &Signed) -> Result<Self, Refusal> {
        let word = |key: &str| command.args.get(key).and_then(serde_json::Value::as_str);
        match command.command.as_str() {
            "stop" => Ok(Self::Stop(word("job").map(str::to_owned))),
            "dismiss" => {
                let parts = word("object").and_then(|object| object.split_once('/'));
                let parts = parts.and_then(|(kind, id)| Some((kind.to_owned(), ObjectId::parse(id)?)));
                let (kind, id) = parts.ok_or(Refusal::Malformed("args lack an object such as disk/WD-1"))?;
                Ok(Self::Dismiss(kind, id))
            }
            "certificate" => {
                let (name, chain) = (word("certificate"), word("chain"));
                let parts = name.zip(chain.filter(|chain| chain.len() <= CHAIN_BYTES_MAX));
                let (name, chain) = parts.ok_or(Refusal::Malformed("args lack a certificate or its chain"))?;
                Ok(Self::Certificate(name.to_owned(), chain.to_owned()))
            }
            _ => Err(Refusal::Unknown),
        }
    }
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was kept by the broker, from nobody knows when.
    Retained,
    /// No command has this name.
    Unknown,
    /// It came too soon after the last of its kind.
    TooSoon,
    /// Not what such a command looks like.
    Malformed(&'static str),
    /// Nobody may give such commands: the agent was told no sidecar's key.
    NoKey,
    /// Not signed, or by somebody else.
    Unsigned,
    /// For another node or another topic.
    Misdirected,
    /// Its time is over, or would be too long.
    Expired,
    /// Not newer than the last.
    Replayed,
    /// It cannot be remembered, so it might be done twice.
    Forgetful,
}

impl Refusal {
    /// For people.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Retained => "it was retained; send commands without retaining them",
            Self::Unknown => "there is no such command",
            Self::TooSoon => "one like it was done a moment ago",
            Self::Malformed(why) => why,
            Self::NoKey => "no sidecar's key is configured, so none may command",
            Self::Unsigned => "its signature is not that of the configured sidecar",
            Self::Misdirected => "it is for another node or another command",
            Self::Expired => "its time is over, or longer than an hour",
            Self::Replayed => "it is not newer than the last one",
            Self::Forgetful => "it cannot be remembered here, so it might be done twice",
        }
    }
}

impl Signed {
    /// The bytes to publish: a line with the signature of all that follows, then the command as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn seal(&self, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Vec<u8>, serde_json::Error> {
        let body = serde_json::to_vec(self)?;
        let signature = sign(&signed_bytes(&body));
        let mut out = format!("{}\n", Hex(&signature)).into_bytes();
        out.extend(body);
        Ok(out)
    }

    /// Reads and judges what came on the topic of command `name`. `last` is the sequence of the last that was done.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn open(bytes: &[u8], key: &[u8; 32], node: &NodeId, name: &str, now: i64, last: u64) -> Result<Self, Refusal> {
        let malformed = Refusal::Malformed("it is a line with a signature, then JSON");
        if bytes.len() > COMMAND_BYTES_MAX {
            return Err(Refusal::Malformed("it is too long"));
        }
        let (line, body) = bytes.split_at_checked(SIGNATURE_DIGITS).ok_or(Refusal::Unsigned)?;
        let body = body.strip_prefix(b"\n").ok_or(Refusal::Unsigned)?;
        let signature = std::str::from_utf8(line).ok().and_then(unhex).ok_or(Refusal::Unsigned)?;
        let public = UnparsedPublicKey::new(&ED25519, key);
        public.verify(&signed_bytes(body), &signature).map_err(|_| Refusal::Unsigned)?;
        let command: Self = serde_json::from_slice(body).map_err(|_| malformed)?;
        if command.node != node.as_str() || command.command != name {
            return Err(Refusal::Misdirected);
        }
        if now - SKEW_SECONDS_MAX > command.expires || command.expires > now + VALID_SECONDS_MAX + SKEW_SECONDS_MAX {
            return Err(Refusal::Expired);
        }
        if command.seq <= last { Err(Refusal::Replayed) } else { Ok(command) }
    }
}

fn signed_bytes(body: &[u8]) -> Vec<u8> {
    [PURPOSE, body].concat()
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn keys() -> (Ed25519KeyPair, [u8; 32]) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        (pair, public)
    }

    #[test]
    fn signed_commands_are_judged() {
        let (pair, key) = keys();
        let sign = |bytes: &[u8]| pair.sign(bytes).as_ref().try_into().unwrap();
        let node: NodeId = "nas".parse().unwrap();
        let command = Signed {
            node: "nas".into(),
            command: "restore".into(),
            seq: 7,
            expires: 1000,
            args: serde_json::json!({}),
        };
        let sealed = command.seal(sign).unwrap();
        let open = |bytes: &[u8], name: &str, now: i64, last: u64| Signed::open(bytes, &key, &node, name, now, last);
        assert_eq!(open(&sealed, "restore", 990, 6), Ok(command.clone()));
        assert_eq!(open(&sealed, "restore", 990, 7), Err(Refusal::Replayed));
        assert_eq!(open(&sealed, "prune", 990, 6), Err(Refusal::Misdirected));
        assert_eq!(open(&sealed, "restore", 1121, 6), Err(Refusal::Expired));
        assert_eq!(open(&sealed, "restore", -9000, 6), Err(Refusal::Expired));
        assert_eq!(Signed::open(&sealed, &[9; 32], &node, "restore", 990, 6), Err(Refusal::Unsigned));
        assert_eq!(
            Signed::open(&sealed, &key, &"other".parse().unwrap(), "restore", 990, 6),
            Err(Refusal::Misdirected)
        );
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(open(&other, "restore", 990, 6).is_err(), "{at}");
            assert!(open(&sealed[..at], "restore", 990, 6).is_err(), "{at}");
        }
        assert_eq!(open(br#"{"command":"restore"}"#, "restore", 990, 6), Err(Refusal::Unsigned));
    }

    #[test]
    fn orders_are_read() {
        let order = |command: &str, args: serde_json::Value| {
            let command = command.to_owned();
            Order::of(&Signed { node: String::new(), command, seq: 1, expires: 0, args })
        };
        assert_eq!(order("stop", serde_json::json!({})), Ok(Order::Stop(None)));
        assert_eq!(order("stop", serde_json::json!({ "job": "a" })), Ok(Order::Stop(Some("a".into()))));
        let disk = order("dismiss", serde_json::json!({ "object": "disk/WD-1" }));
        assert_eq!(disk, Ok(Order::Dismiss("disk".into(), ObjectId::of("WD-1"))));
        assert!(order("dismiss", serde_json::json!({ "object": "disk" })).is_err());
        let chain = |length: usize| serde_json::json!({ "certificate": "web", "chain": "x".repeat(length) });
        let longest = Order::Certificate("web".into(), "x".repeat(CHAIN_BYTES_MAX));
        assert_eq!(order("certificate", chain(CHAIN_BYTES_MAX)), Ok(longest));
        assert!(order("certificate", chain(CHAIN_BYTES_MAX + 1)).is_err());
        assert!(order("certificate", serde_json::json!({ "chain": "x" })).is_err());
        assert_eq!(order("restore", serde_json::json!({})), Err(Refusal::Unknown));
    }

    #[test]
    fn plain_commands_are_read() {
        assert_eq!(Plain::parse("refresh", b"PRESS"), Some(Ok(Plain::Refresh)));
        assert_eq!(Plain::parse("backup", b"PRESS"), Some(Ok(Plain::Backup(None))));
        assert_eq!(Plain::parse("backup", b" photos "), Some(Ok(Plain::Backup(Some("photos".into())))));
        assert!(Plain::parse("backup", &[0xff]).unwrap().is_err());
        assert!(Plain::parse("backup", "x".repeat(65).as_bytes()).unwrap().is_err());
        assert_eq!(Plain::parse("restore", b""), None);
    }
}
