//! Which mailbox.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte, as at port 993.
    #[default]
    Tls,
    /// TLS after a word in clear, as at port 143. Nothing else is said before it.
    StartTls,
    /// None: only to this machine.
    None,
}

/// A folder of somebody's mail.
#[derive(Clone)]
pub struct Settings {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whose certificates are trusted, if not those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Who reads.
    pub user: String,
    /// The password; one for applications where the provider has such.
    pub password: Zeroizing<String>,
    /// The folder, such as `INBOX`.
    pub folder: String,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
