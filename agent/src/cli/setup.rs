//! `setup`: this machine joins a tower.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use atalaya_base::config::Url;
use atalaya_base::text::without_numbers;
use atalaya_wire::NodeId;
use atalaya_wire::join::{Invitation, Joining};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::socket::CONFIG;
use crate::config::Config;
use crate::durable;
use crate::join::{Joined, Key, Section, Spoiled, ask, merged};
use crate::watch::{make_state, node_id};

const EXAMPLES: &str = "Examples:
  atalaya-agent setup --join atalaya1:…
  atalaya-agent setup --join atalaya1:… --force";

/// Join a tower with the string that "atalaya-sidecar node add" prints
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The string; it is good once, for a day
    #[arg(long, value_name = "STRING")]
    join: String,

    /// Configuration to write to; made if there is none [default: /etc/atalaya/agent.toml for root, else in ~/.config]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Join anew: replace the certificate, the key and what an earlier "setup" wrote
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Done<'a> {
    node: &'a str,
    broker: String,
    config: String,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let invitation: Invitation = args.join.parse().map_err(|why| Failure::usage(format!("cannot join: {why}")))?;
    let places = Places::new(args)?;
    // All that can be wrong here is found before the code is used up.
    places.refuse_to_overwrite(args.force)?;
    let (text, config) = places.before(context)?;
    let dry = places.text_with(&text, &Url { host: "tower".into(), port: 8883, tls: true }, None, args.force)?;
    places.check(&dry)?;
    let node = node(&config)?;
    let key = Key::new().map_err(|why| Failure::new(Exit::Failed, why))?;
    places.prove_writable()?;
    let name = Joining::name_of(&config.name);
    let joined = ask(&invitation, &node, &name, &key).map_err(|why| Failure::new(Exit::Failed, why))?;
    places.write(&text, &key, &joined, args.force)?;
    let (broker, file) = (joined.broker.to_string(), places.config.display().to_string());
    let mut out = context.output();
    if out.json {
        out.json(&Done { node: node.as_str(), broker: broker.clone(), config: file.clone() })?;
    }
    out.remark(format_args!("Joined: this is node {} at {broker}, as {file} says now", node.as_str()))?;
    out.remark("Start the agent, or send it SIGHUP if it runs")?;
    out.finish()?;
    Ok(Exit::Done)
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
    fn new(args: &Args) -> Result<Self> {
        let config = match &args.config {
            Some(config) => config.clone(),
            None if rustix::process::geteuid().is_root() => CONFIG.into(),
            None => own_config().ok_or_else(|| {
                Failure::usage("cannot tell where to keep the configuration: HOME is not set; give --config FILE")
            })?,
        };
        // A link stays one: what it leads to is replaced.
        let config = fs::canonicalize(&config).or_else(|_| std::path::absolute(&config));
        let config = config.map_err(|err| failed("use the configuration", args.config.as_deref(), &err))?;
        let folder = config.parent().map_or_else(|| "/".into(), Path::to_owned);
        let file = |name: &str| folder.join(name);
        Ok(Self { key: file("node.key"), certificate: file("node.pem"), ca: file("ca.pem"), config, folder })
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

    /// The configuration as it is, or as a new one begins.
    fn before(&self, context: &Context) -> Result<(String, Config)> {
        let text = match fs::read_to_string(&self.config) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                let state = context.global.state_dir()?;
                let state = serde_json::Value::from(state.display().to_string());
                format!("# \"atalaya-agent config example\" shows every key.\n[node]\nstate_dir = {state}\n")
            }
            Err(err) => return Err(failed("read", Some(&self.config), &err)),
        };
        let config = self.check(&text)?;
        Ok((text, config))
    }

    fn check(&self, text: &str) -> Result<Config> {
        Config::read(&self.config, text).map_err(Failure::usage)
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

    /// A folder that cannot be written would cost the code.
    fn prove_writable(&self) -> Result<()> {
        let proof = self.folder.join("setup.proof");
        let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(&self.folder);
        let proven = made.and_then(|()| durable::replace(&proof, b"x")).and_then(|()| fs::remove_file(&proof));
        proven.map_err(|err| failed("write in", Some(&self.folder), &err))
    }

    /// The configuration last: it names the other files.
    fn write(&self, text: &str, key: &Key, joined: &Joined, force: bool) -> Result<()> {
        let text = self.text_with(text, &joined.broker, Some(joined), force)?;
        self.check(&text)?;
        let before = fs::metadata(&self.config).ok();
        for (path, bytes) in [
            (&self.key, key.pem.as_bytes()),
            (&self.certificate, joined.response.certificate.as_bytes()),
            (&self.ca, joined.response.ca.as_bytes()),
        ] {
            let written = durable::replace(path, bytes).and_then(|()| for_the_daemon(path, before.as_ref()));
            written.map_err(|err| failed("write", Some(path), &err))?;
        }
        durable::replace(&self.config, text.as_bytes()).map_err(|err| failed("write", Some(&self.config), &err))?;
        // Whoever could read it still can; who may not give files away keeps it.
        if let Some(before) = before {
            let _ = fs::set_permissions(&self.config, fs::Permissions::from_mode(before.permissions().mode() & 0o777));
            let _ = std::os::unix::fs::chown(&self.config, Some(before.uid()), Some(before.gid()));
        }
        Ok(())
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

fn own_config() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").filter(|dir| dir.is_absolute());
    Some(base.or_else(|| Some(set("HOME")?.join(".config")))?.join("atalaya/agent.toml"))
}

fn failed(what: &str, path: Option<&Path>, err: &io::Error) -> Failure {
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    let why = without_numbers(&err.to_string());
    let hint =
        if err.kind() == io::ErrorKind::PermissionDenied { "; run it as root, or give --config FILE" } else { "" };
    Failure::new(Exit::Failed, format!("cannot {what} {path}: {why}{hint}"))
}
