//! `alerts`: a test of a channel, and the rules.

use std::path::PathBuf;

use atalaya_alert::rule::Rule;
use atalaya_alert::{Severity, Wall};
use atalaya_notify::Outcome;
use atalaya_notify::words::Origin;
use serde_json::json;

use super::client::Which;
use super::exit::{Exit, Failure, Result};
use super::line;
use crate::clock::{Clock, System};
use crate::config::{Config, FILE};
use crate::notify::language;
use crate::tower::word;

const EXAMPLES: &str = "Examples:
  atalaya-sidecar alerts test phone
  atalaya-sidecar alerts test mail --severity critical
  atalaya-sidecar alerts rules --json";

/// Test a channel, or list the rules
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send a message that says it is a test, and print what the service answers
    Test {
        /// Name of a channel in the configuration
        channel: String,
        /// How urgent it is: low, medium, high or critical
        #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = severity)]
        severity: Severity,
        /// Configuration; without it /etc/atalaya/sidecar.toml
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// State folder of the running sidecar, by whose connection a channel of the kind mqtt is tested
        #[arg(long, value_name = "DIR")]
        state_dir: Option<PathBuf>,
    },
    /// List the rules that make alerts: those that are shipped, and your own
    Rules {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Configuration; without it /etc/atalaya/sidecar.toml if that is there
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn severity(text: &str) -> std::result::Result<Severity, String> {
    serde_json::from_value(text.into()).map_err(|_| "write low, medium, high or critical".into())
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Test { channel, severity, config, state_dir } => {
            let given = config.as_deref();
            let loaded = Config::given(given).map_err(usage)?;
            if Config::is_none(given) {
                return Err(usage(nothing_configured(channel)));
            }
            let folder = || state_dir.clone().map_or_else(|| loaded.state.folder().map_err(usage), Ok);
            test(&loaded, channel, *severity, folder)
        }
        Action::Rules { json, config } => {
            let config = Config::given(config.as_deref()).map_err(usage)?;
            let rules = crate::rules::read(config.alerts.dir.as_deref())?;
            let language = language(&config);
            if *json {
                line(serde_json::Value::Array(rules.iter().map(as_json).collect()))?;
            } else {
                for rule in rules.iter() {
                    let (id, severity, title) = (rule.id.as_str(), word(&rule.severity), language.of(&rule.title));
                    line(format_args!("{id:28} {severity:9} {:12} {title}", rule.view))?;
                }
            }
            Ok(Exit::Done)
        }
    }
}

fn nothing_configured(name: &str) -> String {
    format!(
        "there is no channel {name:?}: there is no configuration {FILE}, so defaults hold and no channel is configured; name the file with --config, or write one (\"atalaya-sidecar config example\")"
    )
}

fn usage(why: String) -> Failure {
    Failure::new(Exit::Usage, why)
}

/// Sends at once, beside what waits; by the sidecar that runs in this folder, where it is its connection that sends.
fn test(config: &Config, name: &str, severity: Severity, folder: impl FnOnce() -> Result<PathBuf>) -> Result<Exit> {
    let found = config.alerts.channels.iter().find(|channel| channel.settings.common.name == name);
    let Some(channel) = found else {
        let names: Vec<_> = config.alerts.channels.iter().map(|one| one.settings.common.name.as_str()).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(usage(format!("there is no channel {name:?} in the configuration; there is {there}")));
    };
    let settings = &channel.settings;
    let Some(way) = settings.own.clone().open() else {
        return by_the_sidecar(&Which::of(folder()?), name, severity);
    };
    let now = Wall(System::default().now().seconds());
    let origin = Origin { url: config.web.url.as_deref().unwrap_or_default(), customer: "", at: now };
    let reader = settings.reader(language(config), &config.state.zone);
    let message = reader.test(&format!("test-{name}-{}", now.0), name, severity, origin);
    match way.send(&message, now) {
        Outcome::Done(answer) => {
            line(format_args!("{name}: sent; the service answered: {answer}"))?;
            tell_the_sidecar(&Which::of(folder()?), name)?;
            Ok(Exit::Done)
        }
        other => Err(Failure::new(Exit::Failed, format!("{name}: did not get through: {}", other.text()))),
    }
}

/// The one that runs, if one does, may have the channel rest after failures: that is over.
fn tell_the_sidecar(which: &Which, name: &str) -> Result<()> {
    if which.runs()?
        && let Err(failure) = which.ask("POST", &format!("channels/{name}/works"), None)
    {
        let why = format!("warning: the sidecar that runs could not be told that {name} works: {}", failure.text);
        super::tell(&Failure::new(Exit::Done, why));
    }
    Ok(())
}

fn by_the_sidecar(which: &Which, name: &str, severity: Severity) -> Result<Exit> {
    let failed = |why: String| Failure::new(Exit::Failed, format!("cannot test {name:?}: {why}"));
    if !which.runs()? {
        let why = "it sends by the connection of the sidecar, and none runs with this state folder; start it with \"atalaya-sidecar run\", or name its folder with --state-dir";
        return Err(failed(why.into()));
    }
    let asked = json!({ "severity": severity });
    let said = which.ask("POST", &format!("channels/{name}/test"), Some(&asked));
    let said = said.map_err(|failure| failed(failure.text))?;
    let answer = said["answer"].as_str().unwrap_or_default();
    if said["sent"] == true {
        line(format_args!("{name}: sent; the service answered: {answer}"))?;
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::Failed, format!("{name}: did not get through: {answer}")))
}

fn as_json(rule: &Rule) -> serde_json::Value {
    json!({
        "id": rule.id,
        "severity": rule.severity,
        "title": rule.title,
        "view": rule.view,
        "key": rule.key,
        "for": rule.up,
        "clear_for": rule.down,
        "repeat": rule.repeat,
        "to": rule.to,
        "runbook": rule.runbook,
        "link": rule.link,
        "source": rule.source,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::notify::tests::service::Service;

    #[test]
    fn a_test_ends_as_the_service_answers() {
        let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "not a real one").unwrap();
        let text = format!(
            "[[channel]]\nname = \"desk\"\nkind = \"webhook\"\nurl = {:?}\nsecret_file = {secret:?}\n[[channel]]\nname = \"home\"\nkind = \"mqtt\"",
            service.url
        );
        let config = Config::read(Path::new("s.toml"), &text).unwrap();
        let test = |config: &_, name: &str, severity| test(config, name, severity, || Ok(folder.path().to_owned()));
        assert_eq!(test(&config, "desk", Severity::High).unwrap(), Exit::Done);
        assert_eq!((&service.bodies()[0]["kind"], &service.bodies()[0]["severity"]), (&"test".into(), &"high".into()));
        service.answers(403);
        let failure = test(&config, "desk", Severity::Low).unwrap_err();
        assert!(failure.exit == Exit::Failed && failure.text.contains("403"), "{failure:?}");
        let failure = test(&config, "home", Severity::Low).unwrap_err();
        assert!(failure.exit == Exit::Failed && failure.text.contains("--state-dir"), "{failure:?}");
        let failure = test(&config, "phone", Severity::Low).unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.text.contains("desk, home"), "{failure:?}");
    }
}
