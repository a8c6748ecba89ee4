//! Passwords, which lie in files of their own.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// Something that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(PathBuf);

impl Secret {
    /// One that lies in a file, in its first line.
    #[must_use]
    pub const fn in_file(path: PathBuf) -> Self {
        Self(path)
    }

    /// The first line of it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn read(&self) -> Result<Zeroizing<String>, String> {
        let text = std::fs::read_to_string(&self.0).map(Zeroizing::new);
        let text = text.map_err(|err| format!("cannot read the password in {}: {err}", self.0.display()))?;
        Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
