//! How servers are logged in to, and who answers `ssh` when it asks for a password.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use atalaya_store::{Access, Answers};

use super::exit::{Exit, Failure, Result};
use super::secret;

/// Names the file with the password to the process that `ssh` starts to ask for it.
const ANSWERS_FROM: &str = "ATALAYA_SSH_ANSWERS_FROM";

/// What `sftp://` needs beside its URL.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of sftp:// repositories")]
pub(crate) struct Ssh {
    /// Log in with the private key in FILE, instead of ssh's own and those of ssh-agent
    #[arg(long, global = true, env = "ATALAYA_SSH_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) ssh_key_file: Option<PathBuf>,

    /// Log in with the password in the first line of FILE
    #[arg(long, global = true, env = "ATALAYA_SSH_PASSWORD_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) ssh_password_file: Option<PathBuf>,

    /// Believe the servers' keys in FILE, instead of those in ~/.ssh/known_hosts
    #[arg(long, global = true, env = "ATALAYA_SSH_KNOWN_HOSTS", hide_env_values = true, value_name = "FILE")]
    pub(crate) ssh_known_hosts: Option<PathBuf>,

    /// Believe the server's key with this fingerprint from now on (needed once)
    #[arg(long, global = true, value_name = "SHA256:…", value_parser = fingerprint)]
    pub(crate) ssh_trust: Option<String>,
}

/// As `ssh-keygen -l` shows it.
fn fingerprint(text: &str) -> std::result::Result<String, String> {
    match text.strip_prefix("SHA256:") {
        Some(rest) if rest.len() == 43 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b)) => {
            Ok(text.to_owned())
        }
        _ => Err("a fingerprint is SHA256: and 43 characters, as \"ssh-keygen -lf\" shows it".to_owned()),
    }
}

impl Ssh {
    /// For the store. What cannot be read is said here, where its option is known.
    pub(crate) fn access(&self) -> Result<Access> {
        if let Some(key) = &self.ssh_key_file {
            readable("key", key, "--ssh-key-file")?;
        }
        let mut password = None;
        if let Some(file) = &self.ssh_password_file {
            secret::from_file(file, true)?;
            let program = std::env::current_exe()
                .map_err(|err| Failure::new(Exit::Failed, format!("cannot find this program's own file: {err}")))?;
            password = Some(Answers { program, environment: (ANSWERS_FROM, absolute(file)?.into()) });
        }
        Ok(Access {
            key_file: self.ssh_key_file.clone(),
            password,
            known_hosts: self.ssh_known_hosts.clone(),
            own_known_hosts: own_known_hosts(),
            trust: self.ssh_trust.clone(),
            program: Vec::new(),
        })
    }

    /// The same as options, for another command line; a key is trusted once.
    #[cfg(feature = "daemon")]
    pub(crate) fn words(&self) -> Vec<(&'static str, PathBuf)> {
        let files = [
            ("ssh-key-file", &self.ssh_key_file),
            ("ssh-password-file", &self.ssh_password_file),
            ("ssh-known-hosts", &self.ssh_known_hosts),
        ];
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        files.into_iter().filter_map(|(name, file)| Some((name, absolute(file.as_ref()?)))).collect()
    }
}

/// Where `ssh` looks: it goes by the user and not by HOME.
fn own_known_hosts() -> Option<PathBuf> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten()?;
    Some(user.dir.join(".ssh/known_hosts"))
}

fn readable(what: &str, file: &Path, option: &str) -> Result<()> {
    std::fs::File::open(file).map(drop).map_err(|err| {
        Failure::usage(format!(
            "cannot read the {what} file {}: {err}; name another with {option} FILE",
            file.display()
        ))
    })
}

fn absolute(file: &Path) -> Result<PathBuf> {
    std::path::absolute(file).map_err(|err| Failure::usage(format!("cannot use {}: {err}", file.display())))
}

/// Answers `ssh`, if it is `ssh` that started this program to ask for a password.
pub(super) fn answer(args: &[OsString]) -> Option<Exit> {
    let file = std::env::var_os(ANSWERS_FROM)?;
    let question = args.get(1).filter(|_| args.len() == 2)?.to_string_lossy().to_lowercase();
    // Nothing else is answered: not what opens a key, nor whether to trust somebody.
    if !question.contains("password") {
        return Some(Exit::Failed);
    }
    let said = secret::from_file(Path::new(&file), true).ok().is_some_and(|password| {
        let mut out = std::io::stdout().lock();
        out.write_all(&password).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).is_ok()
    });
    Some(if said { Exit::Done } else { Exit::Failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints() {
        let good = format!("SHA256:{}", "aB3+/".repeat(9).split_at(43).0);
        assert_eq!(fingerprint(&good), Ok(good.clone()));
        for bad in ["", "SHA256:", "MD5:00:11", &good[1..], &format!("{good}="), &good.replace('B', " ")] {
            assert!(fingerprint(bad).is_err(), "{bad}");
        }
    }
}
