//! `renewals`: what expires, and what is decided about it.

mod plan;

use serde_json::{Value, json};

use super::client::{Asks, Which};
use super::exit::{Exit, Failure, Result};
use super::line;
use super::password::From;
use super::show::{list, table, text};

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
    List(Asks),
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
        #[command(flatten)]
        asks: Asks,
    },
    /// Let a plan be carried out, once; asks for the password of who approves
    Approve {
        /// Its number, as in the history
        #[arg(value_parser = number)]
        plan: u64,
        #[command(flatten)]
        approver: Approver,
        #[command(flatten)]
        which: Which,
    },
    /// Have a plan not carried out
    Reject {
        /// Its number
        #[arg(value_parser = number)]
        plan: u64,
        #[command(flatten)]
        which: Which,
    },
    /// Say what became of a plan of which nobody knew
    Settle {
        /// Its number
        #[arg(value_parser = number)]
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
        /// What it is
        #[arg(value_parser = ["host_name", "domain", "token", "certificate", "secret"])]
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
        #[command(flatten)]
        asks: Asks,
    },
    /// Show plans and what became of them, the newest first
    History(Asks),
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

    /// The same where a person has to be named.
    fn named(&self) -> Result<Value> {
        if self.account.is_none() {
            let why = "this is done by a person: name an account with the role approver (--as ACCOUNT); its password is asked for";
            return Err(Failure::new(Exit::Usage, why));
        }
        self.by()
    }
}

fn number(text: &str) -> std::result::Result<u64, String> {
    text.parse().map_err(|_| "write the plan's number, as \"renewals history\" shows it".into())
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::List(asks) => items(asks)?,
        Action::Check { which } => {
            which.ask("POST", "renewals/check", None)?;
            line("all providers are asked; \"atalaya-sidecar renewals list\" shows what they say")?;
        }
        Action::Plan { domain, years, auto_renew, asks } => {
            let years = (!auto_renew).then_some(*years);
            return plan::run(domain, years, asks);
        }
        Action::Approve { plan, approver, which } => {
            let body = json!({ "by": approver.named()? });
            which.ask("POST", &format!("renewals/plans/{plan}/approve"), Some(&body))?;
            line(format_args!(
                "plan {plan} is approved, and carried out once; \"atalaya-sidecar renewals history\" shows what becomes of it"
            ))?;
        }
        Action::Reject { plan, which } => drop(which.ask("POST", &format!("renewals/plans/{plan}/reject"), None)?),
        Action::Settle { plan, outcome, approver, which } => {
            let body = json!({ "done": outcome == "done", "by": approver.named()? });
            which.ask("POST", &format!("renewals/plans/{plan}/settle"), Some(&body))?;
        }
        Action::Confirm { kind, name, which } => {
            which.ask("POST", "renewals/confirm", Some(&json!({ "kind": kind, "name": name })))?;
        }
        Action::Spending { switch: Some(switch), approver, asks } => {
            let on = switch == "on";
            let by = if on { approver.named()? } else { approver.by()? };
            let body = json!({ "on": on, "by": by });
            asks.which.ask("PUT", "renewals/spending", Some(&body))?;
        }
        Action::Spending { switch: None, asks, .. } => spending(asks)?,
        Action::History(asks) => history(asks)?,
    }
    Ok(Exit::Done)
}

/// Worst first; `unknown` is no good news.
const ORDER: [&str; 8] = ["over", "critical", "not_accepted", "late", "due", "unknown", "fine", "lasting"];

fn items(asks: &Asks) -> Result<()> {
    let mut all = asks.which.list("renewals")?;
    let rank = |item: &Value| ORDER.iter().position(|known| item["standing"] == **known).unwrap_or(0);
    all.sort_by_key(|item| (rank(item), text(item, "ends")));
    let head = ["STANDING", "KIND", "NAME", "ENDS", "LEFT", "BY ITSELF", "SOURCE", "NEXT CHECK", "PLAN", "PROBLEM"];
    list(asks.json, all, &head, |item| {
        let left = item["left_percent"].as_f64().map_or_else(|| "-".to_owned(), |left| format!("{left:.0} %"));
        let of = |key| text(item, key);
        let (standing, kind, name, ends) = (of("standing"), of("kind"), of("name"), of("ends"));
        // Last, because it is long; nothing stands there of most.
        let problem = item["problem"].as_str().unwrap_or_default().to_owned();
        vec![standing, kind, name, ends, left, ahead(item), of("source"), of("next_check"), of("plan"), problem]
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

fn history(asks: &Asks) -> Result<()> {
    let head = ["PLAN", "STAGE", "WHAT", "PROVIDER", "PRICE", "LAST"];
    asks.table("renewals/plans", &head, |plan| {
        let years = plan["years"].as_u64().map_or_else(String::new, |years| format!(" {years}y"));
        let what = format!("{}{years} {}", text(plan, "act"), text(plan, "name"));
        let last = plan["history"].as_array().and_then(|lines| lines.last());
        let last = last.map_or_else(String::new, |last| format!("{} {}", text(last, "at"), text(last, "what")));
        vec![text(plan, "id"), text(plan, "stage"), what, text(plan, "provider"), amount(&plan["price"]), last]
    })
}

fn spending(asks: &Asks) -> Result<()> {
    let spending = &asks.which.ask("GET", "renewals/spending", None)?;
    if asks.json {
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
