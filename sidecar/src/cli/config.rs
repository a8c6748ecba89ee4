//! `config`: checking the configuration, and an example of one.

use std::path::{Path, PathBuf};

use atalaya_base::cli::verdict;

use super::exit::{Exit, Failure, Result};
use super::line;
use crate::config::{Config, EXAMPLE, FILE};

const EXAMPLES: &str = "Examples:
  atalaya-sidecar config example
  atalaya-sidecar config check --config /etc/atalaya/sidecar.toml";

/// Check the configuration, or show an example
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say what is wrong with the configuration, if anything is
    Check {
        /// Configuration; without it /etc/atalaya/sidecar.toml
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Write a commented configuration to standard output
    Example,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Example => line(EXAMPLE.trim_end())?,
        Action::Check { config: path } => {
            let given = path.as_deref();
            let config = Config::given(given).map_err(|why| Failure::new(Exit::Usage, why))?;
            let rules = crate::rules::read(config.alerts.dir.as_deref())?;
            crate::certificates::check(&config)?;
            let warnings = config.warnings();
            for warning in &warnings {
                super::tell(&Failure::new(Exit::Done, format!("warning: {warning}")));
            }
            let channels = config.alerts.channels.len();
            let rules = rules.iter().count();
            if Config::is_none(given) {
                let what = format_args!(
                    "there is no configuration {FILE}, so defaults hold: {rules} rules, and no channel, so nobody is told of alerts; name a file with --config, or write one (\"atalaya-sidecar config example\")"
                );
                line(what)?;
            } else {
                let path = given.unwrap_or_else(|| Path::new(FILE)).display();
                let found = verdict(path, warnings.len());
                line(format_args!("{found}: {rules} rules, {channels} channels"))?;
            }
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a check of this configuration ends.
    fn check(folder: &std::path::Path, text: &str) -> std::result::Result<Exit, String> {
        let config = folder.join("sidecar.toml");
        std::fs::write(&config, text).unwrap();
        run(&Args { action: Action::Check { config: Some(config) } }).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Usage, "{}", failure.text);
            failure.text
        })
    }

    #[test]
    fn certificates_that_will_never_do_are_found_by_a_check() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        };
        let made = || rcgen::generate_simple_self_signed(["nas.example".to_owned()]).unwrap();
        let (one, other) = (made(), made());
        let (cert, key) = (file("cert.pem", &one.cert.pem()), file("key.pem", &one.signing_key.serialize_pem()));
        let (wrong, foreign) = (file("wrong.pem", "a letter"), file("other.pem", &other.signing_key.serialize_pem()));
        for section in ["broker", "web"] {
            let check = |cert: &PathBuf, key: &PathBuf| {
                check(folder.path(), &format!("[{section}]\ncert_file = {cert:?}\nkey_file = {key:?}\n"))
            };
            assert_eq!(check(&cert, &key), Ok(Exit::Done));
            for (cert, key) in [(&wrong, &key), (&cert, &wrong), (&cert, &foreign)] {
                let why = check(cert, key).unwrap_err();
                assert!(why.contains(".pem") && !why.contains('\n'), "{why}");
            }
            // It may lie on a disk that is mounted later.
            assert_eq!(check(&folder.path().join("none.pem"), &key), Ok(Exit::Done));
        }
    }

    #[test]
    fn rules_that_are_not_there_are_found_by_a_check() {
        let (folder, rules) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(rules.path().join("mine.toml"), "[[override]]\nrule = \"no-such\"\non = true\n").unwrap();
        let why = check(folder.path(), &format!("[alerts]\ndir = {:?}\n", rules.path())).unwrap_err();
        assert!(why.contains("mine.toml") && why.contains("there is no rule \"no-such\""), "{why}");
    }

    #[test]
    fn a_zone_that_is_not_there_is_found_by_a_check() {
        let folder = tempfile::tempdir().unwrap();
        let why = check(folder.path(), "[state]\nzone = \"Europe/Nowhere\"\n").unwrap_err();
        assert!(why.contains("sidecar.toml:2: state.zone") && why.contains("Nowhere"), "{why}");
    }
}
