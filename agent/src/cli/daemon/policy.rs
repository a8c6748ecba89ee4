//! `policy`: whether each job has enough copies.

use std::path::{Path, PathBuf};

use atalaya_base::text::shown;
use serde_json::Value;

use super::socket::CONFIG;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;
use crate::watch::{Request, ask, remembered_policies};

const EXAMPLES: &str = "Examples:
  atalaya-agent policy
  atalaya-agent policy --json --config /etc/atalaya/agent.toml";

/// Say for each job whether it has enough copies, on enough media and at enough places (3-2-1)
///
/// The original counts as one. A copy that is older than it may be does not count, nor one in which a check found damage. What is
/// wanted stands in [policy] of the configuration, what each copy lies on and where as medium and place of jobs and of the targets of
/// [upkeep.copy]. Exit code 0 says that it holds for every job, 4 that it does not, or that nobody can know.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Configuration of the daemon
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let all = look(&args.config)?;
    let holds = all.iter().all(|one| one["verdict"] == "holds");
    let mut out = context.output();
    if out.json {
        out.json(&serde_json::json!({ "holds": holds, "jobs": all }))?;
    } else {
        for line in all.iter().flat_map(lines) {
            out.line(shown(line.as_bytes()))?;
        }
    }
    out.finish()?;
    Ok(if holds { Exit::Done } else { Exit::NotHeld })
}

/// As the daemon sees it; where none runs, as the last one left it.
fn look(path: &Path) -> Result<Vec<Value>> {
    let config = Config::load(path).map_err(Failure::usage)?;
    let refuse = |why: &str| Failure::usage(format!("cannot judge {}: {why}", path.display()));
    if config.policy.is_none() {
        return Err(refuse("[policy] says enabled = false"));
    }
    if config.jobs.is_empty() {
        return Err(refuse("it has no [[job]]; the policy is about what is backed up here"));
    }
    let failed = |why: String| Failure::new(Exit::Failed, why);
    let told = match ask(&config.socket, &Request::Policy).map_err(failed)? {
        Some(told) => told,
        None => remembered_policies(&config).map_err(failed)?,
    };
    told.as_array().cloned().ok_or_else(|| failed("the agent that runs is older than this program; restart it".into()))
}

/// For people.
fn lines(job: &Value) -> Vec<String> {
    let word = |value: &Value, key: &str| value[key].as_str().unwrap_or("?").to_owned();
    let of = |what: &str| format!("{} of {}", job[format!("{what}_count")], job[format!("{what}_wanted_count")]);
    let (copies, media, places) = (of("copies"), of("media"), of("places"));
    let counts = format!("{copies} copies, {media} media, {places} other places");
    let mut out = vec![format!("{}: {}; {counts}", word(job, "job"), word(job, "verdict"))];
    for copy in job["copies"].as_array().into_iter().flatten() {
        let made = copy["made_at"].as_str().map(|at| format!(" of {at}")).unwrap_or_default();
        let lies = format!("medium {}, place {}", word(copy, "medium"), word(copy, "place"));
        out.push(format!("  {}: {}{made}; {lies}", word(copy, "repo"), word(copy, "state")));
    }
    for missing in job["missing"].as_array().into_iter().flatten() {
        out.push(format!("  missing: {}", missing.as_str().unwrap_or_default()));
    }
    out
}
