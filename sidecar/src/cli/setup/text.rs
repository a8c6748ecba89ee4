//! The configuration that is written: short, and what stands in it is explained.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::owner::Owner;
use super::ports::Listeners;
use super::wanted::{Other, Wanted};
use super::{Reach, refused};
use crate::cli::exit::Result;

/// Where the packages put passwords for the service, which only root can read there.
const SECRETS: &str = "/etc/atalaya/sidecar-secrets";
/// Where the service finds them.
const CREDENTIALS: &str = "/run/credentials/atalaya-sidecar.service/secret_";

pub(super) fn text(wanted: &Wanted, listeners: &Listeners, owner: &Owner) -> Result<String> {
    let mut out = String::from(
        "# Written by \"atalaya-sidecar setup\"; yours from now on. \"atalaya-sidecar config example\" shows every key, and\n\
         # \"atalaya-sidecar config check\" says whether it is in order.\n\n[state]\n",
    );
    if owner.is_service() && !wanted.folder.starts_with("/var/lib/atalaya-sidecar") {
        out.push_str(
            "# The service may write there after: systemctl edit atalaya-sidecar, with [Service] and ReadWritePaths=.\n",
        );
    }
    line(&mut out, "dir", &path(&wanted.folder));
    out.push_str("\n[broker]\n");
    match &wanted.broker {
        Some(other) => outside(&mut out, other, owner)?,
        None => {
            out.push_str("# Without TLS it is for this machine alone.\n");
            line(&mut out, "listen", &addresses(&listeners.broker));
        }
    }
    if !listeners.broker_tls.is_empty() {
        out.push_str("# Nodes of the network get their certificates with \"atalaya-sidecar node add\".\n");
        line(&mut out, "listen_tls", &addresses(&listeners.broker_tls));
    }
    if wanted.reach == Reach::Network {
        out.push_str("# What others know this machine by: in its certificate, and in what \"node add\" prints.\n");
        line(&mut out, "names", &list(wanted.names.iter().map(String::as_str)));
    }
    out.push_str("\n[web]\n# Without TLS it is for this machine alone.\n");
    line(&mut out, "listen", &addresses(&listeners.web));
    if let Some(url) = url(&wanted.names, &listeners.web_tls) {
        out.push_str("# Its certificate is the sidecar's own; cert_file and key_file name another.\n");
        line(&mut out, "listen_tls", &addresses(&listeners.web_tls));
        out.push_str("# As people reach it; stands in notifications.\n");
        line(&mut out, "url", &quoted(&url));
    }
    Ok(out)
}

fn outside(out: &mut String, other: &Other, owner: &Owner) -> Result<()> {
    out.push_str("# Somebody else's; docs/tower.md says what it must let the sidecar do.\n");
    let url = &other.external.url;
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    line(out, "url", &quoted(&format!("{}://{host}:{}", if url.tls { "mqtts" } else { "mqtt" }, url.port)));
    if let Some(user) = &other.external.username {
        line(out, "username", &quoted(user));
    }
    for (key, file) in [("password_file", &other.password), ("ca_file", &other.external.ca)] {
        if let Some(file) = file {
            line(out, key, &path(&for_service(file, owner)?));
        }
    }
    Ok(())
}

/// The file as the service has it. One that it cannot read would only be missed when it starts.
fn for_service(file: &Path, owner: &Owner) -> Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if owner.is_service() && file.parent() == Some(Path::new(SECRETS)) {
        return Ok(PathBuf::from(format!("{CREDENTIALS}{name}")));
    }
    owner.act(|| {
        let read = std::fs::File::open(file).map(drop);
        read.map_err(|err| {
            let why = atalaya_base::text::without_numbers(&err.to_string());
            let hint = if owner.is_service() { format!("; put it into {SECRETS}") } else { String::new() };
            refused(format_args!("the sidecar cannot read {}: {why}{hint}", file.display()))
        })
    })?;
    Ok(file.to_owned())
}

/// Where people find the pages from elsewhere.
fn url(names: &[String], listen: &[SocketAddr]) -> Option<String> {
    let (name, port) = (names.first()?, listen.first()?.port());
    let host = if name.contains(':') { format!("[{name}]") } else { name.clone() };
    Some(if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") })
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn addresses(all: &[SocketAddr]) -> String {
    list(all.iter().map(ToString::to_string))
}

fn list(all: impl Iterator<Item = impl AsRef<str>>) -> String {
    format!("[{}]", all.map(|one| quoted(one.as_ref())).collect::<Vec<_>>().join(", "))
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// Text as it stands in the configuration. JSON escapes as TOML does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_the_first_name() {
        let url = |name: &str, port: u16| url(&[name.to_owned()], &[SocketAddr::from(([0, 0, 0, 0], port))]);
        assert_eq!(url("nas.lan", 8443).as_deref(), Some("https://nas.lan:8443"));
        assert_eq!(url("fd00::1", 443).as_deref(), Some("https://[fd00::1]"));
    }

    #[test]
    fn what_lies_among_the_secrets_is_where_the_service_has_it() {
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        let service = super::super::owner::Somebody { name: super::super::owner::SERVICE.into(), uid, gid };
        let owner = Owner(Some(service));
        let found = for_service(&Path::new(SECRETS).join("broker"), &owner).unwrap();
        assert_eq!(found, Path::new("/run/credentials/atalaya-sidecar.service/secret_broker"));
        assert!(for_service(Path::new("/no/such/file"), &Owner(None)).unwrap_err().text.contains("cannot read"));
    }
}
