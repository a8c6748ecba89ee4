//! Sealing a small secret to a public key: HPKE (RFC 9180) in base mode, HKDF-SHA256, AES-256-GCM.
//!
//! KEM number 1 is X-Wing (X25519 with ML-KEM-768, draft-connolly-cfrg-xwing-kem-10), number 2 is
//! DHKEM(X25519, HKDF-SHA256).

use hpke::aead::{Aead, AesGcm256};
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem as KemTrait, X25519HkdfSha256, XWing};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use crate::{Error, Kind, Result};

/// Number of a key encapsulation mechanism in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kem {
    XWing,
    X25519,
}

impl Kem {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::XWing => 1,
            Self::X25519 => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> Result<Self> {
        match number {
            1 => Ok(Self::XWing),
            2 => Ok(Self::X25519),
            _ => Err(Error::new(Kind::TooNew, format!("KEM number {number} is not known to this version"))),
        }
    }

    /// Bytes of the encapsulated key that `seal` puts first.
    pub(crate) fn encapsulated_bytes(self) -> usize {
        match self {
            Self::XWing => 1120,
            Self::X25519 => 32,
        }
    }

    /// A new pair: secret half, public half.
    pub(crate) fn generate(self) -> (Zeroizing<Vec<u8>>, Vec<u8>) {
        match self {
            Self::XWing => generate::<XWing>(),
            Self::X25519 => generate::<X25519HkdfSha256>(),
        }
    }

    /// The public half of a secret one.
    pub(crate) fn public_of(self, secret: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::XWing => public_of::<XWing>(secret),
            Self::X25519 => public_of::<X25519HkdfSha256>(secret),
        }
    }

    /// Encapsulated key and ciphertext of `plain`, for the holder of the secret half.
    pub(crate) fn seal(self, public: &[u8], info: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::XWing => seal::<XWing>(public, info, aad, plain),
            Self::X25519 => seal::<X25519HkdfSha256>(public, info, aad, plain),
        }
    }

    /// What was sealed; an error when it was not for this key or has been altered.
    pub(crate) fn open(self, secret: &[u8], info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        match self {
            Self::XWing => open::<AesGcm256, XWing>(secret, info, aad, sealed),
            Self::X25519 => open::<AesGcm256, X25519HkdfSha256>(secret, info, aad, sealed),
        }
    }
}

fn generate<K: KemTrait>() -> (Zeroizing<Vec<u8>>, Vec<u8>) {
    let (secret, public) = K::gen_keypair();
    (Zeroizing::new(secret.to_bytes().to_vec()), public.to_bytes().to_vec())
}

fn public_of<K: KemTrait>(secret: &[u8]) -> Result<Vec<u8>> {
    let secret = K::PrivateKey::from_bytes(secret).map_err(|_| Error::damaged("a secret key has the wrong length"))?;
    Ok(K::sk_to_pk(&secret).to_bytes().to_vec())
}

fn seal<K: KemTrait>(public: &[u8], info: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let public =
        K::PublicKey::from_bytes(public).map_err(|_| Error::damaged("public key in the key file is not valid"))?;
    let (key, ciphertext) =
        hpke::single_shot_seal::<AesGcm256, HkdfSha256, K>(&OpModeS::Base, &public, info, plain, aad)
            .map_err(|err| Error::new(Kind::Io, format!("cannot seal a key: {err}")))?;
    let mut out = key.to_bytes().to_vec();
    out.extend_from_slice(&ciphertext);
    Ok(out)
}

/// The cipher is a parameter only so that published vectors of another one pass through here.
fn open<A: Aead, K: KemTrait>(secret: &[u8], info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let bad = |_| Error::damaged("sealed key does not open");
    let (key, ciphertext) =
        sealed.split_at_checked(K::EncappedKey::size()).ok_or_else(|| Error::damaged("sealed key is too short"))?;
    let secret = K::PrivateKey::from_bytes(secret).map_err(bad)?;
    let key = K::EncappedKey::from_bytes(key).map_err(bad)?;
    hpke::single_shot_open::<A, HkdfSha256, K>(&OpModeR::Base, &secret, &key, info, ciphertext, aad)
        .map(Zeroizing::new)
        .map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hpke::aead::AesGcm128;

    #[test]
    fn only_the_right_key_opens() {
        for kem in [Kem::XWing, Kem::X25519] {
            let (secret, public) = kem.generate();
            let sealed = kem.seal(&public, b"info", b"aad", b"the pack's key").unwrap();
            assert_eq!(sealed.len(), kem.encapsulated_bytes() + 14 + 16);
            assert_eq!(&kem.open(&secret, b"info", b"aad", &sealed).unwrap()[..], b"the pack's key");
            assert!(kem.open(&secret, b"info", b"bad", &sealed).is_err());
            assert!(kem.open(&secret, b"infO", b"aad", &sealed).is_err());
            assert!(kem.open(&kem.generate().0, b"info", b"aad", &sealed).is_err());
            assert!(kem.open(&secret, b"info", b"aad", &sealed[..20]).is_err());
            let mut bad = sealed.clone();
            bad[3] ^= 4;
            assert!(kem.open(&secret, b"info", b"aad", &bad).is_err());
        }
    }

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    /// Shared secret and public key of a published vector.
    fn decapsulates<K: KemTrait>(secret: &[u8], public: &[u8], encapsulated: &[u8], shared: &[u8]) {
        let secret = K::PrivateKey::from_bytes(secret).unwrap();
        assert_eq!(&K::sk_to_pk(&secret).to_bytes()[..], public);
        let encapsulated = K::EncappedKey::from_bytes(encapsulated).unwrap();
        assert_eq!(&K::decap(&secret, None, &encapsulated).unwrap().0[..], shared);
    }

    /// RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, base mode, sequence number 0. The RFC has this KEM
    /// with AES-128-GCM and ChaCha20-Poly1305 only; KEM, key schedule and all but the key's length are the same.
    #[test]
    fn rfc_9180_appendix_a_1_1() {
        let secret = unhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
        let public = unhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d");
        let encapsulated = unhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
        let shared = unhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc");
        decapsulates::<X25519HkdfSha256>(&secret, &public, &encapsulated, &shared);
        let mut sealed = encapsulated;
        sealed.extend(unhex(
            "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
        ));
        let info = unhex("4f6465206f6e2061204772656369616e2055726e");
        let open = |aad: &[u8]| open::<AesGcm128, X25519HkdfSha256>(&secret, &info, aad, &sealed);
        assert_eq!(&open(b"Count-0").unwrap()[..], b"Beauty is truth, truth beauty");
        assert!(open(b"Count-1").is_err());
    }

    /// The pinned draft: another version of it would open nothing that was sealed before.
    #[test]
    fn x_wing_draft_10() {
        let fields: Vec<(&str, Vec<u8>)> = include_str!("vectors/xwing-10.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .map(|(name, hex)| (name, unhex(hex)))
            .collect();
        assert_eq!(fields.len(), 3 * 4);
        for vector in fields.chunks(4) {
            let [("sk", secret), ("pk", public), ("ct", encapsulated), ("ss", shared)] = vector else {
                panic!("vectors are out of order");
            };
            decapsulates::<XWing>(secret, public, encapsulated, shared);
            let sealed = Kem::XWing.seal(public, b"info", b"aad", b"plain").unwrap();
            assert_eq!(&Kem::XWing.open(secret, b"info", b"aad", &sealed).unwrap()[..], b"plain");
        }
    }
}
