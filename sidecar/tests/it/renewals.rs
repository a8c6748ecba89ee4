//! What costs money, from the list to the purchase, against a server that speaks GoDaddy's protocol.

use std::time::{Duration, Instant};

use atalaya_provider::testing::{Domain, GoDaddy, Misbehave};
use atalaya_renew::{Key, Kind, Plan, State};
use serde_json::{Value, json};

use super::http::{Sidecar, code, header};

const PASSWORD: &str = "correct horse battery";
const WAIT: Duration = Duration::from_secs(60);

struct Stand {
    shop: GoDaddy,
    keys: tempfile::TempDir,
}

impl Stand {
    /// A registrar with a domain that ends in so many days.
    fn new(days: i64) -> Self {
        let shop = GoDaddy::start().unwrap();
        let ends = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
        shop.add(Domain::new("a.example", &ends.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()));
        let keys = tempfile::tempdir().unwrap();
        std::fs::write(keys.path().join("key"), GoDaddy::KEY).unwrap();
        std::fs::write(keys.path().join("spend"), GoDaddy::SPEND_KEY).unwrap();
        Self { shop, keys }
    }

    fn config(&self, renewals: &str) -> String {
        let (url, keys) = (self.shop.url(), self.keys.path().display());
        format!(
            "[renewals]\ncontact = \"nas@example.org\"\n{renewals}\n[[provider]]\nname = \"registrar\"\nkind = \"godaddy\"\n\
             url = \"{url}\"\nkey_file = \"{keys}/key\"\nspend_key_file = \"{keys}/spend\"\ncustomer = \"{}\"\nagreed_by = \"127.0.0.1\"\n",
            GoDaddy::CUSTOMER
        )
    }

    fn sidecar(&self) -> Sidecar {
        let sidecar = Sidecar::with(&self.config("caps = [\"50 USD\"]"));
        sidecar.add_account("ana", &[], PASSWORD);
        sidecar
    }
}

/// Waits until what is known is so.
fn until<T>(sidecar: &Sidecar, is_so: impl Fn(&State) -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        let seen = sidecar.shared().renewals.seen();
        if let Some(found) = is_so(&seen) {
            return found;
        }
        assert!(begun.elapsed() < WAIT, "{seen:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn plan_in(stage: &'static str) -> impl Fn(&State) -> Option<Plan> {
    move |seen| seen.plans.values().find(|plan| plan.stage.word() == stage).cloned()
}

/// The cookie and the forms' secret of somebody who logs in.
fn log_in(sidecar: &Sidecar, name: &str) -> (String, String) {
    let answer = sidecar.ask("POST", "/login", &[], &format!("name={name}&password={}", PASSWORD.replace(' ', "+")));
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = sidecar.get("/renewals", &[("Cookie", &cookie)]);
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    (cookie, csrf)
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

#[test]
fn what_is_due_is_approved_on_its_page_and_bought_once() {
    let stand = Stand::new(50);
    let sidecar = stand.sidecar();
    let plan = until(&sidecar, plan_in("proposed"));
    assert_eq!(plan.price.unwrap().to_string(), "21.99 USD");
    let (cookie, csrf) = log_in(&sidecar, "ana");
    let page = sidecar.get("/renewals", &[("Cookie", &cookie)]);
    assert!(page.contains("Spend 21.99 USD") && page.contains("Renew a.example for one year"), "{page}");
    let path = format!("/renewals/plans/{}/approve", plan.id);
    let forged = sidecar.ask("POST", &path, &[("Cookie", &cookie)], "");
    assert_eq!(code(&forged), 403, "without what shows the form to be ours");
    let answer = sidecar.ask("POST", &path, &[("Cookie", &cookie)], &format!("csrf={csrf}"));
    assert_eq!(code(&answer), 303, "{answer}");
    let done = until(&sidecar, plan_in("done"));
    assert_eq!(done.id, plan.id);
    let bought = stand.shop.bought();
    assert_eq!((bought.len(), bought[0].years, bought[0].key.as_str()), (1, 1, GoDaddy::SPEND_KEY));
    let line = sidecar.audit().into_iter().find(|line| line.what == "renewal.approve").unwrap();
    assert_eq!((line.who.as_str(), line.how.as_str(), line.target.as_str()), ("ana", "page", "plan 1"));
    let again = sidecar.ask("POST", &path, &[("Cookie", &cookie)], &format!("csrf={csrf}"));
    assert_eq!(code(&again), 422, "it is done already");
    assert_eq!(stand.shop.bought().len(), 1);
}

#[test]
fn nobody_without_the_role_and_no_token_approves() {
    let stand = Stand::new(50);
    let sidecar = stand.sidecar();
    sidecar.add_account("luis", &["Ruiz"], PASSWORD);
    let id = until(&sidecar, plan_in("proposed")).id;
    let token = sidecar.add_token("script", &["read", "operate", "manage"], &[]);
    let token = format!("Bearer {token}");
    let json = ("Content-Type", "application/json");
    let path = format!("/api/v1/renewals/plans/{id}/approve");
    let ask =
        |by: Value| sidecar.ask("POST", &path, &[("Authorization", &token), json], &json!({ "by": by }).to_string());
    assert_eq!(code(&ask(Value::Null)), 403, "a token proves no person");
    assert_eq!(code(&ask(json!({ "account": "ana", "password": PASSWORD }))), 403, "nor with somebody's password");
    let (cookie, csrf) = log_in_at_home(&sidecar, "luis");
    let answer =
        sidecar.ask("POST", &format!("/renewals/plans/{id}/approve"), &[("Cookie", &cookie)], &format!("csrf={csrf}"));
    assert_eq!(code(&answer), 403);
    assert_eq!(code(&sidecar.get("/renewals", &[("Cookie", &cookie)])), 404, "names and money are everybody's");
    assert_eq!(
        code(&sidecar.ask("POST", &format!("/api/v1/renewals/plans/{id}/reject"), &[("Authorization", &token)], "")),
        204
    );
    assert!(stand.shop.bought().is_empty());
}

/// A session shows a person, if it is one that may; the name in a body shows nobody without its password.
#[test]
fn an_approval_over_the_api_takes_the_session_of_an_approver_for_all() {
    use atalaya_sidecar::people::Role;
    let stand = Stand::new(50);
    let sidecar = stand.sidecar();
    sidecar.add_account_as(Role::Operator, "olga", &[], PASSWORD);
    sidecar.add_account_as(Role::Viewer, "vera", &[], PASSWORD);
    sidecar.add_account_as(Role::Approver, "paco", &["Ruiz"], PASSWORD);
    let id = until(&sidecar, plan_in("proposed")).id;
    let path = format!("/api/v1/renewals/plans/{id}/approve");
    let ask = |cookie: &str, csrf: &str, by: Value| {
        let headers = [("Cookie", cookie), ("X-CSRF", csrf), ("Content-Type", "application/json")];
        sidecar.ask("POST", &path, &headers, &json!({ "by": by }).to_string())
    };
    for who in ["olga", "vera", "paco"] {
        let (cookie, csrf) = log_in_at_home(&sidecar, who);
        let answer = ask(&cookie, &csrf, Value::Null);
        assert_eq!(code(&answer), 403, "{who}: {answer}");
    }
    let (cookie, csrf) = log_in_at_home(&sidecar, "ana");
    assert_eq!(code(&ask(&cookie, "forged", Value::Null)), 403, "another site's form");
    let wrong = json!({ "account": "ana", "password": "not this one" });
    let answer = ask(&cookie, &csrf, wrong);
    assert!((400..500).contains(&code(&answer)), "{answer}");
    assert!(stand.shop.bought().is_empty());
    assert_eq!(code(&ask(&cookie, &csrf, Value::Null)), 204);
    until(&sidecar, plan_in("done"));
    let line = sidecar.audit().into_iter().find(|line| line.what == "renewal.approve").unwrap();
    assert_eq!(line.who, "ana");
    let bearer = format!("Bearer {}", sidecar.add_token("script", &["read"], &[]));
    let plan = &body(&sidecar.get("/api/v1/renewals/plans", &[("Authorization", &bearer)]))["items"][0];
    assert_eq!((plan["stage"].as_str(), plan["until"].is_null()), (Some("done"), true), "{plan}");
}

fn log_in_at_home(sidecar: &Sidecar, name: &str) -> (String, String) {
    let answer = sidecar.ask("POST", "/login", &[], &format!("name={name}&password={}", PASSWORD.replace(' ', "+")));
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = sidecar.get("/", &[("Cookie", &cookie)]);
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    (cookie, csrf)
}

#[test]
fn the_list_says_what_ends_and_a_plan_can_be_asked_for() {
    let stand = Stand::new(300);
    let sidecar = stand.sidecar();
    until(&sidecar, |seen| seen.items.get(&Key::new(Kind::Domain, "a.example")).map(drop));
    let token = format!("Bearer {}", sidecar.add_token("script", &["read", "operate"], &[]));
    let asked = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let list = body(&sidecar.get("/api/v1/renewals", &asked[..1]));
    let item = &list["items"][0];
    assert_eq!((item["name"].as_str(), item["standing"].as_str()), (Some("a.example"), Some("fine")), "{list}");
    assert_eq!((item["by_itself"].as_str(), item["source"].as_str()), (Some("nothing"), Some("registrar")));
    assert!(item["next_check"].is_string() && item["renewed_at"].is_null(), "{item}");
    let (asks, ends) = (item["proposed_at"].as_str().unwrap(), item["ends"].as_str().unwrap());
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let days = (at(ends) - at(asks)) / 86_400;
    assert_eq!(days, 60, "a sixth of a year before");
    let who = &body(&sidecar.get("/api/v1/renewals/providers", &asked[..1]))["items"][0];
    assert_eq!((who["name"].as_str(), who["kind"].as_str()), (Some("registrar"), Some("godaddy")));
    assert_eq!((who["state"].as_str(), &who["sells"]), (Some("works"), &json!(["renew", "auto_renew"])));
    let wanted = json!({ "domain": "a.example", "act": "renew", "years": 1 }).to_string();
    let answer = sidecar.ask("POST", "/api/v1/renewals/plans", &asked, &wanted);
    assert_eq!(code(&answer), 202, "{answer}");
    let plan = until(&sidecar, plan_in("proposed"));
    let shown = &body(&sidecar.get("/api/v1/renewals/plans", &asked[..1]))["items"][0];
    assert!(shown["until"].is_string() && shown["would_end"].as_str() > shown["expires"].as_str(), "{shown}");
    assert_eq!((plan.price.unwrap().to_string(), plan.wanted_by.as_deref()), ("21.99 USD".into(), Some("script")));
    let again = sidecar.ask("POST", "/api/v1/renewals/plans", &asked, &wanted);
    assert_eq!(code(&again), 422, "{again}");
    let unknown = json!({ "domain": "b.example", "act": "renew" }).to_string();
    assert_eq!(code(&sidecar.ask("POST", "/api/v1/renewals/plans", &asked, &unknown)), 404);
    let token_alone = token.trim_start_matches("Bearer ");
    let calendar = sidecar.get(&format!("/calendar/{token_alone}.ics"), &[]);
    assert!(code(&calendar) == 200 && calendar.contains("SUMMARY:a.example ends\r\n"), "{calendar}");
    assert!(calendar.contains("SUMMARY:Decide: a.example\r\n"), "what waits for a yes: {calendar}");
    let operator = sidecar.add_token("other", &["operate"], &[]);
    assert_eq!(code(&sidecar.get(&format!("/calendar/{operator}.ics"), &[])), 404);
    assert_eq!(code(&sidecar.get("/calendar/none.ics", &[])), 404);
    let spending = body(&sidecar.get("/api/v1/renewals/spending", &asked[..1]));
    assert_eq!(
        spending["months"][0],
        json!({ "cap": { "amount": "50.00", "currency": "USD" }, "spent": { "amount": "0.00", "currency": "USD" } })
    );
    let plans = body(&sidecar.get("/api/v1/renewals/plans", &asked[..1]));
    assert_eq!(plans["items"][0]["stage"], "proposed");
}

#[test]
fn an_answer_that_never_came_is_found_after_a_restart_and_not_sent_again() {
    let stand = Stand::new(50);
    let sidecar = stand.sidecar();
    let plan = until(&sidecar, plan_in("proposed"));
    stand.shop.slow(true);
    stand.shop.misbehave("POST /v2/", Misbehave::DoneThenSilent);
    let (cookie, csrf) = log_in(&sidecar, "ana");
    let path = format!("/renewals/plans/{}/approve", plan.id);
    assert_eq!(code(&sidecar.ask("POST", &path, &[("Cookie", &cookie)], &format!("csrf={csrf}"))), 303);
    until(&sidecar, plan_in("looking"));
    let folder = sidecar.leave();
    let sidecar = Sidecar::on(folder, &stand.config("caps = [\"50 USD\"]"));
    until(&sidecar, plan_in("looking"));
    stand.shop.settle("SUCCESS");
    until(&sidecar, plan_in("done"));
    assert_eq!(stand.shop.bought().len(), 1);
}

#[test]
fn what_is_wrong_with_a_provider_is_said_and_its_key_is_not() {
    let stand = Stand::new(50);
    std::fs::write(stand.keys.path().join("key"), "wrong:secret").unwrap();
    let mut sidecar = stand.sidecar();
    let trouble = until(&sidecar, |seen| seen.providers.get("registrar")?.trouble.clone());
    assert_eq!(trouble.0.word(), "wrong_key");
    assert!(!trouble.0.to_string().contains("wrong:secret"));
    let (cookie, _) = log_in(&sidecar, "ana");
    let page = sidecar.get("/renewals", &[("Cookie", &cookie)]);
    assert!(page.contains("the key is not accepted") && !page.contains("wrong:secret"), "{page}");
    // An account that never worked is listed, and counts as what nobody knows.
    let reader = format!("Bearer {}", sidecar.add_token("reader", &["read"], &[]));
    let list = until(&sidecar, |_| {
        let list = body(&sidecar.get("/api/v1/renewals", &[("Authorization", &reader)]));
        let items = list["items"].as_array()?.clone();
        items.iter().any(|item| item["notes"].to_string().contains("never seen yet")).then_some(items)
    });
    assert_eq!((list[0]["name"].as_str(), list[0]["standing"].as_str()), (Some("registrar"), Some("unknown")));
    let who = &body(&sidecar.get("/api/v1/renewals/providers", &[("Authorization", &reader)]))["items"][0];
    assert_eq!((who["state"].as_str(), &who["listed"]), (Some("wrong_key"), &Value::Null));
    // It is an alert, as any.
    let begun = Instant::now();
    let is_alert = |sidecar: &Sidecar| {
        let seen = sidecar.shared().board.read();
        seen.alerts.keys().any(|key| key.rule.as_str() == "provider-key") || begun.elapsed() > WAIT
    };
    while !is_alert(&sidecar) && begun.elapsed() < Duration::from_secs(8) {
        std::thread::sleep(Duration::from_millis(100));
    }
    std::fs::write(stand.keys.path().join("key"), GoDaddy::KEY).unwrap();
    sidecar.reload(&stand.config("caps = [\"50 USD\"]\nevery = \"5m\"")).unwrap();
    let token = format!("Bearer {}", sidecar.add_token("script", &["operate"], &[]));
    assert_eq!(code(&sidecar.ask("POST", "/api/v1/renewals/check", &[("Authorization", &token)], "")), 202);
    until(&sidecar, plan_in("proposed"));
}
