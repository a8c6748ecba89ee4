//! Commands of the agent that stays: the daemon, what it reads, and what asks it. Without the feature `daemon` there are none.

pub(super) mod backup_job;
mod config;
mod dismiss;
mod job;
mod policy;
mod probe;
mod run;
mod setup;
mod smart_helper;
mod socket;
mod status;
mod upkeep;

pub(super) use socket::CONFIG;

use super::context::Context;
use super::exit::{Exit, Result};

/// The table of these commands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Run(run::Args),
    Job(job::Args),
    Config(config::Args),
    Setup(setup::Args),
    Status(status::Args),
    Upkeep(upkeep::Args),
    Policy(policy::Args),
    Dismiss(dismiss::Args),
    Probe(probe::Args),
    SmartHelper(smart_helper::Args),
}

impl Command {
    pub(super) fn run(&self, context: &Context) -> Result<Exit> {
        match self {
            Self::Run(args) => run::run(context, args),
            Self::Job(args) => job::run(context, args),
            Self::Config(args) => config::run(context, args),
            Self::Setup(args) => setup::run(context, args),
            Self::Status(args) => status::run(context, args),
            Self::Upkeep(args) => upkeep::run(context, args),
            Self::Policy(args) => policy::run(context, args),
            Self::Dismiss(args) => dismiss::run(context, args),
            Self::Probe(args) => probe::run(context, args),
            Self::SmartHelper(args) => smart_helper::run(context, args),
        }
    }
}
