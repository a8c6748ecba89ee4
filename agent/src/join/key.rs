//! The node's key: on P-256, made here. Only its public half ever leaves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::Zeroizing;

use atalaya_wire::join::{KEY_BYTES, Signature};

const NOTHING_RANDOM: &str = "cannot make a key: the system gives nothing random";

/// See the module.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// As the file has it: PKCS #8 in PEM.
    pub(crate) pem: Zeroizing<String>,
    /// What others may know.
    pub(crate) public: [u8; KEY_BYTES],
}

impl Key {
    /// A new one.
    ///
    /// # Errors
    ///
    /// If the system gives nothing random.
    pub(crate) fn new() -> Result<Self, &'static str> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| NOTHING_RANDOM)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).map_err(|_| NOTHING_RANDOM)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NOTHING_RANDOM)?;
        Ok(Self { pem: pem(made.as_ref()), public, pair, random })
    }

    /// What shows that we have it.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        Some(self.pair.sign(&self.random, bytes).ok()?.as_ref().to_vec())
    }
}

/// RFC 7468, 10.
fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(BASE64.encode(pkcs8));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + 100));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
