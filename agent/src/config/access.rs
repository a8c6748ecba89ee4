//! Where a repository is and what opens it: what every command on it is given.

use std::path::Path;

use atalaya_base::config::{Mistake, Named, Place, Spanned};
use atalaya_repo::Budget;
use atalaya_store::StoreUrl;

use super::paths::Repo;
use super::size::Memory;
use crate::cli::beside_bytes;

/// Options of every command on a repository, in the order of [`Access::files`].
const OPTIONS: [&str; 6] = [
    "--key-file",
    "--passphrase-file",
    "--ssh-key-file",
    "--ssh-password-file",
    "--ssh-known-hosts",
    "--bucket-credentials-file",
];

/// How the keys of a section are called.
pub(super) struct Keys {
    pub(super) repo: &'static str,
    pub(super) ssh: &'static str,
    /// In the order of [`Access::files`].
    pub(super) files: [&'static str; 6],
    /// Of a file that is needed.
    pub(super) without: &'static str,
}

/// See the module.
pub(super) struct Access<'a> {
    pub(super) keys: &'static Keys,
    pub(super) repo: &'a Spanned<Repo>,
    /// Key, passphrase; the key, password and known hosts of SSH; credentials of a bucket.
    pub(super) files: [&'a Option<Spanned<Place>>; 6],
    pub(super) memory_max: Option<Memory>,
}

impl<'a> Access<'a> {
    /// The files that each process reads.
    pub(super) fn named(&self) -> impl Iterator<Item = Named> + use<'a> {
        let (keys, without) = (self.keys.files, self.keys.without);
        keys.into_iter().zip(self.files).flat_map(move |(key, file)| Named::of(key, file.as_ref(), without))
    }

    /// What every command on the repository is given.
    pub(super) fn words(&self, state: &Path) -> Result<Vec<String>, Mistake> {
        self.check(state)?;
        let mut words = vec![format!("--repo={}", self.repo.get_ref().0)];
        // Both: the passphrase is the key file's own.
        for (option, file) in OPTIONS.into_iter().zip(self.files) {
            words.extend(file.as_ref().map(|file| format!("{option}={}", file.get_ref().0.display())));
        }
        words.extend(self.memory_max.map(|memory| format!("--memory-max={}", memory.0)));
        Ok(words)
    }

    fn check(&self, state: &Path) -> Result<(), Mistake> {
        let (repo, keys) = (self.repo.get_ref(), self.keys);
        if repo.overlaps(state) {
            let what = format!("it and the state folder {} lie one in the other; move one", state.display());
            return Err(Mistake::at(keys.repo, self.repo, what));
        }
        let [key, passphrase, ssh @ .., s3] = self.files;
        let ssh = ssh.into_iter().flatten().next();
        if let Some(file) = ssh.filter(|_| !matches!(repo.0, StoreUrl::Sftp(_))) {
            let what =
                "it says how a server is logged in to, and the repository is on none; name sftp://… or leave it out";
            return Err(Mistake::at(keys.ssh, file, what));
        }
        match (s3, matches!(repo.0, StoreUrl::Bucket(_))) {
            (Some(file), false) => {
                let what = "it says who asks for a bucket, and the repository is in none; name s3://…, az://… or gs://…, or leave it out";
                return Err(Mistake::at(keys.files[5], file, what));
            }
            (None, true) => {
                let what = "bucket_credentials_file is needed beside it: a job has nobody's environment";
                return Err(Mistake::at(keys.repo, self.repo, what));
            }
            _ => {}
        }
        let left =
            |memory: Memory| usize::try_from(memory.0).unwrap_or(usize::MAX).saturating_sub(beside_bytes(&repo.0));
        if self.memory_max.is_some_and(|memory| Budget::divide(left(memory)).is_err()) {
            let what = "memory_max is too small for a repository over SFTP, where ssh takes 7M of it; the least is 32M";
            return Err(Mistake::at(keys.repo, self.repo, what));
        }
        if key.is_none() && passphrase.is_none() {
            let what = "key_file or passphrase_file is needed beside it: nobody is there to be asked";
            return Err(Mistake::at(keys.repo, self.repo, what));
        }
        Ok(())
    }
}
