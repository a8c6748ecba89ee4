//! `token`: what programs show instead of a password.

use serde_json::json;

use super::client::{Asks, Which};
use super::exit::{Exit, Result};
use super::line;
use super::show::{escaped, names, text};
use super::user::of;

const EXAMPLES: &str = "Examples:
  atalaya-sidecar token add prometheus --scope metrics
  atalaya-sidecar token add homeassistant --scope mqtt:home_assistant
  atalaya-sidecar token add script --scope read --scope operate --days 90
  atalaya-sidecar token list
  atalaya-sidecar token revoke script";

/// Add programs' tokens, list them, revoke them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token and print it; it is shown this once
    Add {
        /// Its name; at the broker it is the user
        name: String,
        /// What it may: read, metrics, operate, manage, mqtt:read or mqtt:home_assistant; may be given several times
        #[arg(long, value_name = "SCOPE", required = true)]
        scope: Vec<String>,
        /// Of which customers; may be given several times, and without it of all
        #[arg(long, value_name = "CUSTOMER")]
        customer: Vec<String>,
        /// It ends after so many days; without it never
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
        #[command(flatten)]
        asks: Asks,
    },
    /// List tokens, without their secrets
    List(Asks),
    /// Make a token count no more, from this moment
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        which: Which,
    },
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Add { name, scope, customer, days, asks } => {
            let body = json!({ "name": name, "scopes": scope, "customers": of(customer), "days": days });
            let made = asks.which.ask("POST", "tokens", Some(&body))?;
            if asks.json { line(made)? } else { line(text(&made, "token"))? }
        }
        Action::List(asks) => {
            let head = ["NAME", "SCOPES", "CUSTOMERS", "ENDS", "LAST SEEN"];
            asks.table("tokens", &head, |token| {
                let of = |key| names(token, key);
                vec![text(token, "name"), of("scopes"), of("customers"), text(token, "ends_at"), text(token, "seen_at")]
            })?;
        }
        Action::Revoke { name, which } => {
            which.ask("DELETE", &format!("tokens/{}", escaped(name)), None)?;
        }
    }
    Ok(Exit::Done)
}
