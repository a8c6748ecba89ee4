//! Keys, which lie in files of their own and are read when they are needed.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use atalaya_reach::plain;
use atalaya_renew::Trouble;
use serde::{Deserialize, Deserializer, de::Error};
use zeroize::Zeroizing;

use crate::limits::SECRET_BYTES_MAX;

/// Where systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a key lies: the path of a file, or the name of a systemd credential. Not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(PathBuf);

impl Secret {
    /// The file's first line.
    pub(crate) fn read(&self) -> Result<Zeroizing<String>, Trouble> {
        let path = self.path()?;
        let cannot = |why: &str| Trouble::SetUp(format!("cannot read the key in {}: {why}", path.display()));
        let mut text = Zeroizing::new(String::with_capacity(SECRET_BYTES_MAX as usize + 2));
        let read = File::open(&path).and_then(|file| file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text));
        read.map_err(|err| cannot(&plain(&err)))?;
        if text.len() as u64 > SECRET_BYTES_MAX {
            return Err(cannot("it is longer than 4 KiB"));
        }
        let line = Zeroizing::new(text.lines().next().unwrap_or_default().trim_end().to_owned());
        match line.as_str() {
            "" => Err(cannot("its first line is empty")),
            // What stands in a header.
            odd if !odd.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(cannot("it holds a space or what is no ASCII, which no key does"))
            }
            _ => Ok(line),
        }
    }

    /// Why it cannot be read now, or that others can, without reading it.
    pub(crate) fn trouble(&self) -> Option<String> {
        let path = match self.path() {
            Ok(path) => path,
            Err(trouble) => return Some(trouble.to_string()),
        };
        let shown = path.display();
        match File::open(&path).and_then(|file| file.metadata()) {
            Err(err) => Some(format!("cannot read the key in {shown}: {}", plain(&err))),
            Ok(meta) if meta.permissions().mode() & 0o007 != 0 => {
                Some(format!("everybody on this machine can read the key in {shown}: chmod 600 {shown}"))
            }
            Ok(_) => None,
        }
    }

    fn path(&self) -> Result<PathBuf, Trouble> {
        if self.0.is_absolute() {
            return Ok(self.0.clone());
        }
        let none = || format!("cannot read the credential {}: systemd gave none to this program", self.0.display());
        let folder = std::env::var_os(CREDENTIALS).ok_or_else(|| Trouble::SetUp(none()))?;
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
        if path.is_absolute() || bare {
            return Ok(Self(path));
        }
        Err(D::Error::custom("a key's file is named by its whole path, or as a credential of systemd by its name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_and_what_is_wrong_is_said_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret(folder.path().join("key"));
        assert!(secret.trouble().unwrap().contains("No such file"));
        let read = |text: &[u8]| {
            std::fs::write(folder.path().join("key"), text).unwrap();
            secret.read().map(|text| text.to_string()).map_err(|trouble| trouble.to_string())
        };
        assert_eq!(read(b"hush \r\nnot this\n").unwrap(), "hush");
        let mode = |mode| {
            let path = folder.path().join("key");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            secret.trouble()
        };
        assert!(mode(0o604).unwrap().contains("chmod 600"), "everybody can read it");
        assert_eq!((mode(0o640), mode(0o600)), (None, None));
        for (bad, why) in [
            (b"".to_vec(), "is empty"),
            (b"\nhush".to_vec(), "is empty"),
            (b"hu\x07sh".to_vec(), "no ASCII"),
            (b"hu sh".to_vec(), "space"),
            (b"hush\xff".to_vec(), "UTF-8"),
            (vec![b'x'; 5000], "longer"),
        ] {
            let told = read(&bad).unwrap_err();
            assert!(told.contains(why) && !told.contains("hu"), "{told}");
        }
        assert!(Secret("credential".into()).read().unwrap_err().to_string().contains("systemd"));
        assert_eq!(format!("{:?}", Secret("/a".into())), "***");
    }

    #[test]
    fn a_key_is_no_relative_path() {
        let read = |text: &str| serde_json::from_value::<Secret>(text.into());
        assert!(read("/a/b").is_ok() && read("token").is_ok());
        for bad in ["a/b", "../b", "./b", "", ".."] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
