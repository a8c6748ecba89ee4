//! A broker to tell how this machine is: tried before it stands in the configuration.

use std::path::{Path, PathBuf};

use super::answer::{ask, is_somebody_there, say};
use super::place;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;
use crate::join::quoted;
use crate::link::try_out;

#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Broker {
    /// Broker to tell how this machine is, such as mqtt://homeassistant:1883, or mqtts:// with TLS
    #[arg(long = "broker", value_name = "URL", conflicts_with = "join")]
    url: Option<String>,

    /// Account at that broker
    #[arg(long = "broker-user", value_name = "NAME", requires = "url")]
    user: Option<String>,

    /// File with the password of that account, which the agent's own user can read
    #[arg(long = "broker-password-file", value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,

    /// Certificate to trust at that broker, instead of the system's
    #[arg(long = "broker-ca", value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

impl Broker {
    /// Whether one was named.
    pub(super) const fn is_named(&self) -> bool {
        self.url.is_some()
    }

    /// Writes the one that was named, or that a person names, into the configuration. Nobody is asked who has one already.
    pub(super) fn set_up(&self, context: &Context, config: &Path) -> Result<()> {
        let (text, before) = place::before(context, config)?;
        if self.is_named() {
            let (text, output) = self.tried(config, &text)?;
            return write(context, config, &text, &output);
        }
        while before.outputs.is_empty() && is_somebody_there() {
            let url = ask("Broker to tell how this machine is (such as mqtt://homeassistant:1883), or none", "none")?;
            if url == "none" {
                break;
            }
            match (Self { url: Some(url), ..Self::default() }).tried(config, &text) {
                Ok((text, output)) => return write(context, config, &text, &output),
                Err(why) => say(&format!("{why}. One with an account: --broker-user, --broker-password-file.")),
            }
        }
        Ok(())
    }

    /// The configuration with this broker, which let us in, and its name.
    fn tried(&self, config: &Path, text: &str) -> Result<(String, String)> {
        let text = format!("{}\n{}", text.trim_end(), self.section()?);
        let read: Config = place::check(config, &text)?;
        let Some(output) = read.outputs.last() else { return Err(Failure::usage("cannot tell which broker is meant")) };
        let name = output.url.to_string();
        try_out(output).map_err(|why| Failure::new(Exit::Failed, format!("cannot reach the broker {name}: {why}")))?;
        Ok((text, name))
    }

    fn section(&self) -> Result<String> {
        let mut lines = vec!["\n[[mqtt]]".to_owned()];
        let mut add = |key: &str, value: Option<String>| {
            lines.extend(value.map(|value| format!("{key} = {}", quoted(&value))));
        };
        add("url", self.url.clone());
        add("username", self.user.clone());
        add("password_file", self.password_file.as_deref().map(absolute).transpose()?);
        add("ca_file", self.ca.as_deref().map(absolute).transpose()?);
        Ok(lines.join("\n") + "\n")
    }
}

/// Where the daemon runs is another folder than where this is typed.
fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path);
    path.map(|path| path.display().to_string()).map_err(|err| Failure::usage(format!("cannot use a file: {err}")))
}

fn write(context: &Context, config: &Path, text: &str, broker: &str) -> Result<()> {
    place::prove_writable(config.parent().unwrap_or(Path::new("/")))?;
    place::rewrite(config, text)?;
    let mut out = context.output();
    if out.json {
        out.json(&serde_json::json!({ "broker": broker, "config": config.display().to_string() }))?;
    }
    out.remark(format_args!("The broker {broker} let us in, and stands in {} now", config.display()))?;
    out.finish()
}
