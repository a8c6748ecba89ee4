//! Alerts of the sidecar about itself, as people and programs see them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::{Sidecar, code};

/// What is open of the sidecar itself, once `wanted` says yes.
fn alerts(sidecar: &Sidecar, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = sidecar.get("/api/v1/alerts?node=_sidecar", &[]);
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let items = body["items"].as_array().unwrap().clone();
        if wanted(&items) {
            return items;
        }
        assert!(Instant::now() < until, "{items:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_database_that_was_set_aside_is_an_alert_until_somebody_takes_note() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path()).unwrap();
    std::fs::write(folder.path().join("sidecar.db"), vec![0xa5; 100_000]).unwrap();
    let sidecar = Sidecar::on(folder, "");
    let fires = |items: &[Value]| items.iter().any(|item| item["state"] == "firing");
    let open = alerts(&sidecar, fires);
    assert_eq!((&open[0]["rule"], &open[0]["severity"]), (&"database-set-aside".into(), &"critical".into()));
    assert!(open[0]["shown"]["en"].as_str().unwrap().contains("corrupt-"), "{open:?}");
    let page = sidecar.get("/alerts", &[]);
    assert!(page.contains("A damaged database was set aside") && page.contains("The tower"), "{page}");
    assert!(page.contains("was set aside as"), "the banner");
    assert_eq!(code(&sidecar.get("/nodes/_sidecar", &[])), 303, "there is no page of it");
    let key = r#"{"node":"_sidecar","object":"database","rule":"database-set-aside","note":"a new disk"}"#;
    let json = [("Content-Type", "application/json")];
    let noted = sidecar.ask("POST", "/api/v1/alerts/acknowledge", &json, key);
    assert!((200..300).contains(&code(&noted)), "{noted}");
    assert!(!sidecar.get("/alerts", &[]).contains("was set aside as"), "the banner goes");
    alerts(&sidecar, |items| !fires(items));
}
