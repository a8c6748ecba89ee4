//! How a server is reached: all that a URL does not say.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::Command;

use super::limits::{SSH_ALIVE_COUNT, SSH_ALIVE_SECONDS, SSH_CONNECT_SECONDS};
use crate::url::SftpUrl;

/// How to log in and whom to believe. What is not said here, `ssh` takes from its own configuration.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A private key; without, those of the user and of the agent at `SSH_AUTH_SOCK`.
    pub key_file: Option<PathBuf>,
    /// A password instead of a key.
    pub password: Option<Answers>,
    /// Keys of servers, instead of the user's and the system's own lists.
    pub known_hosts: Option<PathBuf>,
    /// Where keys are written down that are trusted now, if `known_hosts` does not say.
    pub own_known_hosts: Option<PathBuf>,
    /// The fingerprint (`SHA256:…`) of a key that is not known yet and is to be believed from now on.
    pub trust: Option<String>,
    /// Instead of `ssh`: a program that speaks SFTP on its standard input and output.
    pub program: Vec<OsString>,
}

/// Who answers when `ssh` asks for a password (`SSH_ASKPASS`): it is in no argument and in no environment.
#[derive(Clone, Debug)]
pub struct Answers {
    /// A program that prints the password when it is called with `ssh`'s question.
    pub program: PathBuf,
    /// What that program is told by its environment.
    pub environment: (&'static str, OsString),
}

impl Access {
    /// The program that carries SFTP to `url`.
    pub(super) fn command(&self, url: &SftpUrl) -> Command {
        if let Some((program, words)) = self.program.split_first() {
            let mut command = Command::new(program);
            command.args(words);
            return command;
        }
        let mut command = self.ssh(url, self.known_hosts.as_ref().map(|path| path.as_os_str().to_owned()));
        command.args(["-s", "--", &url.host, "sftp"]);
        command
    }

    /// The same as far as the server's key, which is written to the file `known_hosts`; nobody logs in.
    pub(super) fn look_at_key(&self, url: &SftpUrl, known_hosts: OsString) -> Command {
        let bare = Self { key_file: None, password: None, ..Self::default() };
        let mut command = bare.ssh(url, Some(known_hosts));
        // The first that is said of an option counts, so these stand before.
        command.args(["--", &url.host, "true"]);
        let mut first = Command::new(command.get_program());
        first.args(["-o", "StrictHostKeyChecking=accept-new", "-o", "PreferredAuthentications=none"]);
        first.args(["-o", "HashKnownHosts=yes"]).args(command.get_args());
        first
    }

    fn ssh(&self, url: &SftpUrl, known_hosts: Option<OsString>) -> Command {
        let mut command = Command::new("ssh");
        // What is ours to know, such as a repository's passphrase, is nobody else's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"ATALAYA_")) {
            command.env_remove(name);
        }
        let mut option = |text: &str| {
            command.args(["-o", text]);
        };
        // The person's configuration says how a host is reached, and nothing of what is done there.
        for text in [
            // Tells the server's key, and what it was that failed.
            "LogLevel=DEBUG1",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ForwardAgent=no",
            "ForwardX11=no",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "RequestTTY=no",
            "ControlMaster=no",
            "ControlPath=none",
            // What is sent is compressed already, and sealed.
            "Compression=no",
        ] {
            option(text);
        }
        option(&format!("ConnectTimeout={SSH_CONNECT_SECONDS}"));
        option(&format!("ServerAliveInterval={SSH_ALIVE_SECONDS}"));
        option(&format!("ServerAliveCountMax={SSH_ALIVE_COUNT}"));
        if let Some(file) = known_hosts {
            option("GlobalKnownHostsFile=/dev/null");
            let mut text = OsString::from("UserKnownHostsFile=");
            text.push(quoted(&file));
            command.arg("-o").arg(text);
        }
        self.authenticate(&mut command);
        if let Some(user) = &url.user {
            command.args(["-l", user]);
        }
        if let Some(port) = url.port {
            command.args(["-p", &port.to_string()]);
        }
        command
    }

    fn authenticate(&self, command: &mut Command) {
        match &self.password {
            // Nobody is there to be asked.
            None => command.args(["-o", "BatchMode=yes"]),
            Some(answers) => {
                let (name, value) = &answers.environment;
                command.env(name, value).env("SSH_ASKPASS", &answers.program);
                // Before OpenSSH 8.4 it was asked where there is a display and no terminal.
                command.env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":");
                command.args(["-o", "NumberOfPasswordPrompts=1"]);
                command.args(["-o", "PreferredAuthentications=password,keyboard-interactive"])
            }
        };
        if let Some(key) = &self.key_file {
            command.args(["-o", "IdentitiesOnly=yes", "-i"]).arg(escaped(key.as_os_str()));
        }
    }
}

/// `ssh` takes several files, with blanks between.
fn quoted(file: &OsStr) -> OsString {
    let mut text = OsString::from("\"");
    text.push(escaped(file));
    text.push("\"");
    text
}

/// `ssh` puts names of users and hosts in the place of `%u` and the like.
fn escaped(file: &OsStr) -> OsString {
    let parts: Vec<&[u8]> = file.as_bytes().split(|byte| *byte == b'%').collect();
    OsString::from_vec(parts.join(b"%%".as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> String {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    fn url() -> SftpUrl {
        SftpUrl { user: Some("ana".into()), host: "nas".into(), port: Some(2222), path: b"/a".to_vec() }
    }

    #[test]
    fn a_key_that_is_not_known_is_never_taken_silently() {
        let said = words(&Access::default().command(&url()));
        assert!(said.contains("StrictHostKeyChecking=yes") && !said.contains("accept-new"), "{said}");
        assert!(said.contains("BatchMode=yes") && said.ends_with("-l ana -p 2222 -s -- nas sftp"), "{said}");
        let looking = words(&Access::default().look_at_key(&url(), "/tmp/k".into()));
        assert!(
            looking.starts_with("-o StrictHostKeyChecking=accept-new -o PreferredAuthentications=none"),
            "{looking}"
        );
        assert!(looking.contains("UserKnownHostsFile=\"/tmp/k\""), "{looking}");
    }

    #[test]
    fn a_password_is_in_no_argument() {
        let answers = Answers { program: "/agent".into(), environment: ("FROM", "/etc/secret".into()) };
        let access = Access { password: Some(answers), key_file: Some("/k%u".into()), ..Access::default() };
        let command = access.command(&url());
        assert!(!words(&command).contains("secret") && !words(&command).contains("BatchMode"));
        assert!(words(&command).contains("IdentitiesOnly=yes -i /k%%u"));
        assert!(command.get_envs().any(|(name, _)| name == "SSH_ASKPASS"));
    }
}
