//! Who is let in, and what forged requests come to.

use super::http::{Sidecar, code, header};

const FORM: &str = "name=ana&password=correct+horse+battery";

/// The first account, made with its link; gives its cookie.
fn first(sidecar: &Sidecar) -> String {
    let path = format!("/first/{}", sidecar.first_link().unwrap());
    assert_eq!(code(&sidecar.get(&path, &[])), 200);
    let made = sidecar.ask("POST", &path, &[], FORM);
    assert_eq!((code(&made), header(&made, "location")), (303, Some("/")), "{made}");
    assert_eq!(code(&sidecar.ask("POST", &path, &[], FORM)), 403, "the link is good once");
    let cookie = header(&made, "set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn without_accounts_whoever_sits_at_the_machine_is_let_in_and_nobody_through_a_proxy() {
    let sidecar = Sidecar::start();
    assert_eq!(code(&sidecar.get("/", &[])), 200);
    for named in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let answer = sidecar.get("/", &[(named, "203.0.113.7")]);
        assert_eq!((code(&answer), header(&answer, "location")), (303, Some("/login")), "{named}");
    }
    assert_eq!(code(&sidecar.get("/", &[("Host", "192.0.2.5")])), 303, "not by an address that others use");
    assert_eq!(code(&sidecar.get("/", &[("Host", "evil.example")])), 421);
    let quiet = "node=nas&hours=1&why=x";
    for forged in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(code(&sidecar.ask("POST", "/alerts/silences", &[forged], quiet)), 403, "{forged:?}");
    }
}

#[test]
fn with_an_account_everybody_logs_in() {
    let sidecar = Sidecar::start();
    let cookie = first(&sidecar);
    assert_eq!(sidecar.first_link(), None);
    for (path, expected) in [
        ("/", 303),
        ("/alerts", 303),
        ("/live?topics=fleet", 303),
        ("/api/v1/nodes/x/series", 401),
        ("/health", 200),
        ("/login", 200),
    ] {
        assert_eq!(code(&sidecar.get(path, &[])), expected, "{path}");
    }
    assert_eq!(code(&sidecar.get("/", &[("Cookie", &cookie)])), 200);
    assert_eq!(code(&sidecar.get("/", &[("Cookie", "atalaya=AAAA")])), 303);
    assert_eq!(code(&sidecar.get("/api/v1/nodes/x/series", &[("Authorization", "Bearer atl_none")])), 401);
    assert_eq!(code(&sidecar.ask("POST", "/login", &[], "name=ana&password=wrong+wrong+wrong")), 403);
    assert_eq!(code(&sidecar.ask("POST", "/login", &[], FORM)), 303);
}

#[test]
fn a_form_is_ours_or_nothing_happens_and_a_session_ends_when_it_is_told_to() {
    let sidecar = Sidecar::start();
    let cookie = first(&sidecar);
    let with = [("Cookie", cookie.as_str())];
    for body in ["", "csrf=", "csrf=AAAA"] {
        assert_eq!(code(&sidecar.ask("POST", "/logout", &with, body)), 403, "{body:?}");
    }
    let page = sidecar.get("/", &with);
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let out = sidecar.ask("POST", "/logout", &with, &format!("csrf={csrf}"));
    assert_eq!((code(&out), header(&out, "location")), (303, Some("/login")));
    assert_eq!(code(&sidecar.get("/", &with)), 303);
}

#[test]
fn guesses_have_to_wait() {
    let sidecar = Sidecar::start();
    first(&sidecar);
    let codes: Vec<u16> =
        (0..8).map(|_| code(&sidecar.ask("POST", "/login", &[], "name=eva&password=guess+guess+guess"))).collect();
    assert_eq!(codes[..5], [403; 5]);
    assert!(codes[5..].contains(&429), "{codes:?}");
}
