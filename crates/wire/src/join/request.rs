//! What a node asks with a code, and what it is told. JSON; unknown keys are skipped, so that a newer side may say more.

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::{Code, KEY_BYTES, NAME_BYTES_MAX};
use crate::{Hex, NodeId, unhex};

const VERSION: u8 = 1;
const PURPOSE: &[u8] = b"atalaya join 1\n";

/// What a key on P-256 signs with, in ASN.1.
pub type Signature = Vec<u8>;

/// A node wants to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    version: u8,
    /// 32 hexadecimal digits.
    code: String,
    node: String,
    name: String,
    /// 130 hexadecimal digits.
    key: String,
    /// Of all the above by that key.
    signature: String,
}

/// A request that is what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joining {
    /// The code that it came with.
    pub code: Code,
    /// What it calls itself in topics.
    pub node: NodeId,
    /// What it calls itself for people.
    pub name: String,
    /// Its public key, which it has the other half of.
    pub key: [u8; KEY_BYTES],
}

impl Joining {
    /// What of a name for people can be said here.
    #[must_use]
    pub fn name_of(name: &str) -> String {
        let mut said = String::new();
        for c in name.chars().filter(|c| !c.is_control()) {
            if said.len() + c.len_utf8() > NAME_BYTES_MAX {
                break;
            }
            said.push(c);
        }
        said
    }
}

impl Request {
    /// A request of a node with this key. `sign` signs with its other half; `None` if it cannot.
    #[must_use]
    pub fn new(joining: &Joining, sign: impl FnOnce(&[u8]) -> Option<Signature>) -> Option<Self> {
        let signature = sign(&signed_bytes(joining))?;
        Some(Self {
            version: VERSION,
            code: Hex(&joining.code).to_string(),
            node: joining.node.as_str().to_owned(),
            name: joining.name.clone(),
            key: Hex(&joining.key).to_string(),
            signature: Hex(&signature).to_string(),
        })
    }

    /// What it says, once everything in it is looked at.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`], or [`Refusal::Newer`].
    pub fn check(&self) -> Result<Joining, Refusal> {
        if self.version != VERSION {
            return Err(if self.version > VERSION { Refusal::Newer } else { Refusal::Malformed });
        }
        let joining = self.read().ok_or(Refusal::Malformed)?;
        let signature = unhex(&self.signature).ok_or(Refusal::Malformed)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, joining.key);
        key.verify(&signed_bytes(&joining), &signature).map_err(|_| Refusal::Malformed)?;
        Ok(joining)
    }

    fn read(&self) -> Option<Joining> {
        let good = self.name.len() <= NAME_BYTES_MAX && !self.name.chars().any(char::is_control);
        Some(Joining {
            code: unhex(&self.code)?.try_into().ok()?,
            node: self.node.parse().ok()?,
            name: good.then(|| self.name.clone())?,
            key: unhex(&self.key)?.try_into().ok()?,
        })
    }
}

/// No two requests are signed over the same bytes: all but the name, which is last, have a length that shows.
fn signed_bytes(joining: &Joining) -> Vec<u8> {
    let Joining { code, node, name, key } = joining;
    [PURPOSE, code, key, node.as_str().as_bytes(), b"\n", name.as_bytes()].concat()
}

/// The node is let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The authority's certificate, in PEM.
    pub ca: String,
    /// The node's own, in PEM.
    pub certificate: String,
    /// Where it connects to, the most likely first, such as `mqtts://nas.lan:8883`.
    pub brokers: Vec<String>,
    /// Before every topic.
    pub prefix: String,
    /// Home Assistant's; empty where there is none.
    pub discovery_prefix: String,
    /// The key that signs commands: 64 hexadecimal digits.
    pub command_key: String,
}

/// The node is not let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub refused: Refusal,
    /// Seconds after which it can be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
    /// The node that the code is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(refused: Refusal) -> Self {
        Self { refused, wait_seconds: None, node: None }
    }
}

/// Why a node is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is no request, or is not signed by the key that it shows.
    Malformed,
    /// A newer version made it.
    Newer,
    /// Nobody gave out such a code.
    UnknownCode,
    /// It was used before.
    Used,
    /// Its time is over.
    Expired,
    /// The code is for another node.
    OtherNode,
    /// There is a node with this id already.
    Taken,
    /// There were too many tries from there.
    TooMany,
    /// The tower cannot write it down now.
    Busy,
    /// What a newer tower says.
    #[serde(other)]
    Other,
}

impl Refusal {
    /// The status of HTTP that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Newer | Self::Other => 400,
            Self::UnknownCode => 403,
            Self::OtherNode | Self::Taken => 409,
            Self::Used | Self::Expired => 410,
            Self::TooMany => 429,
            Self::Busy => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    fn request() -> (Joining, Request) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let joining = Joining {
            code: [3; 16],
            node: "nas".parse().unwrap(),
            name: "Sótano".into(),
            key: pair.public_key().as_ref().try_into().unwrap(),
        };
        let sign = |bytes: &[u8]| Some(pair.sign(&random, bytes).ok()?.as_ref().to_vec());
        let request = Request::new(&joining, sign).unwrap();
        (joining, request)
    }

    #[test]
    fn a_request_is_what_its_key_signed() {
        let (joining, request) = request();
        let json = serde_json::to_string(&request).unwrap();
        assert!(json.len() < super::super::REQUEST_BYTES_MAX / 4, "{}", json.len());
        let newer = json.replace("\"version\"", "\"more\":[1],\"version\"");
        assert_eq!(serde_json::from_str::<Request>(&newer).unwrap().check(), Ok(joining));
        for change in [
            |r: &mut Request| r.node = "other".into(),
            |r: &mut Request| r.node = "_sidecar".into(),
            |r: &mut Request| r.name = "Desván".into(),
            |r: &mut Request| r.name = "a\u{1b}[2J".into(),
            |r: &mut Request| r.name = "a".repeat(NAME_BYTES_MAX + 1),
            |r: &mut Request| r.code = Hex(&[4; 16]).to_string(),
            |r: &mut Request| r.code.push_str("00"),
            |r: &mut Request| r.key = Hex(&[4; KEY_BYTES]).to_string(),
            |r: &mut Request| r.key.truncate(64),
            |r: &mut Request| r.signature = String::new(),
            |r: &mut Request| r.signature = "zz".into(),
            |r: &mut Request| r.version = 0,
        ] {
            let mut other = request.clone();
            change(&mut other);
            assert_eq!(other.check(), Err(Refusal::Malformed), "{other:?}");
        }
        assert_eq!(Request { version: 2, ..request }.check(), Err(Refusal::Newer));
    }

    #[test]
    fn a_name_is_cut_to_what_can_be_said() {
        assert_eq!(Joining::name_of("Só\u{1b}tano\n"), "Sótano");
        assert_eq!(Joining::name_of(&"ñ".repeat(100)), "ñ".repeat(64));
        assert_eq!(Joining::name_of(&format!("a{}", "ñ".repeat(100))).len(), NAME_BYTES_MAX - 1);
    }

    #[test]
    fn reasons_of_a_newer_tower_are_read() {
        let read = |json: &str| serde_json::from_str::<Refused>(json).unwrap();
        assert_eq!(read(r#"{"refused":"used","title":"…"}"#), Refusal::Used.into());
        assert_eq!(read(r#"{"refused":"full_moon"}"#).refused, Refusal::Other);
        let waits = Refused { wait_seconds: Some(5), ..Refusal::TooMany.into() };
        assert_eq!(serde_json::to_string(&waits).unwrap(), r#"{"refused":"too_many","wait_seconds":5}"#);
    }
}
