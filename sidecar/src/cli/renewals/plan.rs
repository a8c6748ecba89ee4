//! `renewals plan`: asks for a price, and shows all that somebody has to know who says yes to it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::amount;
use crate::cli::client::{Asks, Which};
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::line;
use crate::cli::show::text;

/// A provider has half a minute for each request, and needs two of them at most for a price.
const PATIENCE: Duration = Duration::from_secs(75);
const LOOK: Duration = Duration::from_millis(250);

/// Without years automatic renewal is meant.
pub(super) fn run(domain: &str, years: Option<u8>, asks: &Asks) -> Result<Exit> {
    let wanted = years.map_or_else(
        || json!({ "domain": domain, "act": "auto_renew" }),
        |years| json!({ "domain": domain, "act": "renew", "years": years }),
    );
    asks.which.ask("POST", "renewals/plans", Some(&wanted))?;
    let plan = answer(domain, &asks.which)?;
    if asks.json {
        line(plan)?;
    } else {
        told(&plan).into_iter().try_for_each(line)?;
    }
    Ok(Exit::Done)
}

/// What the provider says becomes the plan, or the reason why there is none.
fn answer(domain: &str, which: &Which) -> Result<Value> {
    let is_it = |of: &Value| {
        let name = of["name"].as_str().unwrap_or_default();
        of["kind"] == "domain" && name.eq_ignore_ascii_case(domain.trim_end_matches('.'))
    };
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let plans = which.list("renewals/plans")?;
        if let Some(plan) = plans.into_iter().find(|plan| is_it(plan) && plan["open"] == true) {
            return Ok(plan);
        }
        let item = which.list("renewals")?.into_iter().find(is_it);
        if let Some(why) = item.as_ref().and_then(|item| item["no_price"].as_str()) {
            return Err(Failure::new(Exit::Failed, format!("there is no plan for {domain}: {why}")));
        }
        std::thread::sleep(LOOK);
    }
    let why = "its provider has not answered yet; \"atalaya-sidecar renewals history\" shows the plan when it has";
    Err(Failure::new(Exit::Failed, why))
}

fn told(plan: &Value) -> Vec<String> {
    let (id, name) = (text(plan, "id"), text(plan, "name"));
    let what = match plan["years"].as_u64() {
        Some(1) => format!("renew {name} for 1 year"),
        Some(years) => format!("renew {name} for {years} years"),
        None => format!("turn on automatic renewal of {name}"),
    };
    let price = match amount(&plan["price"]) {
        none if none == "-" => "its provider does not say; it charges when it renews".to_owned(),
        price => price,
    };
    let mut lines = vec![
        format!("plan {id}: {what}"),
        format!("  at         {}", text(plan, "provider")),
        format!("  price      {price}"),
        format!("  ends now   {}", text(plan, "expires")),
    ];
    if plan["would_end"].is_string() {
        lines.push(format!("  would end  {}", text(plan, "would_end")));
    }
    lines.push(format!("  decide by  {}", text(plan, "until")));
    lines.push("  approves   an account with the role approver, for all customers".to_owned());
    lines.push(format!("             atalaya-sidecar renewals approve {id} --as ACCOUNT"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_yes_needs_is_shown() {
        let mut plan = json!({
            "id": 2, "kind": "domain", "name": "b.example", "provider": "registrar", "act": "renew", "years": 1,
            "price": { "amount": "21.99", "currency": "USD" }, "expires": "2027-09-18T19:40:11Z",
            "would_end": "2028-09-18T19:40:11Z", "until": "2026-11-30T10:00:00Z", "open": true,
        });
        let said = told(&plan).join("\n");
        for part in
            ["plan 2: renew b.example for 1 year", "registrar", "21.99 USD", "2027-09-18", "2028-09-18", "2026-11-30"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.ends_with("atalaya-sidecar renewals approve 2 --as ACCOUNT"), "{said}");
        plan["years"] = Value::Null;
        plan["price"] = Value::Null;
        plan["would_end"] = Value::Null;
        let said = told(&plan).join("\n");
        assert!(said.contains("automatic renewal of b.example") && said.contains("does not say"), "{said}");
        assert!(!said.contains("would end"), "{said}");
    }
}
