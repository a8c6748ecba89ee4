//! `user`: accounts of people.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::client::{Asks, Which};
use super::exit::{Exit, Result};
use super::password::From;
use super::show::{escaped, names, text};

const EXAMPLES: &str = "Examples:
  atalaya-sidecar user add ana --role approver
  atalaya-sidecar user add luis --role operator --customer Pérez
  atalaya-sidecar user list
  atalaya-sidecar user role luis viewer
  atalaya-sidecar user password ana --password-file ./new-password
  atalaya-sidecar user remove luis";

/// Add people's accounts, change them, list them, remove them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What an account may; each may what those before it may.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Look
    Viewer,
    /// Acknowledge, silence, note, command
    Operator,
    /// Approve; with all customers, manage
    Approver,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
        }
    }
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make an account; asks for its password
    Add {
        /// Its name
        name: String,
        /// What it may
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// Of which customers; may be given several times, and without it of all
        #[arg(long, value_name = "CUSTOMER")]
        customer: Vec<String>,
        #[command(flatten)]
        from: From,
        #[command(flatten)]
        which: Which,
    },
    /// List accounts
    List(Asks),
    /// Give an account another role, of the customers that are named, or of all
    Role {
        /// Its name
        name: String,
        /// What it may from now on
        role: Role,
        /// Of which customers; may be given several times, and without it of all
        #[arg(long, value_name = "CUSTOMER")]
        customer: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Give an account another password; asks for it, and ends all its sessions
    Password {
        /// Its name
        name: String,
        #[command(flatten)]
        from: From,
        #[command(flatten)]
        which: Which,
    },
    /// Remove an account; its sessions end
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        which: Which,
    },
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Add { name, role, customer, from, which } => {
            // Before anybody is asked for a password.
            which.ask("GET", "accounts?limit=1", None)?;
            let password = from.read(name)?;
            let body = json!({ "name": name, "role": role.name(), "customers": of(customer), "password": *password });
            which.ask("POST", "accounts", Some(&body))?;
        }
        Action::List(asks) => {
            let head = ["NAME", "ROLE", "CUSTOMERS", "MADE"];
            asks.table("accounts", &head, |account| {
                vec![
                    text(account, "name"),
                    text(account, "role"),
                    names(account, "customers"),
                    text(account, "made_at"),
                ]
            })?;
        }
        Action::Role { name, role, customer, which } => {
            let body = json!({ "role": role.name(), "customers": of(customer) });
            which.ask("PATCH", &path(name), Some(&body))?;
        }
        Action::Password { name, from, which } => {
            which.ask("GET", "accounts?limit=1", None)?;
            let password = from.read(name)?;
            which.ask("PATCH", &path(name), Some(&json!({ "password": *password })))?;
        }
        Action::Remove { name, which } => {
            which.ask("DELETE", &path(name), None)?;
        }
    }
    Ok(Exit::Done)
}

fn path(name: &str) -> String {
    format!("accounts/{}", escaped(name))
}

/// Those that are named; all if none is.
pub(super) fn of(customers: &[String]) -> Value {
    if customers.is_empty() { Value::Null } else { json!(customers) }
}
