//! A pair of chain and key in its place.
//!
//! Each pair has a folder of its own, named after its certificate, which is written in full, owners and modes included,
//! before anything leads to it. `current` is a link to one of them, and one rename turns it: at any moment, also after a
//! power cut, `current/chain.pem` and `current/key.pem` are one pair. A program that happens to open the one before and
//! the other after that rename reads two halves; it is asked to read again right afterwards, which is what the reload is
//! for. The pair before stays, as `previous`, until [`Place::settle`] is called because the new one was seen served;
//! [`Place::roll_back`] turns the link back.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};
use zeroize::Zeroizing;

use crate::chain::Chain;
use crate::file::{self, Rights};
use crate::handshake::plain;
use crate::wrong::Wrong;

/// The link to the pair that counts.
pub const CURRENT: &str = "current";
/// The link to the one before.
pub const PREVIOUS: &str = "previous";
/// The chain's file.
pub const CHAIN: &str = "chain.pem";
/// The key's file.
pub const KEY: &str = "key.pem";
/// Folders of pairs begin so; others are not ours.
const PAIR: &str = "pair-";

/// Where a service finds its certificate, and who may read the key.
#[derive(Clone, Debug)]
pub struct Place {
    /// A folder of its own. It is made if it is missing.
    pub folder: PathBuf,
    /// Whom the files belong to; whom this program runs as, if nobody is named.
    pub user: Option<String>,
    /// A group that may read the key: its mode is 0640 then, and else 0600.
    pub group: Option<String>,
    /// The key's mode, where it is said. In a folder whose group is passed on (setgid) that group may read it with 0640,
    /// also if this program may not give files away.
    pub mode: Option<u32>,
}

impl Place {
    /// Puts a pair in the place of the one that is there. The same pair again is well.
    ///
    /// # Errors
    ///
    /// What is in the way; the pair that was there is there.
    pub fn install(&self, chain: &Chain, key: &str) -> Result<(), Wrong> {
        if !chain.is_for_key(key) {
            return Err("the key is not the one of the certificate: nothing was installed".into());
        }
        let ids = self.ids()?;
        self.put(chain, key, ids).map_err(|err| self.cannot("install a certificate in", &err))
    }

    /// The chain that is installed.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none.
    pub fn chain(&self) -> Result<Option<Chain>, Wrong> {
        let path = self.folder.join(CURRENT).join(CHAIN);
        let Some(bytes) = file::read(&path).map_err(|err| self.cannot("read the certificate in", &err))? else {
            return Ok(None);
        };
        let chain = Chain::parse(&String::from_utf8_lossy(&bytes));
        chain.map(Some).map_err(|err| self.cannot("read the certificate in", &io::Error::other(err)))
    }

    /// The key that is installed.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn key(&self) -> Result<Option<Zeroizing<String>>, Wrong> {
        let bytes = file::read(&self.folder.join(CURRENT).join(KEY));
        let bytes = bytes.map_err(|err| self.cannot("read the key in", &err))?.map(Zeroizing::new);
        Ok(bytes.map(|bytes| Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())))
    }

    /// Removes all pairs but the current one: it was seen served.
    ///
    /// # Errors
    ///
    /// What is in the way; what is left is harmless.
    pub fn settle(&self) -> Result<(), Wrong> {
        self.clear(&[CURRENT]).map_err(|err| self.cannot("remove old certificates in", &err))
    }

    /// The chain before the current one; `None` also where it cannot be read.
    #[must_use]
    pub fn previous(&self) -> Option<Chain> {
        let bytes = file::read(&self.folder.join(PREVIOUS).join(CHAIN)).ok().flatten()?;
        Chain::parse(&String::from_utf8_lossy(&bytes)).ok()
    }

    /// Whether there is a pair before the current one.
    #[must_use]
    pub fn has_previous(&self) -> bool {
        self.folder.join(PREVIOUS).join(KEY).exists()
    }

    /// Puts the pair before back in its place.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be done.
    pub fn roll_back(&self) -> Result<(), Wrong> {
        let back = || {
            let previous = fs::read_link(self.folder.join(PREVIOUS))?;
            self.turn(CURRENT, &previous)?;
            self.clear(&[CURRENT])
        };
        back().map_err(|err| self.cannot("put the certificate before back in", &err))
    }

    fn put(&self, chain: &Chain, key: &str, (user, group): (Option<u32>, Option<u32>)) -> io::Result<()> {
        if !self.folder.exists() {
            fs::create_dir_all(&self.folder)?;
            fs::set_permissions(&self.folder, Permissions::from_mode(0o755))?;
        }
        let name = format!("{PAIR}{}", chain.fingerprint.get(..32).unwrap_or(&chain.fingerprint));
        if fs::read_link(self.folder.join(CURRENT)).is_ok_and(|now| now == Path::new(&name)) {
            return Ok(());
        }
        self.clear(&[CURRENT, PREVIOUS])?;
        let pair = self.folder.join(&name);
        DirBuilder::new().mode(0o755).recursive(true).create(&pair)?;
        if user.is_some() || group.is_some() {
            chown(&pair, user, group)?;
        }
        let mode = self.mode.unwrap_or(if group.is_some() { 0o640 } else { 0o600 });
        file::create(&pair.join(KEY), key.as_bytes(), Rights { mode, user, group })?;
        file::create(&pair.join(CHAIN), chain.pem.as_bytes(), Rights { mode: 0o644, user, group })?;
        // Whatever the umask says: a service passes through. Afterwards, because it may end that a group is passed on.
        fs::set_permissions(&pair, Permissions::from_mode(0o755))?;
        file::sync_folder(&pair.join(KEY))?;
        if let Ok(before) = fs::read_link(self.folder.join(CURRENT)) {
            self.turn(PREVIOUS, &before)?;
        }
        self.turn(CURRENT, Path::new(&name))
    }

    /// Makes a link lead elsewhere, at once.
    fn turn(&self, link: &str, to: &Path) -> io::Result<()> {
        let (link, partial) = (self.folder.join(link), self.folder.join(format!("{link}.part")));
        file::remove(&partial)?;
        symlink(to, &partial)?;
        fs::rename(&partial, &link)?;
        file::sync_folder(&link)
    }

    /// Removes the pairs to which none of these links leads, and the other link.
    fn clear(&self, kept: &[&str]) -> io::Result<()> {
        if !kept.contains(&PREVIOUS) {
            file::remove(&self.folder.join(PREVIOUS))?;
        }
        let kept: Vec<_> = kept.iter().filter_map(|link| fs::read_link(self.folder.join(link)).ok()).collect();
        for entry in fs::read_dir(&self.folder)? {
            let name = PathBuf::from(entry?.file_name());
            if name.to_string_lossy().starts_with(PAIR) && !kept.contains(&name) {
                fs::remove_dir_all(self.folder.join(name))?;
            }
        }
        Ok(())
    }

    fn ids(&self) -> Result<(Option<u32>, Option<u32>), Wrong> {
        let missing = |what: &str, name: &str| Wrong(format!("there is no {what} {name} on this machine"));
        let user = self.user.as_deref().map(|name| match User::from_name(name) {
            Ok(Some(user)) => Ok(user.uid.as_raw()),
            _ => Err(missing("user", name)),
        });
        let group = self.group.as_deref().map(|name| match Group::from_name(name) {
            Ok(Some(group)) => Ok(group.gid.as_raw()),
            _ => Err(missing("group", name)),
        });
        Ok((user.transpose()?, group.transpose()?))
    }

    fn cannot(&self, what: &str, err: &io::Error) -> Wrong {
        let hint = match err.kind() {
            io::ErrorKind::PermissionDenied if self.user.is_some() || self.group.is_some() => {
                "; only root gives files away, and one's own to groups that one is in"
            }
            _ => "",
        };
        Wrong(format!("cannot {what} {}: {}{hint}", self.folder.display(), plain(err)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::made;
    use std::os::unix::fs::MetadataExt;

    fn pair(name: &str) -> (Chain, String) {
        let (pem, key) = made(&[name]);
        (Chain::parse(&pem).unwrap(), key)
    }

    fn place(folder: &Path) -> Place {
        Place { folder: folder.join("nas"), user: None, group: None, mode: None }
    }

    /// How many pairs there are.
    fn pairs(place: &Place) -> usize {
        let names = fs::read_dir(&place.folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(PAIR)).count()
    }

    #[test]
    fn the_pair_before_stays_until_the_new_one_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        assert_eq!(place.chain().unwrap(), None);
        let ((one, one_key), (two, two_key), (three, three_key)) =
            (pair("a.example"), pair("a.example"), pair("b.example"));
        place.install(&one, &one_key).unwrap();
        place.install(&one, &one_key).unwrap();
        assert!(!place.has_previous() && place.previous().is_none());
        place.install(&two, &two_key).unwrap();
        assert_eq!(place.previous().unwrap(), one);
        assert_eq!((place.chain().unwrap().unwrap(), pairs(&place)), (two.clone(), 2));
        place.roll_back().unwrap();
        assert_eq!((place.chain().unwrap().unwrap(), pairs(&place)), (one, 1));
        assert!(place.roll_back().is_err(), "there is none before it");
        place.install(&two, &two_key).unwrap();
        place.settle().unwrap();
        assert_eq!((place.chain().unwrap().unwrap(), pairs(&place)), (two, 1));
        place.install(&three, &three_key).unwrap();
        assert_eq!(place.key().unwrap().unwrap().as_str(), three_key);
        let mode = |path: &str| fs::metadata(place.folder.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("current/key.pem"), mode("current/chain.pem"), mode("current")), (0o600, 0o644, 0o755));
    }

    #[test]
    fn a_key_of_another_certificate_is_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        assert!(place.install(&pair("a.example").0, &pair("a.example").1).is_err());
        assert!(!place.folder.exists());
    }

    #[test]
    fn a_stop_at_any_moment_leaves_a_pair() {
        // Each thing that a stopped install may have left beside the pair that counts.
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let ((one, one_key), (two, two_key)) = (pair("a.example"), pair("a.example"));
        place.install(&one, &one_key).unwrap();
        let half = place.folder.join(format!("{PAIR}{}", &two.fingerprint[..32]));
        fs::create_dir(&half).unwrap();
        fs::write(half.join(KEY), "half").unwrap();
        symlink("nowhere", place.folder.join("current.part")).unwrap();
        symlink("pair-gone", place.folder.join(PREVIOUS)).unwrap();
        assert_eq!(place.chain().unwrap().unwrap(), one);
        place.install(&two, &two_key).unwrap();
        assert_eq!(place.chain().unwrap().unwrap(), two);
        assert_eq!(place.key().unwrap().unwrap().as_str(), two_key);
        assert!(place.has_previous());
    }

    #[test]
    fn who_may_read_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let group = Group::from_gid(nix::unistd::getegid()).unwrap().unwrap().name;
        let place = Place { group: Some(group), ..place(folder.path()) };
        let (chain, key) = pair("a.example");
        place.install(&chain, &key).unwrap();
        let mode = fs::metadata(place.folder.join("current/key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let owned = |path: &str| {
            let meta = fs::metadata(place.folder.join(path)).unwrap();
            (meta.uid(), meta.gid())
        };
        assert_eq!(owned("current/key.pem").1, nix::unistd::getegid().as_raw());
        // Only root gives files away.
        if let (true, Ok(Some(nobody))) = (nix::unistd::geteuid().is_root(), User::from_name("nobody")) {
            let given = Place { user: Some(nobody.name), ..place.clone() };
            let (chain, key) = pair("a.example");
            given.install(&chain, &key).unwrap();
            for path in ["current", "current/key.pem", "current/chain.pem"] {
                assert_eq!(owned(path), (nobody.uid.as_raw(), nix::unistd::getegid().as_raw()), "{path}");
            }
        }
        let said = Place { mode: Some(0o440), ..place.clone() };
        let (chain, key) = pair("a.example");
        said.install(&chain, &key).unwrap();
        let mode = fs::metadata(place.folder.join("current/key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o440);
        let nobody = Place { user: Some("no-such-user".into()), ..place.clone() };
        let (next, key) = pair("a.example");
        assert!(nobody.install(&next, &key).unwrap_err().to_string().contains("no-such-user"));
        assert_eq!(place.chain().unwrap().unwrap(), chain);
    }
}
