//! Passwords and tokens, which lie in files of their own and are read when they are needed.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error};
use zeroize::Zeroizing;

use crate::limits::SECRET_BYTES_MAX;

/// Where systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Something that is never shown: the path of a file, or the name of a systemd credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(PathBuf);

impl Secret {
    /// The file's first line.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, in one line.
    pub fn read(&self) -> Result<Zeroizing<String>, String> {
        let path = self.path()?;
        let cannot = |why: &dyn fmt::Display| format!("cannot read the secret in {}: {why}", path.display());
        let mut text = Zeroizing::new(String::new());
        let file = std::fs::File::open(&path).map_err(|err| cannot(&err))?;
        file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(|err| cannot(&err))?;
        if text.len() as u64 > SECRET_BYTES_MAX {
            return Err(cannot(&"it is longer than 4 KiB"));
        }
        let line = Zeroizing::new(text.lines().next().unwrap_or_default().trim_end().to_owned());
        match line.as_str() {
            "" => Err(cannot(&"its first line is empty")),
            odd if odd.chars().any(char::is_control) => Err(cannot(&"it holds control characters")),
            _ => Ok(line),
        }
    }

    /// What the file system says of its file: that differs once it was written anew. `None` where there is none.
    #[must_use]
    pub fn metadata(&self) -> Option<std::fs::Metadata> {
        std::fs::metadata(self.path().ok()?).ok()
    }

    fn path(&self) -> Result<PathBuf, String> {
        if self.0.is_absolute() {
            return Ok(self.0.clone());
        }
        let folder = std::env::var_os(CREDENTIALS).ok_or_else(|| {
            format!("cannot read the credential {}: systemd gave none to this program", self.0.display())
        })?;
        Ok(PathBuf::from(folder).join(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(from)?;
        let bare = path.components().count() == 1 && path.file_name().is_some();
        if !path.is_absolute() && !bare {
            let what = "a secret's file is named by its whole path, or as a credential of systemd by its name";
            return Err(D::Error::custom(what));
        }
        Ok(Self(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_and_what_is_wrong_is_said_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &[u8]| {
            std::fs::write(folder.path().join("secret"), text).unwrap();
            Secret(folder.path().join("secret")).read().map(|text| text.to_string())
        };
        assert_eq!(read(b"hush \r\nnot this\n").unwrap(), "hush");
        for (bad, why) in [
            (b"".to_vec(), "is empty"),
            (b"\nhush".to_vec(), "is empty"),
            (b"hu\x07sh".to_vec(), "control"),
            (b"hush\xff".to_vec(), "UTF-8"),
            (vec![b'x'; 5000], "longer"),
        ] {
            let told = read(&bad).unwrap_err();
            assert!(told.contains(why) && !told.contains("hu"), "{told}");
        }
        assert!(Secret("/nowhere/secret".into()).read().unwrap_err().contains("/nowhere/secret"));
        assert!(Secret("credential".into()).read().unwrap_err().contains("systemd"));
        assert_eq!(format!("{:?}", Secret("/a".into())), "***");
    }

    #[test]
    fn a_secret_is_no_relative_path() {
        let read = |text: &str| serde_json::from_value::<Secret>(text.into());
        assert!(read("/a/b").is_ok() && read("token").is_ok());
        for bad in ["a/b", "../b", "./b", "", ".."] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
