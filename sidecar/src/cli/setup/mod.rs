//! `setup`: the first steps of a sidecar: a configuration, the folder that it keeps everything in, the first account.

mod account;
mod answer;
mod done;
mod file;
mod folder;
mod make;
mod owner;
mod place;
mod ports;
mod text;
mod wanted;

use std::net::SocketAddr;
use std::path::PathBuf;

use atalaya_base::config::Url;

use super::exit::{Exit, Failure, Result};
use super::password::From;

const EXAMPLES: &str = "Examples:
  atalaya-sidecar setup
  atalaya-sidecar setup --reach machine
  atalaya-sidecar setup --reach network --account ana --password-file ./ana
  atalaya-sidecar setup --reach machine --broker mqtts://broker.lan:8883

It asks for what no option says, and changes nothing before all that can be
wrong was looked at.";

/// Set a sidecar up: its configuration, its folder, the first account
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Configuration to write [default: /etc/atalaya/sidecar.toml for root, else in ~/.config]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep everything in this folder [default: /var/lib/atalaya-sidecar for root, else in ~/.local/state]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Who may reach it
    #[arg(long, value_enum)]
    reach: Option<Reach>,
    /// A name or address that others reach this machine by; may be given several times [default: its own]
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// The first account, which may do everything; its password is asked for
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    from: From,
    /// Use this broker, such as mqtts://broker.lan:8883, instead of the built-in one
    #[arg(long, value_name = "URL")]
    broker: Option<Url>,
    /// Whom to be at that broker
    #[arg(long, value_name = "NAME", requires = "broker")]
    broker_username: Option<String>,
    /// The file whose first line is the password there
    #[arg(long, value_name = "FILE", requires = "broker_username")]
    broker_password_file: Option<PathBuf>,
    /// The file with the authority that vouches for that broker [default: those that the system trusts]
    #[arg(long, value_name = "FILE", requires = "broker")]
    broker_ca_file: Option<PathBuf>,
    #[command(flatten)]
    listen: Listen,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Where it listens, where that is not as usual.
#[derive(Debug, clap::Args)]
struct Listen {
    /// Show pages here, on this machine [default: port 8480]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Show pages to the network here [default: port 8443]
    #[arg(long, value_name = "ADDRESS")]
    listen_tls: Option<SocketAddr>,
    /// Let nodes of this machine connect here [default: port 1883]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "broker")]
    broker_listen: Option<SocketAddr>,
    /// Let nodes of the network connect here [default: port 8883]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "broker")]
    broker_listen_tls: Option<SocketAddr>,
}

/// Who can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Reach {
    /// This machine alone: without TLS, and accounts only for who wants them
    Machine,
    /// The network: with TLS, and an account for everybody
    Network,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let place = place::Place::of(args.config.as_deref())?;
    let wanted = wanted::Wanted::of(args, &place)?;
    let owner = folder::look(&wanted.folder)?;
    let has_accounts = folder::has_accounts(&wanted.folder, &owner)?;
    let listeners = owner.act(|| ports::Listeners::open(&args.listen, &wanted))?;
    let text = text::text(&wanted, &listeners, &owner)?;
    let config = place.check(&text)?;
    make::reach_broker(&wanted)?;
    // Whoever types a password does so once, when nothing else can be wrong.
    let account = account::Wish::read(args, &wanted, &config, has_accounts)?;
    place.refuse_to_fail()?;
    drop(listeners);
    make::make(&place, &text, &config, &wanted.folder, &owner, account.as_ref())?;
    done::tell(args.json, &done::Done::new(&place, &wanted, &config, &owner, account.as_ref()))?;
    Ok(Exit::Done)
}

/// What nobody is there to be asked for.
fn missing(what: &str, option: &str) -> Failure {
    Failure::new(Exit::Usage, format!("cannot tell {what}: there is no terminal to ask at; give {option}"))
}

/// Something that makes no sense, or is not there.
fn refused(why: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, format!("cannot set up: {why}"))
}
