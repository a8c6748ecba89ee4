//! Announced maintenance through the whole program, by a clock that is moved.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atalaya_sidecar::clock::{Clock, Now};
use serde_json::Value;

use super::http::{Sidecar, code, header};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const PATH: &str = "/api/v1/windows";
/// Friday, 27 November 2026, 12:00 UTC.
const START: i64 = 1_795_780_800;

/// One that goes on, from the start, and can be moved ahead.
struct Leaping(Mutex<Duration>, Instant);

impl Leaping {
    fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Leaping {
    fn now(&self) -> Now {
        let since_start = *self.0.lock().unwrap() + self.1.elapsed();
        Now { wall_millis: START * 1000 + i64::try_from(since_start.as_millis()).unwrap(), since_start }
    }
}

fn start() -> (Sidecar, Arc<Leaping>) {
    let clock = Arc::new(Leaping(Mutex::default(), Instant::now()));
    (Sidecar::by(clock.clone(), tempfile::tempdir().unwrap()), clock)
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|why| panic!("{why}: {answer}"))
}

fn wish(node: &str, rest: &str) -> String {
    format!(r#"{{"matcher":{{"node":"{node}"}},"zone":"Europe/Madrid","why":"disks",{rest}}}"#)
}

/// Saturday 22:00 for four hours.
const SATURDAY: &str = r#""begins":"2026-11-28T22:00","minutes":240"#;

fn add(sidecar: &Sidecar, wish: &str) -> String {
    let answer = sidecar.ask("POST", PATH, &[JSON], wish);
    assert_eq!(code(&answer), 201, "{answer}");
    body(&answer)["id"].as_str().unwrap().to_owned()
}

fn items(sidecar: &Sidecar, path: &str) -> Vec<Value> {
    body(&sidecar.get(path, &[]))["items"].as_array().unwrap().clone()
}

/// Looks until so many silences and windows hold.
fn until_hold(sidecar: &Sidecar, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let hold = items(sidecar, "/api/v1/silences");
        if hold.len() == count {
            return hold;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{hold:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_announced_is_listed_begins_over_a_restart_and_is_removed() {
    let (sidecar, clock) = start();
    sidecar.add_node("nas", "Ana");
    let id = add(&sidecar, &wish("nas", SATURDAY));
    let shown = &items(&sidecar, PATH)[0];
    assert_eq!((&shown["id"], &shown["until"], &shown["every"]), (&id.as_str().into(), &Value::Null, &Value::Null));
    assert_eq!(shown["next"]["begins"], "2026-11-28T21:00:00Z");
    assert_eq!((&shown["next"]["ends"], &shown["minutes"]), (&"2026-11-29T01:00:00Z".into(), &240.into()));
    let page = sidecar.get("/alerts", &[("Accept-Language", "es")]);
    assert!(page.contains("Mantenimiento anunciado") && page.contains(&format!("/alerts/windows/{id}/remove")));
    let folder = sidecar.leave();
    clock.pass(Duration::from_secs(33 * 3600 + 60));
    let sidecar = Sidecar::by(clock.clone(), folder);
    let hold = until_hold(&sidecar, 1);
    assert_eq!((&hold[0]["id"], &hold[0]["maintenance"]), (&id.as_str().into(), &true.into()));
    assert_eq!(hold[0]["until"], "2026-11-29T01:00:00Z");
    assert_eq!(items(&sidecar, PATH)[0]["until"], "2026-11-29T01:00:00Z");
    assert!(sidecar.get("/alerts", &[]).contains("holds until"));
    let path = format!("{PATH}/{id}");
    let shorter = wish("nas", r#""begins":"2026-11-28T22:00","to":"23:00""#);
    assert_eq!(code(&sidecar.ask("PUT", &path, &[JSON], &shorter)), 204);
    assert_eq!(until_hold(&sidecar, 1)[0]["until"], "2026-11-28T22:00:00Z");
    clock.pass(Duration::from_secs(3600));
    until_hold(&sidecar, 0);
    assert_eq!(items(&sidecar, PATH)[0]["next"], Value::Null, "it is over, and shown for a day");
    assert_eq!(code(&sidecar.ask("DELETE", &path, &[], "")), 204);
    assert_eq!(code(&sidecar.ask("DELETE", &path, &[], "")), 404);
    assert_eq!(
        code(&sidecar.ask("PUT", &path, &[JSON], &wish("nas", r#""begins":"2027-01-01T00:00","minutes":5"#))),
        404
    );
    let lines = sidecar.audit();
    let told = lines.iter().filter(|line| line.target == id).map(|line| (line.what.as_str(), line.how.as_str()));
    assert_eq!(told.map(|(what, _)| what).collect::<Vec<_>>(), ["window.remove", "window.change", "window.add"]);
}

#[test]
fn what_is_refused_says_where_and_why() {
    let (sidecar, _) = start();
    sidecar.add_node("nas", "Ana");
    for (rest, field, why) in [
        (r#""begins":"2027-02-29T10:00","minutes":60"#, "begins", "calendar"),
        (r#""begins":"2026-11-27T10:00","minutes":60"#, "begins", "over already"),
        (r#""begins":"2030-01-01T10:00","minutes":60"#, "begins", "two years"),
        (r#""begins":"2026-11-28T22:00","every":"day 31","minutes":60"#, "every", "last day"),
        (r#""begins":"2026-11-28T22:00""#, "minutes", "either"),
        (r#""begins":"2026-11-28T22:00","to":"22:00""#, "to", "another"),
        (r#""begins":"2026-11-28T22:00","every":"day","minutes":1441"#, "minutes", "1440"),
        (r#""begins":"2026-11-28T22:00","minutes":60,"colour":1"#, "colour", "unknown"),
    ] {
        let answer = sidecar.ask("POST", PATH, &[JSON], &wish("nas", rest));
        assert_eq!(code(&answer), 400, "{answer}");
        let wrong = &body(&answer)["errors"][0];
        assert_eq!(wrong["field"], field, "{wrong}");
        assert!(wrong["problem"].as_str().unwrap().contains(why), "{wrong}");
    }
    let nowhere = wish("nas", SATURDAY).replace("Europe/Madrid", "Mars/Base");
    assert!(sidecar.ask("POST", PATH, &[JSON], &nowhere).contains("\"field\":\"zone\""));
    let all = r#"{"matcher":{},"begins":"2026-11-28T22:00","minutes":60,"zone":"UTC"}"#;
    assert!(sidecar.ask("POST", PATH, &[JSON], all).contains("\"field\":\"matcher\""));
    assert_eq!(items(&sidecar, PATH).len(), 0);
}

#[test]
fn what_is_anothers_is_neither_seen_nor_changed_nor_removed() {
    let (sidecar, _) = start();
    sidecar.add_node("nas", "Ana");
    sidecar.add_node("other", "Eva");
    let theirs = add(&sidecar, &wish("other", SATURDAY));
    add(&sidecar, &wish("*", SATURDAY));
    let token = format!("Bearer {}", sidecar.add_token("ana", &["read", "operate"], &["Ana"]));
    let with = [JSON, ("Authorization", token.as_str())];
    for (node, expected) in [("nas", 201), ("other", 404), ("n*", 403)] {
        let answer = sidecar.ask("POST", PATH, &with, &wish(node, SATURDAY));
        assert_eq!(code(&answer), expected, "{node}: {answer}");
    }
    let list = body(&sidecar.get(PATH, &with));
    let nodes: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["matcher"]["node"].as_str()).collect();
    assert_eq!(nodes, [Some("nas")]);
    let path = format!("{PATH}/{theirs}");
    assert_eq!(code(&sidecar.ask("DELETE", &path, &with, "")), 404);
    assert_eq!(code(&sidecar.ask("PUT", &path, &with, &wish("nas", SATURDAY))), 404);
    assert_eq!(items(&sidecar, PATH).len(), 3);
}

#[test]
fn a_form_announces_and_removes_without_a_script() {
    let (sidecar, _) = start();
    sidecar.add_node("nas", "Ana");
    let form = "node=nas&object=&rule=&severity=&begins=2026-12-01T03%3A00&to=05%3A00&hours=&zone=Europe%2FMadrid&repeat=first&sun=yes&why=disks&back=%2Falerts";
    let answer = sidecar.ask("POST", "/alerts/windows", &[], form);
    assert_eq!((code(&answer), header(&answer, "location")), (303, Some("/alerts?done=announced")), "{answer}");
    let shown = &items(&sidecar, PATH)[0];
    assert_eq!((&shown["every"], &shown["to"]), (&"first sun".into(), &"05:00".into()));
    assert_eq!(shown["next"]["begins"], "2026-12-06T02:00:00Z");
    for (language, words) in [("en", "Each month: first Sun, 03:00–05:00"), ("es", "Cada mes: primer dom, 03:00–05:00")]
    {
        let page = sidecar.get("/alerts?done=announced", &[("Accept-Language", language)]);
        assert!(page.contains(words), "{language}");
    }
    let wrong =
        sidecar.ask("POST", "/alerts/windows", &[("Accept-Language", "es")], &form.replace("05%3A00", "03%3A00"));
    assert!(code(&wrong) == 422 && wrong.contains("El final debe ser"), "{wrong}");
    let path = format!("/alerts/windows/{}/remove", shown["id"].as_str().unwrap());
    let gone = sidecar.ask("POST", &path, &[], "back=/alerts");
    assert_eq!(code(&gone), 303);
    let said = sidecar.get(header(&gone, "location").unwrap(), &[]);
    assert!(said.contains("It is announced no more"), "{said}");
    assert_eq!(items(&sidecar, PATH).len(), 0);
    let told: Vec<_> = sidecar.audit().into_iter().filter(|line| line.how == "page").map(|line| line.what).collect();
    assert_eq!(told, ["window.remove", "window.add"]);
}

#[test]
fn a_form_changes_what_was_announced() {
    let (sidecar, _) = start();
    sidecar.add_node("nas", "Ana");
    let id = add(&sidecar, &wish("nas", r#""begins":"2026-11-28T22:00","every":"day 15","minutes":100"#));
    let path = format!("/alerts/windows/{id}");
    assert!(sidecar.get("/alerts", &[]).contains(&format!("href=\"{path}\"")));
    for (language, words) in [("en", "Change announced maintenance"), ("es", "Cambiar el mantenimiento anunciado")] {
        let page = sidecar.get(&path, &[("Accept-Language", language)]);
        for part in [words, "value=\"2026-11-28T22:00\"", "value=\"1.667\"", "value=\"day 15\" selected"] {
            assert!(page.contains(part), "{language}: {part}\n{page}");
        }
    }
    let form = "node=nas&begins=2026-11-28T22%3A00&hours=1.667&zone=Europe%2FMadrid&repeat=day+15&why=disks";
    let answer = sidecar.ask("POST", &path, &[], form);
    assert_eq!((code(&answer), header(&answer, "location")), (303, Some("/alerts?done=changed")), "{answer}");
    let shown = &items(&sidecar, PATH)[0];
    assert_eq!((&shown["id"], &shown["every"]), (&id.as_str().into(), &"day 15".into()));
    assert_eq!((&shown["minutes"], &shown["why"]), (&100.into(), &"disks".into()));
    let other = form.replace("hours=1.667", "to=05%3A00").replace("day+15", "last&sun=yes");
    assert_eq!(code(&sidecar.ask("POST", &path, &[], &other)), 303);
    let shown = &items(&sidecar, PATH)[0];
    assert_eq!((&shown["every"], &shown["to"]), (&"last sun".into(), &"05:00".into()));
    let wrong = sidecar.ask("POST", &path, &[("Accept-Language", "es")], &other.replace("05%3A00", "22%3A00"));
    assert!(code(&wrong) == 422 && wrong.contains("El final debe ser") && wrong.contains(&path), "{wrong}");
    assert_eq!(items(&sidecar, PATH)[0]["to"], "05:00", "what is refused changes nothing");
    for (method, form) in [("GET", ""), ("POST", form)] {
        assert_eq!(code(&sidecar.ask(method, "/alerts/windows/0000", &[], form)), 404, "{method}");
    }
    let told: Vec<_> = sidecar.audit().into_iter().filter(|line| line.target == id).map(|line| line.what).collect();
    assert_eq!(told, ["window.change", "window.change", "window.add"]);
}
