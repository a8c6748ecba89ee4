//! Passwords, which lie in files of their own.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// Of the file: tokens have some thousand.
const FILE_BYTES_MAX: u64 = 64 << 10;

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
        let fail = |why: &str| format!("cannot read the password in {}: {why}", self.0.display());
        // With its capacity fixed, reading leaves no copies in memory that were freed unwiped.
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize + 64));
        let read = File::open(&self.0).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        read.map_err(|err| fail(&err.to_string()))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(fail("it is too long for one; name the file that holds it alone"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is no text; write it as UTF-8"))?;
        Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
