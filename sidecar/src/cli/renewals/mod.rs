//! `renewals`: what expires, and what is decided about it.

mod plan;

use serde_json::{Value, json};

use super::client::Which;
use super::exit::{Exit, Result};
use super::password::From;
use super::show::{list, table, text};
use super::{line, show};

const EXAMPLES: &str = "Examples:
  atalaya-sidecar renewals list
  atalaya-sidecar renewals check
  atalaya-sidecar renewals plan example.com --years 2
  atalaya-sidecar renewals approve 7 --as ana
  atalaya-sidecar renewals reject 7
  atalaya-sidecar renewals history
  atalaya-sidecar renewals confirm host_name nas.ddns.net
  atalaya-sidecar renewals spending off";

/// Show what expires; plan, approve and follow what costs money
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List everything with an end, what is wanted first
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Ask all providers now
    Check {
        #[command(flatten)]
        which: Which,
    },
    /// Ask what renewing a domain costs, and show it; nothing is bought before somebody approves it
    Plan {
        /// The domain
        domain: String,
        /// For so many years, 1 to 10
        #[arg(long, value_name = "YEARS", default_value_t = 1, conflicts_with = "auto_renew")]
        years: u8,
        /// Have the provider renew it from now on, which costs money, too
        #[arg(long)]
        auto_renew: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Let a plan be carried out, once; asks for the password of who approves
    Approve {
        /// Its number, as in the history
        plan: u64,
        #[command(flatten)]
        approver: Approver,
        #[command(flatten)]
        which: Which,
    },
    /// Have a plan not carried out
    Reject {
        /// Its number
        plan: u64,
        #[command(flatten)]
        which: Which,
    },
    /// Say what became of a plan of which nobody knew
    Settle {
        /// Its number
        plan: u64,
        /// Whether the provider did it
        #[arg(value_parser = ["done", "not-done"])]
        outcome: String,
        #[command(flatten)]
        approver: Approver,
        #[command(flatten)]
        which: Which,
    },
    /// Say that something was confirmed or changed just now
    Confirm {
        /// What it is: host_name, domain, token, certificate or secret
        kind: String,
        /// Its name
        name: String,
        #[command(flatten)]
        which: Which,
    },
    /// Show what may be spent, and switch spending off or on
    Spending {
        /// Nothing is bought while it is off
        #[arg(value_parser = ["on", "off"])]
        switch: Option<String>,
        #[command(flatten)]
        approver: Approver,
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Show plans and what became of them, the newest first
    History {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: Which,
    },
}

/// Who approves.
#[derive(Debug, clap::Args)]
struct Approver {
    /// The account that approves
    #[arg(long = "as", value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    from: From,
}

impl Approver {
    /// As the API wants it; without an account it says what is missing.
    fn by(&self) -> Result<Value> {
        let Some(account) = &self.account else { return Ok(Value::Null) };
        Ok(json!({ "account": account, "password": *self.from.read_once(account)? }))
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::List { json, which } => items(*json, which)?,
        Action::Check { which } => drop(which.ask("POST", "renewals/check", None)?),
        Action::Plan { domain, years, auto_renew, json, which } => {
            let years = (!auto_renew).then_some(*years);
            return plan::run(domain, years, *json, which);
        }
        Action::Approve { plan, approver, which } => {
            let body = json!({ "by": approver.by()? });
            which.ask("POST", &format!("renewals/plans/{plan}/approve"), Some(&body))?;
        }
        Action::Reject { plan, which } => drop(which.ask("POST", &format!("renewals/plans/{plan}/reject"), None)?),
        Action::Settle { plan, outcome, approver, which } => {
            let body = json!({ "done": outcome == "done", "by": approver.by()? });
            which.ask("POST", &format!("renewals/plans/{plan}/settle"), Some(&body))?;
        }
        Action::Confirm { kind, name, which } => {
            which.ask("POST", "renewals/confirm", Some(&json!({ "kind": kind, "name": name })))?;
        }
        Action::Spending { switch: Some(switch), approver, which, .. } => {
            let body = json!({ "on": switch == "on", "by": approver.by()? });
            which.ask("PUT", "renewals/spending", Some(&body))?;
        }
        Action::Spending { switch: None, json, which, .. } => {
            spending(*json, &which.ask("GET", "renewals/spending", None)?)?
        }
        Action::History { json, which } => history(*json, which)?,
    }
    Ok(Exit::Done)
}

/// Worst first; `unknown` is no good news.
const ORDER: [&str; 8] = ["over", "critical", "not_accepted", "late", "due", "unknown", "fine", "lasting"];

fn items(json: bool, which: &Which) -> Result<()> {
    let mut all = which.list("renewals")?;
    let rank = |item: &Value| ORDER.iter().position(|known| item["standing"] == **known).unwrap_or(0);
    all.sort_by_key(|item| (rank(item), text(item, "ends")));
    let head = ["STANDING", "KIND", "NAME", "ENDS", "LEFT", "BY ITSELF", "SOURCE", "NEXT CHECK", "PLAN"];
    list(json, all, &head, |item| {
        let left = item["left_percent"].as_f64().map_or_else(|| "-".to_owned(), |left| format!("{left:.0} %"));
        let of = |key| text(item, key);
        let (source, plan) = (of("source"), of("plan"));
        vec![of("standing"), of("kind"), of("name"), of("ends"), left, ahead(item), source, of("next_check"), plan]
    })
}

/// What happens without a person, and from which day on; else from when on one is asked.
fn ahead(item: &Value) -> String {
    let day = |key| item[key].as_str().map(|at| at.split('T').next().unwrap_or(at).to_owned());
    let by_itself = text(item, "by_itself");
    match (day("renewed_at"), day("proposed_at")) {
        (Some(at), _) => format!("{by_itself} {at}"),
        (None, Some(at)) => format!("{by_itself}; asks {at}"),
        (None, None) => by_itself,
    }
}

fn amount(of: &Value) -> String {
    if of.is_null() { "-".to_owned() } else { format!("{} {}", text(of, "amount"), text(of, "currency")) }
}

fn history(json: bool, which: &Which) -> Result<()> {
    let head = ["PLAN", "STAGE", "WHAT", "PROVIDER", "PRICE", "LAST"];
    show::list(json, which.list("renewals/plans")?, &head, |plan| {
        let years = plan["years"].as_u64().map_or_else(String::new, |years| format!(" {years}y"));
        let what = format!("{}{years} {}", text(plan, "act"), text(plan, "name"));
        let last = plan["history"].as_array().and_then(|lines| lines.last());
        let last = last.map_or_else(String::new, |last| format!("{} {}", text(last, "at"), text(last, "what")));
        vec![text(plan, "id"), text(plan, "stage"), what, text(plan, "provider"), amount(&plan["price"]), last]
    })
}

fn spending(json: bool, spending: &Value) -> Result<()> {
    if json {
        return line(spending);
    }
    line(match (spending["on"].as_bool(), spending["dry_run"].as_bool()) {
        (Some(true), Some(true)) => "on, but this is a dry run: nothing is bought".to_owned(),
        (Some(true), _) => "on".to_owned(),
        _ => format!("off, by {}", text(spending, "switched_off_by")),
    })?;
    let months = spending["months"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Vec<String>> =
        months.iter().map(|month| vec![amount(&month["spent"]), amount(&month["cap"])]).collect();
    if rows.is_empty() {
        line("no cap is configured, so nothing is bought")
    } else {
        table(&["SPENT THIS MONTH", "CAP"], &rows)
    }
}
