//! What was done, and what to do next.

use std::path::Path;

use serde::Serialize;

use super::Reach;
use super::account::Wish;
use super::owner::Owner;
use super::place::Place;
use super::wanted::Wanted;
use crate::cli::exit::{Failure, Result};
use crate::cli::{PROGRAM, line};
use crate::config::Config;

/// See the module.
#[derive(Serialize)]
pub(super) struct Done {
    config: String,
    state_dir: String,
    /// Whose the folder is, if it is another one's than who set up.
    user: Option<String>,
    account: Option<String>,
    /// Where pages are.
    dashboard: String,
    /// What starts it.
    start: String,
    /// What lets a node of the network in; `None` where none can come so.
    add_node: Option<String>,
    /// Where nodes report otherwise.
    broker: String,
    /// What browsers are to trust.
    ca: Option<String>,
}

impl Done {
    pub(super) fn new(place: &Place, wanted: &Wanted, config: &Config, owner: &Owner, account: Option<&Wish>) -> Self {
        let local = |address: Option<&std::net::SocketAddr>| address.map(ToString::to_string).unwrap_or_default();
        let pages = || format!("http://{}", local(config.web.listen.first()));
        let named = if place.is_usual() { String::new() } else { format!(" --config {}", quoted(&place.path)) };
        let external = config.broker.external.as_ref();
        let is_network = wanted.reach == Reach::Network;
        Self {
            config: place.path.display().to_string(),
            state_dir: wanted.folder.display().to_string(),
            user: owner.0.as_ref().map(|somebody| somebody.name.clone()),
            account: account.map(|wish| wish.name().to_owned()),
            dashboard: config.web.url.clone().unwrap_or_else(pages) + "/",
            start: start(place, owner, &named),
            add_node: (is_network && external.is_none()).then(|| format!("{PROGRAM} node add --name NAME{named}")),
            broker: external.map_or_else(
                || format!("mqtt://{}", local(config.broker.listen.first())),
                |external| external.url.to_string(),
            ),
            ca: is_network.then(|| wanted.folder.join("ca.pem").display().to_string()),
        }
    }
}

/// By systemd where that has the unit; else by hand, as whom the folder belongs to.
fn start(place: &Place, owner: &Owner, named: &str) -> String {
    if owner.is_service() && place.is_usual() && Path::new("/run/systemd/system").exists() {
        return "systemctl enable --now atalaya-sidecar".into();
    }
    let run = format!("{PROGRAM} run{named}");
    match &owner.0 {
        Some(somebody) => format!("setpriv --reuid {0} --regid {0} --clear-groups {run}", somebody.name),
        None => run,
    }
}

/// As a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@:".contains(&byte);
    if text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

pub(super) fn tell(json: bool, done: &Done) -> Result<()> {
    if json {
        let value = serde_json::to_value(done).map_err(|err| Failure::output(&err.into()))?;
        return line(value);
    }
    let whose = done.user.as_ref().map_or_else(String::new, |user| format!(", which belongs to {user}"));
    line(format_args!("Wrote {}; everything is kept in {}{whose}", done.config, done.state_dir))?;
    if let Some(account) = &done.account {
        line(format_args!("Made the account {account}, which may do everything"))?;
    }
    line("Next:")?;
    line(format_args!("  start it      {}", done.start))?;
    line(format_args!("  dashboard     {}", done.dashboard))?;
    if let Some(ca) = &done.ca {
        line(format_args!("                browsers warn of its certificate until they trust {ca}"))?;
    }
    match &done.add_node {
        Some(add) => line(format_args!("  add a node    {add}")),
        None => line(format_args!("  nodes report  {}", done.broker)),
    }
}
