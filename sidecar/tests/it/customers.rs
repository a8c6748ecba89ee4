//! Accounts that are limited to some customers, through the whole program.

use super::http::{Sidecar, code, header};

const PASSWORD: &str = "correct horse battery";

/// Logs in; gives the cookie.
fn log_in(sidecar: &Sidecar, name: &str) -> String {
    let answer = sidecar.ask("POST", "/login", &[], &format!("name={name}&password={}", PASSWORD.replace(' ', "+")));
    header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn who_is_limited_to_a_customer_sees_nothing_of_another() {
    let sidecar = Sidecar::start();
    sidecar.add_account("boss", &[], PASSWORD);
    sidecar.add_account("ana", &["Olmos"], PASSWORD);
    for (node, customer) in [("olmos-nas", "Olmos"), ("ruiz-nas", "Ruiz"), ("nobody-s", "")] {
        sidecar.add_node(node, customer);
    }
    let (boss, ana) = (log_in(&sidecar, "boss"), log_in(&sidecar, "ana"));
    for (path, all, some) in
        [("/nodes/olmos-nas", 200, 200), ("/nodes/ruiz-nas", 200, 404), ("/nodes/nobody-s", 200, 404)]
    {
        assert_eq!(code(&sidecar.get(path, &[("Cookie", &boss)])), all, "{path}");
        assert_eq!(code(&sidecar.get(path, &[("Cookie", &ana)])), some, "{path}");
    }
    let page = sidecar.get("/", &[("Cookie", &ana)]);
    assert!(page.contains("olmos-nas") && !page.contains("ruiz") && !page.contains("nobody-s"), "{page}");
    let page = sidecar.get("/", &[("Cookie", &boss)]);
    assert!(page.contains("ruiz-nas") && page.contains("nobody-s"));
    assert!(!sidecar.get("/login", &[]).contains("olmos"));
}

#[test]
fn who_looks_on_is_told_of_the_end() {
    let mut sidecar = Sidecar::start();
    let mut live = sidecar.open("/live?topics=fleet");
    let begin = live.read_until("retry: 3000");
    assert_eq!(code(&begin), 200);
    sidecar.stop();
    assert!(live.rest().ends_with("0\r\n\r\n"), "it was not cut off, it ended");
}
