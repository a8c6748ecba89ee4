//! This machine joins a tower.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use atalaya_base::config::Url;
use atalaya_wire::NodeId;
use atalaya_wire::join::{Invitation, Joining};
use serde::Serialize;

use super::place::{self, failed, prove_writable};
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;
use crate::durable;
use atalaya_certificate::Key;

use crate::join::{Joined, Section, Spoiled, ask, merged};
use crate::watch::{make_state, node_id};

#[derive(Serialize)]
struct Done<'a> {
    node: &'a str,
    broker: String,
    config: String,
}

/// Joins the tower that the string names; `force` replaces what an earlier joining wrote.
pub(super) fn join(context: &Context, string: &str, config: &Path, force: bool) -> Result<()> {
    let invitation: Invitation = string.parse().map_err(|why| Failure::usage(format!("cannot join: {why}")))?;
    let places = Places::new(config);
    // All that can be wrong here is found before the code is used up.
    places.refuse_to_overwrite(force)?;
    let (text, config) = place::before(context, &places.config)?;
    let dry = places.text_with(&text, &Url { host: "tower".into(), port: 8883, tls: true }, None, force)?;
    place::check(&places.config, &dry)?;
    let node = node(&config)?;
    let key = Key::new().map_err(|why| Failure::new(Exit::Failed, why))?;
    prove_writable(&places.folder)?;
    let name = Joining::name_of(&config.name);
    let joined = ask(&invitation, &node, &name, &key).map_err(|why| Failure::new(Exit::Failed, why))?;
    places.write(&text, &key, &joined, force)?;
    let (broker, file) = (joined.broker.to_string(), places.config.display().to_string());
    let mut out = context.output();
    if out.json {
        out.json(&Done { node: node.as_str(), broker: broker.clone(), config: file.clone() })?;
    }
    out.remark(format_args!("Joined: this is node {} at {broker}, as {file} says now", node.as_str()))?;
    out.remark("Start the agent, or send it SIGHUP if it runs")?;
    out.finish()
}

/// The files that are written.
struct Places {
    config: PathBuf,
    folder: PathBuf,
    key: PathBuf,
    certificate: PathBuf,
    ca: PathBuf,
}

impl Places {
    fn new(config: &Path) -> Self {
        let folder = config.parent().map_or_else(|| "/".into(), Path::to_owned);
        let file = |name: &str| folder.join(name);
        let (key, certificate, ca) = (file("node.key"), file("node.pem"), file("ca.pem"));
        Self { key, certificate, ca, config: config.to_owned(), folder }
    }

    fn refuse_to_overwrite(&self, force: bool) -> Result<()> {
        let there = [&self.key, &self.certificate, &self.ca].into_iter().find(|path| path.exists());
        match there.filter(|_| !force) {
            Some(path) => Err(Failure::usage(format!(
                "cannot join: {} is there already; --force replaces it, and needs a string made for this node",
                path.display()
            ))),
            None => Ok(()),
        }
    }

    fn text_with(&self, text: &str, broker: &Url, joined: Option<&Joined>, force: bool) -> Result<String> {
        let (response, no_key) = (joined.map(|joined| &joined.response), "0".repeat(64));
        let section = Section {
            broker,
            ca: &self.ca,
            certificate: &self.certificate,
            key: &self.key,
            prefix: response.map_or("atalaya", |response| &response.prefix),
            discovery_prefix: response.map_or("", |response| &response.discovery_prefix),
            command_key: response.map_or(&no_key, |response| &response.command_key),
        };
        merged(text, &section, force).map_err(|why| {
            let why = match why {
                Spoiled::There => "says already how to reach a tower; --force replaces what an earlier \"setup\" wrote",
                Spoiled::OwnKey => "has a key in [sidecar] that \"setup\" did not write; remove it first",
                Spoiled::NoEnd => {
                    "lacks the line \"# to here.\" behind what an earlier \"setup\" wrote; remove all of it"
                }
            };
            Failure::usage(format!("cannot join: {} {why}", self.config.display()))
        })
    }

    /// The configuration last: it names the other files.
    fn write(&self, text: &str, key: &Key, joined: &Joined, force: bool) -> Result<()> {
        let text = self.text_with(text, &joined.broker, Some(joined), force)?;
        place::check(&self.config, &text)?;
        let before = fs::metadata(&self.config).ok();
        for (path, bytes) in [
            (&self.key, key.pem.as_bytes()),
            (&self.certificate, joined.response.certificate.as_bytes()),
            (&self.ca, joined.response.ca.as_bytes()),
        ] {
            let written = durable::replace(path, bytes).and_then(|()| for_the_daemon(path, before.as_ref()));
            written.map_err(|err| failed("write", Some(path), &err))?;
        }
        place::rewrite(&self.config, &text)
    }
}

/// Root's configuration may be there for a group that the daemon belongs to; what it names is read by the same.
fn for_the_daemon(path: &Path, config: Option<&fs::Metadata>) -> io::Result<()> {
    let group = config.filter(|config| config.gid() != 0 && config.mode() & 0o040 != 0).map(MetadataExt::gid);
    let Some(group) = group.filter(|_| rustix::process::geteuid().is_root()) else { return Ok(()) };
    std::os::unix::fs::chown(path, None, Some(group))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o640))
}

/// The id that this node has, or gets now.
fn node(config: &Config) -> Result<NodeId> {
    let made = make_state(&config.state).and_then(|()| node_id(&config.state, config.node.as_ref()));
    made.map_err(|err| failed("use the state folder", Some(&config.state), &err))
}
