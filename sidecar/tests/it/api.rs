//! The API as it is described, over the wire.

use serde_json::Value;

use super::http::{Sidecar, code, header};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// No token's: what only people do.
const PEOPLE: &str = "people";

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|why| panic!("{why}: {answer}"))
}

fn document(sidecar: &Sidecar) -> Value {
    let answer = sidecar.get("/api/v1/openapi.json", &[("Host", "localhost"), ("x-forwarded-for", "203.0.113.7")]);
    assert_eq!(code(&answer), 200, "anybody may read it: {answer}");
    body(&answer)
}

/// Method, path with places filled, scopes, whether it takes a body.
fn operations(document: &Value) -> Vec<(String, String, Option<String>, bool)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = &operation["security"][0];
            let people = security["session"].as_array().map(|_| PEOPLE);
            let scope = security["token"][0].as_str().or(people).map(str::to_owned);
            let filled = path.replace("{n}", "1").replace("{node}", "nas").replace(['{', '}'], "");
            all.push((method.to_uppercase(), filled, scope, !operation["requestBody"].is_null()));
        }
    }
    all
}

#[test]
fn every_route_that_is_described_is_there_and_takes_the_scope_it_names_and_no_other() {
    let sidecar = Sidecar::start();
    let all = operations(&document(&sidecar));
    assert!(all.len() >= 20, "{all:?}");
    for (method, path, ..) in &all {
        let answer = sidecar.ask(method, path, &[JSON], "");
        assert_ne!(code(&answer), 405, "{method} {path}");
        let is_route = code(&answer) != 404 || !answer.contains("/api lists them");
        assert!(is_route, "{method} {path}: {answer}");
    }
    for scope in ["read", "metrics", "operate", "manage"] {
        let token = format!("Bearer {}", sidecar.add_token(scope, &[scope], &[]));
        // What is about the machine takes somebody who has it, whatever a token may.
        for (method, path, needs, _) in all.iter().filter(|(_, path, ..)| !path.contains("/database/")) {
            let answer = sidecar.ask(method, path, &[JSON, ("Authorization", &token)], "");
            let refused = code(&answer) == 403;
            let expected = needs.as_ref().is_some_and(|needs| needs != scope);
            assert_eq!(refused, expected, "{scope}: {method} {path}: {answer}");
        }
        let metrics = sidecar.get("/metrics", &[("Authorization", &token)]);
        assert_eq!(code(&metrics), if scope == "metrics" { 200 } else { 403 }, "{scope}");
    }
}

#[test]
fn refusals_are_problems_that_say_what_is_wrong() {
    let sidecar = Sidecar::start();
    let quiet = r#"{"matcher":{},"until":"2099-01-01T00:00:00Z"}"#;
    for (method, path, sent, expected, says) in [
        ("GET", "/api/v1/nowhere", "", 404, "/problems/missing"),
        ("PUT", "/api/v1/nodes", "", 405, "/problems/method-not-allowed"),
        ("GET", "/api/v1/nodes?colour=red", "", 400, "colour"),
        ("GET", "/api/v1/nodes?limit=0", "", 400, "must be a number from 1 to 500"),
        ("GET", &format!("/api/v1/nodes?customer={}", "x".repeat(129)), "", 400, "0 to 128 characters"),
        ("GET", "/api/v1/nodes?cursor=x", "", 400, "cursor"),
        ("GET", "/api/v1/nodes/none", "", 404, "there is no node none"),
        ("GET", "/api/v1/incidents/x", "", 404, "/problems/missing"),
        ("POST", "/api/v1/silences", "{", 400, "\"field\":\"body\""),
        ("POST", "/api/v1/silences", r#"{"colour":1}"#, 400, "\"field\":\"colour\""),
        ("POST", "/api/v1/silences", quiet, 400, "matcher"),
        ("POST", "/api/v1/alerts/acknowledge", r#"{"node":"a","object":"b","rule":"c"}"#, 404, "no node"),
    ] {
        let answer = sidecar.ask(method, path, &[JSON], sent);
        assert_eq!(code(&answer), expected, "{method} {path}: {answer}");
        assert_eq!(header(&answer, "content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(
            (body(&answer)["status"].as_u64(), answer.contains(says)),
            (Some(expected.into()), true),
            "{answer}"
        );
    }
    let other = sidecar.ask("PUT", "/api/v1/nodes", &[], "");
    assert_eq!(header(&other, "allow"), Some("GET,HEAD,POST"));
    assert_eq!(code(&sidecar.ask("POST", "/api/v1/silences", &[("Content-Type", "text/plain")], "{}")), 415);
}

#[test]
fn a_mistyped_key_of_a_query_is_refused_by_every_route() {
    let sidecar = Sidecar::start();
    let scopes = ["read", "operate", "manage"];
    let token = format!("Bearer {}", sidecar.add_token("all", &scopes, &[]));
    let all = operations(&document(&sidecar));
    for (method, path, ..) in all.iter().filter(|(.., scope, _)| scope.as_deref() != Some(PEOPLE)) {
        let mistyped = format!("{path}?colour=red");
        let answer = sidecar.ask(method, &mistyped, &[JSON, ("Authorization", &token)], "{}");
        assert_eq!((code(&answer), answer.contains("colour")), (400, true), "{method} {path}: {answer}");
    }
}

#[test]
fn two_who_have_the_same_name_have_nothing_in_common() {
    let sidecar = Sidecar::start();
    sidecar.add_node("nas", "Ana");
    let wish = format!(r#"{{"matcher":{{"node":"nas"}},"until":"{}","why":"work"}}"#, soon());
    let make = |token: &str| {
        let with = [JSON, ("Idempotency-Key", "1"), ("Authorization", token)];
        sidecar.ask("POST", "/api/v1/silences", &with, &wish)
    };
    let before = format!("Bearer {}", sidecar.add_token("ana", &["operate", "manage"], &[]));
    assert_eq!(code(&make(&before)), 201);
    let revoked = sidecar.ask("DELETE", "/api/v1/tokens/ana", &[("Authorization", &before)], "");
    assert_eq!(code(&revoked), 204, "{revoked}");
    let after = format!("Bearer {}", sidecar.add_token("ana", &["metrics"], &[]));
    assert_eq!(code(&make(&after)), 403, "what the one was answered is not for the other");
}

#[test]
fn what_is_anothers_is_not_there() {
    let sidecar = Sidecar::start();
    sidecar.add_node("nas", "Ana");
    sidecar.add_node("other", "Eva");
    let token = format!("Bearer {}", sidecar.add_token("ana", &["read", "operate"], &["Ana"]));
    let with = [JSON, ("Authorization", token.as_str())];
    let list = body(&sidecar.get("/api/v1/nodes", &with));
    assert_eq!((list["items"][0]["node"].as_str(), list["items"].as_array().unwrap().len()), (Some("nas"), 1));
    for rest in ["", "/objects", "/objects/disk/x", "/runs", "/events", "/series", "/history?series=system.load_1"] {
        let answers = ["other", "none"].map(|node| {
            let answer = sidecar.get(&format!("/api/v1/nodes/{node}{rest}"), &with);
            (code(&answer), body(&answer)["detail"].to_string().replace(node, "X"))
        });
        assert_eq!(answers[0].0, 404, "{rest}");
        assert_eq!(answers[0], answers[1], "{rest}: another's is told as what is not there");
    }
    let silence = |node: &str| format!(r#"{{"matcher":{{"node":"{node}"}},"until":"{}"}}"#, soon());
    for (node, expected) in [("nas", 201), ("other", 404), ("n*", 403)] {
        let answer = sidecar.ask("POST", "/api/v1/silences", &with, &silence(node));
        assert_eq!(code(&answer), expected, "{node}: {answer}");
    }
    assert_eq!(code(&sidecar.get("/api/v1/channels", &with)), 403, "channels are everybody's");
}

fn soon() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    jiff::Timestamp::from_second(i64::try_from(now).unwrap() + 3600).unwrap().to_string()
}

#[test]
fn a_silence_is_made_once_with_one_key_listed_and_ended() {
    let sidecar = Sidecar::start();
    sidecar.add_node("nas", "Ana");
    let wish = format!(r#"{{"matcher":{{"node":"nas"}},"until":"{}","why":"work"}}"#, soon());
    let with = [JSON, ("Idempotency-Key", "one")];
    let first = sidecar.ask("POST", "/api/v1/silences", &with, &wish);
    assert_eq!(code(&first), 201, "{first}");
    let id = body(&first)["id"].as_str().unwrap().to_owned();
    assert_eq!(body(&sidecar.ask("POST", "/api/v1/silences", &with, &wish))["id"].as_str(), Some(&*id));
    let other = wish.replace("work", "play");
    assert_eq!(code(&sidecar.ask("POST", "/api/v1/silences", &with, &other)), 409);
    let list = body(&sidecar.get("/api/v1/silences", &[]));
    assert_eq!((list["items"].as_array().unwrap().len(), list["items"][0]["id"].as_str()), (1, Some(&*id)));
    let path = format!("/api/v1/silences/{id}");
    assert_eq!(code(&sidecar.ask("DELETE", &path, &[], "")), 204);
    assert_eq!(code(&sidecar.ask("DELETE", &path, &[], "")), 404);
    let token = format!("Bearer {}", sidecar.add_token("m", &["manage"], &[]));
    let audit = body(&sidecar.get("/api/v1/audit?what=silence", &[("Authorization", &token)]));
    let told: Vec<_> = audit["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["silence.end", "silence.begin"]);
}

#[test]
fn whoever_asks_too_much_is_told_when_to_come_back() {
    let sidecar = Sidecar::start();
    let token = format!("Bearer {}", sidecar.add_token("busy", &["read"], &[]));
    let answers = (0..400).map(|_| sidecar.get("/api/v1/nodes/x", &[("Authorization", &token)]));
    let refused = answers.into_iter().find(|answer| code(answer) == 429).expect("400 requests were let in");
    assert_eq!(header(&refused, "retry-after"), Some("1"));
}

#[test]
fn a_command_is_looked_at_and_waits_for_nobody() {
    let sidecar = Sidecar::start();
    sidecar.add_node("nas", "Ana");
    for (sent, expected, says) in [
        (r#"{"command":"refresh"}"#, 409, "the node is away"),
        (r#"{"command":"stop","job":"photos"}"#, 409, "the node is away"),
        (r#"{"command":"dismiss","object":"disk/WD-1"}"#, 409, "the node is away"),
        (r#"{"command":"dismiss"}"#, 400, "\"field\":\"object\""),
        (r#"{"command":"dismiss","object":"WD-1"}"#, 400, "\"field\":\"object\""),
        (r#"{"command":"refresh","job":"photos"}"#, 400, "\"field\":\"job\""),
        (r#"{"command":"backup","job":"a\nb"}"#, 400, "\"field\":\"job\""),
        (r#"{"command":"format"}"#, 400, "\"field\":\"command\""),
    ] {
        let answer = sidecar.ask("POST", "/api/v1/nodes/nas/commands", &[JSON], sent);
        assert_eq!((code(&answer), answer.contains(says)), (expected, true), "{sent}: {answer}");
    }
    let nobody = sidecar.ask("POST", "/api/v1/nodes/none/commands", &[JSON], r#"{"command":"refresh"}"#);
    assert_eq!(code(&nobody), 404);
    let theirs = format!("Bearer {}", sidecar.add_token("eva", &["operate"], &["Eva"]));
    let with = [JSON, ("Authorization", theirs.as_str())];
    assert_eq!(code(&sidecar.ask("POST", "/api/v1/nodes/nas/commands", &with, r#"{"command":"refresh"}"#)), 404);
}

#[test]
fn a_secret_is_answered_once_even_to_the_same_key() {
    let sidecar = Sidecar::start();
    let token = format!("Bearer {}", sidecar.add_token("m", &["manage"], &[]));
    let with = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", "one")];
    for (path, wish) in [
        ("/api/v1/tokens", r#"{"name":"t","scopes":["read"]}"#),
        ("/api/v1/nodes", r#"{"node":"nas","password":true}"#),
    ] {
        let first = sidecar.ask("POST", path, &with, wish);
        assert_eq!(code(&first), 201, "{first}");
        let again = sidecar.ask("POST", path, &with, wish);
        assert_eq!((code(&again), header(&again, "content-type")), (409, Some("application/problem+json")), "{again}");
        assert!(again.contains("the secret in its answer is shown once"), "{again}");
        let made = body(&first);
        let secret = made["token"].as_str().or(made["password"].as_str()).unwrap();
        assert!(secret.len() > 20 && !again.contains(secret));
        let other = sidecar.ask("POST", path, &with, &wish.replace("\"t\"", "\"u\"").replace("nas", "nas2"));
        assert!(code(&other) == 409 && other.contains("for another body"), "{other}");
    }
    let list = body(&sidecar.get("/api/v1/tokens", &[("Authorization", &token)]));
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "it was done once");
}

#[test]
fn a_name_that_leads_nowhere_is_a_problem_for_programs() {
    let sidecar = Sidecar::start();
    let answer = sidecar.get("/api/v1/nodes", &[("Host", "evil.example")]);
    assert_eq!((code(&answer), header(&answer, "content-type")), (421, Some("application/problem+json")), "{answer}");
    let long = "x".repeat(70_000);
    let answer = sidecar.ask("POST", "/api/v1/silences", &[JSON], &long);
    assert_eq!((code(&answer), header(&answer, "content-type")), (413, Some("application/problem+json")), "{answer}");
}

#[test]
fn a_page_that_does_not_exist_says_so_in_the_reader_s_language() {
    let sidecar = Sidecar::start();
    for (language, says) in [("en", "There is no such page"), ("es", "No existe esa página")] {
        for path in ["/nowhere", "/nodes/none", "/incidents/9", "/runbooks/none"] {
            let answer = sidecar.get(path, &[("Accept-Language", language)]);
            assert_eq!(
                (code(&answer), header(&answer, "content-type")),
                (404, Some("text/html; charset=utf-8")),
                "{path}"
            );
            assert!(answer.contains(says), "{path}: {answer}");
        }
    }
    let asset = sidecar.get("/assets/none.js", &[]);
    assert_eq!((code(&asset), header(&asset, "content-type")), (404, None));
}

#[test]
fn who_may_ask_for_figures_is_in_the_configuration() {
    let far = ("x-forwarded-for", "203.0.113.7");
    for (written, at_machine, from_afar, with_token) in
        [("token", 401, 401, 200), ("loopback", 200, 401, 200), ("off", 404, 404, 404)]
    {
        let sidecar = Sidecar::with(&format!("metrics = \"{written}\"\n"));
        // With an account whoever sits at the machine is a stranger.
        sidecar.add_account("ana", &[], "correct horse battery");
        let token = format!("Bearer {}", sidecar.add_token("p", &["metrics"], &[]));
        let got = [&[][..], &[far], &[("Authorization", token.as_str())]]
            .map(|headers| code(&sidecar.get("/metrics", headers)));
        assert_eq!(got, [at_machine, from_afar, with_token], "{written}");
        assert_eq!(code(&sidecar.get("/api/v1/nodes", &[])), 401, "{written}: nothing else is open");
        if written == "loopback" {
            let figures = sidecar.get("/metrics", &[]);
            for name in [
                "queue_length{queue=\"tower\"}",
                "queue_length{queue=\"writer\"}",
                "dropped_messages_total",
                "database_commit_seconds_bucket{le=\"+Inf\"}",
            ] {
                assert!(figures.contains(&format!("\natalaya_sidecar_{name}")), "{name}: {figures}");
            }
        }
    }
}
