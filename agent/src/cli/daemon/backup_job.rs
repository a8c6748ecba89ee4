//! `backup --job NAME` without a path: a job of the configuration, by the daemon if one runs, else here.

use std::ffi::OsString;
use std::path::PathBuf;

use super::CONFIG;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;
use crate::watch::{Request, ask};

/// Where the job is described.
#[derive(Debug, clap::Args)]
pub(crate) struct Configured {
    /// Configuration that --job is looked up in when no PATH is given
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
}

pub(crate) fn start(context: &Context, job: &str, from: &Configured, full: bool) -> Result<Exit> {
    let config = Config::load(&from.config).map_err(Failure::usage)?;
    let Some(found) = config.jobs.iter().find(|known| known.plan.name == job) else {
        let known: Vec<&str> = config.jobs.iter().map(|known| known.plan.name.as_str()).collect();
        return Err(Failure::usage(format!(
            "there is no job {job:?} in the configuration; there are {}",
            known.join(", ")
        )));
    };
    // The daemon reads everything when its plan says so.
    if !full {
        let begun = ask(&config.socket, &Request::Backup(Some(job.to_owned())));
        if begun.map_err(|why| Failure::new(Exit::Failed, why))?.is_some() {
            let mut out = context.output();
            if out.json {
                out.json(&serde_json::json!({ "begun": true, "job": job }))?;
            }
            out.remark(format_args!("the agent backs up {job}; \"atalaya-agent status\" says how far it is"))?;
            out.finish()?;
            return Ok(Exit::Done);
        }
    }
    let mut words: Vec<OsString> = vec!["atalaya-agent".into(), "backup".into()];
    for (option, wanted) in [("--json", context.global.json), ("--quiet", context.global.quiet), ("--full", full)] {
        words.extend(wanted.then(|| option.into()));
    }
    words.extend(["--state-dir".into(), config.state.into()]);
    words.extend(found.words.iter().map(OsString::from));
    crate::cli::instead(words)
}
