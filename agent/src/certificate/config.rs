//! `[[certificate]]`.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::{Entry, Place};
use atalaya_certificate::tidy;
use atalaya_reach::split;
use serde::Deserialize;

/// Certificates: more than a NAS has services with names.
pub(crate) const CERTIFICATES_MAX: usize = 8;
/// Names in one: a request for them fits into what the sidecar takes.
const NAMES_MAX: usize = 8;
/// Where a service is that is asked without a port.
const PORT: u16 = 443;
/// How long a service may take until it shows its new certificate.
const PATIENCE: Duration = Duration::from_secs(600);

/// A certificate that the sidecar orders for this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The same as in the sidecar's configuration.
    pub name: String,
    /// What it is for; nothing else is asked for or installed.
    pub names: Vec<String>,
    /// Where the pair is put.
    pub folder: PathBuf,
    /// Whom its files belong to.
    pub user: Option<String>,
    /// A group that may read the key.
    pub group: Option<String>,
    /// Mode of the key.
    pub mode: Option<u32>,
    /// What makes its service read it: a program's whole path and its arguments. Empty where it does so by itself.
    pub reload: Vec<String>,
    /// Host and port where it is seen served.
    pub served: Option<(String, u16)>,
    /// How long that may take before the pair before is put back.
    pub patience: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    name: String,
    names: Vec<String>,
    folder: Place,
    user: Option<String>,
    group: Option<String>,
    mode: Option<String>,
    #[serde(default)]
    reload: Vec<String>,
    served: Option<String>,
    patience_seconds: Option<u16>,
}

impl Entry for Certificate {
    type Raw = Raw;

    fn check(raw: Raw) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=32).contains(&raw.name.len()) || !raw.name.bytes().all(fits) {
            return Err(format!("{:?} is no name; write 1 to 32 letters, digits, \"_\" and \"-\"", raw.name));
        }
        if raw.names.len() > NAMES_MAX {
            return Err(format!("there are more than {NAMES_MAX} names"));
        }
        if let Some(program) = raw.reload.first()
            && !program.starts_with('/')
        {
            return Err(format!("reload begins with {program:?}, which is no program's whole path"));
        }
        let patience = raw.patience_seconds.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.into()));
        Ok(Self {
            name: raw.name,
            names: tidy(&raw.names).map_err(|wrong| wrong.0)?,
            folder: raw.folder.0,
            user: raw.user,
            group: raw.group,
            mode: raw.mode.as_deref().map(mode).transpose()?,
            reload: raw.reload,
            served: raw.served.as_deref().map(|served| split(served, Some(PORT))).transpose()?,
            patience,
        })
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// Of a key: its owner reads it, perhaps its group, and nobody else.
fn mode(text: &str) -> Result<u32, String> {
    match text {
        "0400" => Ok(0o400),
        "0440" => Ok(0o440),
        "0600" => Ok(0o600),
        "0640" => Ok(0o640),
        _ => Err(format!("mode is {text:?}; a key has \"0600\", \"0640\", \"0400\" or \"0440\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atalaya_base::config::entries;

    #[derive(Debug, Deserialize)]
    struct All {
        #[serde(deserialize_with = "entries")]
        certificate: Vec<Certificate>,
    }

    #[track_caller]
    fn check(more: &str, expected: &str) {
        let text = format!("[[certificate]]\nname = 'web'\nnames = ['NAS.example.com']\nfolder = '/srv/web'\n{more}");
        let read = toml::from_str::<All>(&text);
        let told = read.as_ref().err().map_or("", |err| err.message());
        assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{more}: {told}");
        if let Ok(all) = read {
            assert_eq!(all.certificate[0].names, ["nas.example.com"]);
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        check("", "");
        check("mode = '0640'\nserved = '127.0.0.1:8443'\nreload = ['/bin/true', 'x y']", "");
        check("mode = '0644'", "a key has");
        check("mode = '0777'", "a key has");
        check("reload = ['true']", "whole path");
        check("served = 'a:b'", "no host:port");
        check("key = '/k'", "unknown field");
        check("[[certificate]]\nname = 'web'\nnames = ['b.example']\nfolder = '/srv/b'", "called \"web\"");
        check("[[certificate]]\nname = 'a/b'\nnames = ['b.example']\nfolder = '/srv/b'", "is no name");
        check("[[certificate]]\nname = 'b'\nnames = ['no name']\nfolder = '/srv/b'", "no name that a certificate");
        check("[[certificate]]\nname = 'b'\nnames = []\nfolder = '/srv/b'", "1 to");
        check("[[certificate]]\nname = 'b'\nnames = ['b.example']\nfolder = 'srv'", "no absolute path");
    }
}
