//! The key that signs commands. Agents are told its public half when they join, and obey no other.

use std::path::Path;

use atalaya_wire::Hex;
use atalaya_wire::command::Signed;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::error::{Error, Kind, Result};
use crate::private_file::{damaged, read, replace};

const FILE: &str = "command.key";

/// See the module.
pub struct CommandKey(Ed25519KeyPair);

impl std::fmt::Debug for CommandKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CommandKey").field(&self.public_hex()).finish()
    }
}

impl CommandKey {
    /// The one in the state folder (PKCS #8 in DER); a new one where there is none.
    ///
    /// # Errors
    ///
    /// [`Kind::Damaged`] if what is there is no key.
    pub fn open(folder: &Path) -> Result<Self> {
        let bytes = match read(folder, FILE)? {
            Some(bytes) => bytes,
            None => {
                let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
                let made = made.map_err(|_| Error::new(Kind::Internal, "the system gives nothing random"))?;
                replace(folder, FILE, made.as_ref())?;
                made.as_ref().to_vec()
            }
        };
        Ed25519KeyPair::from_pkcs8(&bytes).map(Self).map_err(|_| damaged(folder, FILE, "no key"))
    }

    /// As the agent's configuration has it.
    #[must_use]
    pub fn public_hex(&self) -> String {
        Hex(self.0.public_key().as_ref()).to_string()
    }

    /// A command as it is published.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn seal(&self, command: &Signed) -> Result<Vec<u8>> {
        let sealed = command.seal(|bytes| {
            let mut signature = [0; 64];
            signature.copy_from_slice(self.0.sign(bytes).as_ref());
            signature
        });
        sealed.map_err(|err| Error::new(Kind::Internal, format!("cannot write a command: {err}")))
    }
}
