//! `node`: machines that come and go.

use atalaya_base::text::shown;
use serde_json::{Value, json};

use super::client::{Asks, Which};
use super::exit::{Exit, Failure, Result};
use super::line;
use super::show::{escaped, text};

const EXAMPLES: &str = "Examples:
  atalaya-sidecar node add --name nas-cellar --customer Pérez
  atalaya-sidecar node add --id 5be1f0c6a1d2e3f4
  atalaya-sidecar node add --id garden-sensor --token
  atalaya-sidecar node list
  atalaya-sidecar node retire 5be1f0c6a1d2e3f4";

/// Add nodes, list them, retire them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print what a machine joins with: a command that is good once, for a day
    Add(Add),
    /// List nodes with how they are
    List(Asks),
    /// Retire a node: what it shows is void at once, its history stays
    Retire {
        /// Its id, as "node list" shows it
        node: String,
        /// Erase its history as well
        #[arg(long)]
        forget: bool,
        #[command(flatten)]
        which: Which,
    },
}

/// What is known beforehand.
#[derive(Debug, clap::Args)]
struct Add {
    /// A name without "--name": what is meant is not guessed
    #[arg(hide = true, value_name = "NAME")]
    word: Option<String>,
    /// Name for people; without it what the node calls itself
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Whose it is
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<String>,
    /// Where it stands
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Its id, if it has to be that one: to give a node that is there another certificate
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The node that is between it and the sidecar, such as its router
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Print a user and a password for the broker instead: for what knows no certificates
    #[arg(long)]
    token: bool,
    #[command(flatten)]
    asks: Asks,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Add(add) => add.run()?,
        Action::List(asks) => {
            let head = ["NODE", "NAME", "CUSTOMER", "STATE", "LAST SEEN", "VERSION"];
            asks.table("nodes", &head, |node| {
                ["node", "title", "customer", "state", "seen_at", "version"].map(|key| text(node, key)).into()
            })?;
        }
        Action::Retire { node, forget, which } => {
            let path = format!("nodes/{}?forget={forget}", escaped(node));
            which.ask("DELETE", &path, None)?;
        }
    }
    Ok(Exit::Done)
}

impl Add {
    fn run(&self) -> Result<()> {
        let Self { word, name, customer, site, id, parent, token, asks } = self;
        if let Some(word) = word {
            let word = shown(word.as_bytes());
            let text =
                format!("cannot tell what \"{word}\" is: give a name as --name \"{word}\", an id as --id \"{word}\"");
            return Err(Failure::new(Exit::Usage, text));
        }
        let wish = json!({ "node": id, "name": name, "customer": customer, "site": site, "parent": parent, "password": token });
        let added = asks.which.ask("POST", "nodes", Some(&wish))?;
        match (asks.json, &added["join"]) {
            (true, _) => line(added),
            (false, Value::String(join)) => line(format_args!("atalaya-agent setup --join {join}")),
            (false, _) => {
                line(format_args!("user: {}", text(&added, "node")))?;
                line(format_args!("password: {}", text(&added, "password")))
            }
        }
    }
}
