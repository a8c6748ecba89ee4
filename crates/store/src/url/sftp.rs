//! `sftp://[USER@]HOST[:PORT]/PATH`.

use std::fmt;

use super::host::host_and_port;
use super::percent::{decode, encode};

/// A folder of a machine that is reached by SSH. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SftpUrl {
    /// Who logs in; without, whoever `ssh` takes.
    pub user: Option<String>,
    /// A name, an alias of `ssh`'s configuration, or an address without brackets.
    pub host: String,
    /// Without, what `ssh` takes.
    pub port: Option<u16>,
    /// Bytes as the server has them, without a slash at the end: from the root, or relative to where a login begins.
    pub path: Vec<u8>,
}

impl SftpUrl {
    /// Reads what stands behind `sftp://`.
    pub(super) fn parse(rest: &str) -> Result<Self, String> {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user_of(user)?), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place, "sftp://USER@HOST:PORT/PATH")?;
        Ok(Self { user, host, port, path: path_of(path)? })
    }

    /// `path` with `name` below it.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        let mut path = self.path.clone();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        Self { path, ..self.clone() }
    }
}

impl fmt::Display for SftpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sftp://")?;
        if let Some(user) = &self.user {
            write!(f, "{}@", encode(user.as_bytes(), b""))?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host.replace('%', "%25"))?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if !self.path.starts_with(b"/") {
            f.write_str("/~/")?;
        }
        f.write_str(&encode(&self.path, b"/"))
    }
}

fn user_of(text: &str) -> Result<String, String> {
    if text.contains(':') {
        return Err("a password in a URL is seen by everybody; give --ssh-password-file FILE".to_owned());
    }
    let user = String::from_utf8(decode(text)?).map_err(|_| "the user's name is no text".to_owned())?;
    if user.is_empty() || user.starts_with('-') {
        return Err(format!("{user:?} is no user's name"));
    }
    Ok(user)
}

fn path_of(text: &str) -> Result<Vec<u8>, String> {
    let mut path = decode(text)?;
    if path.split(|byte| *byte == b'/').any(|part| part == b"..") {
        return Err("\"..\" in a URL is not followed; write the path without".to_owned());
    }
    while path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    let relative = path.strip_prefix(b"/~/".as_slice()).map(<[u8]>::to_vec);
    match relative {
        Some(relative) if !relative.is_empty() => Ok(relative),
        // The login's own folder, or the server's root, as a repository is hardly what is meant.
        _ if path.is_empty() || path == b"/" || path == b"/~" || path == b"/~/" => {
            Err("it names no folder; write sftp://HOST/PATH, or sftp://HOST/~/PATH from where a login begins"
                .to_owned())
        }
        _ => Ok(path),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, String, Option<u16>, String) {
        let url = SftpUrl::parse(text).unwrap();
        (url.user, url.host, url.port, String::from_utf8_lossy(&url.path).into_owned())
    }

    #[test]
    fn what_is_understood() {
        let user = |name: &str| Some(name.to_owned());
        for (text, expected) in [
            ("nas/srv/a", (None, "nas", None, "/srv/a")),
            ("ana@nas.lan:2222/srv/a/", (user("ana"), "nas.lan", Some(2222), "/srv/a")),
            ("nas/~/backup/nas", (None, "nas", None, "backup/nas")),
            ("ana%40home@nas/a%20b", (user("ana@home"), "nas", None, "/a b")),
            ("u@x@nas/a", (user("u@x"), "nas", None, "/a")),
            ("[2001:db8::1]:22/a", (None, "2001:db8::1", Some(22), "/a")),
            ("[fe80::1%25eth0]/a", (None, "fe80::1%eth0", None, "/a")),
            ("192.0.2.1//a", (None, "192.0.2.1", None, "//a")),
        ] {
            let (user, host, port, path) = expected;
            assert_eq!(parts(text), (user, host.to_owned(), port, path.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_shown_means_the_same() {
        for text in
            ["nas/srv/a", "ana@nas:2222/~/b", "[2001:db8::1]:22/a%20%25b", "[fe80::1%25eth0]/a", "a%40b@h/%FF%3F"]
        {
            let url = SftpUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), format!("sftp://{text}"));
        }
        assert_eq!(SftpUrl::parse("h/a").unwrap().below("x").to_string(), "sftp://h/a/x");
    }

    #[test]
    fn what_is_refused() {
        for (text, said) in [
            ("", "no host"),
            ("/a", "no host"),
            ("@h/a", "user's name"),
            ("-x@h/a", "user's name"),
            ("ana:secret@h/a", "--ssh-password-file"),
            ("-oProxyCommand=x/a", "no name of a host"),
            ("h h/a", "no name of a host"),
            ("2001:db8::1/a", "in brackets"),
            ("[::1/a", "no \"]\""),
            ("[::1]x/a", "no port"),
            ("[h]/a", "no IPv6 address"),
            ("[fe80::1%25]/a", "no IPv6 address"),
            ("h:/a", "no port"),
            ("h:0/a", "no port"),
            ("h:+22/a", "no port"),
            ("h:65536/a", "no port"),
            ("h", "no folder"),
            ("h/", "no folder"),
            ("h/~", "no folder"),
            ("h/~/", "no folder"),
            ("h/a/../b", "not followed"),
            ("h/a%2F%2e%2e/b", "not followed"),
            ("h/a?b", "write %3F"),
            ("h/a#b", "write %23"),
            ("h/%00", "control character"),
        ] {
            let why = SftpUrl::parse(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
    }
}
