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
fn whoever_was_going_somewhere_is_brought_there_and_nothing_is_done_without_a_word() {
    let sidecar = Sidecar::start();
    first(&sidecar);
    let sent = |answer: &str| (code(answer), header(answer, "location").map(str::to_owned));
    assert_eq!(sent(&sidecar.get("/alerts?x=1", &[])), (303, Some("/login?back=%2Falerts%3Fx%3D1".into())));
    assert!(sidecar.get("/login?back=%2Falerts", &[]).contains("name=\"back\" value=\"/alerts\""));
    for (back, to) in [("%2Falerts", "/alerts"), ("%2F%2Fevil.example", "/"), ("https%3A%2F%2Fevil.example", "/")] {
        let answer = sidecar.ask("POST", "/login", &[], &format!("{FORM}&back={back}"));
        assert_eq!(sent(&answer), (303, Some(to.into())), "{back}");
    }
    let over = sidecar.ask("POST", "/alerts/silences", &[], "node=nas&hours=1");
    assert_eq!(sent(&over), (303, Some("/login?over=1".into())));
    assert!(sidecar.get("/login?over=1", &[("Accept-Language", "es")]).contains("Su sesión ha terminado"));
}

#[test]
fn whatever_cannot_be_shown_is_a_page_in_the_reader_s_language() {
    let sidecar = Sidecar::start();
    let cookie = first(&sidecar);
    let ask = |method: &str, path: &str, body: &str| {
        let mine = [("Cookie", cookie.as_str())];
        let page = sidecar.get("/me", &mine);
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        for (language, title) in [("en", "lang=\"en\""), ("es", "lang=\"es\"")] {
            let chosen = format!("csrf={csrf}&language={language}&zone=UTC");
            assert_eq!(code(&sidecar.ask("POST", "/me", &mine, &chosen)), 303);
            let answer = match method {
                "GET" => sidecar.get(path, &mine),
                _ => sidecar.ask(method, path, &mine, &body.replace("CSRF", csrf)),
            };
            assert!(answer.contains(title) && answer.contains("<h1 id=\"instead\">"), "{method} {path}: {answer}");
            assert!(answer.contains("Atalaya") && answer.contains("href=\"/me\""), "with what is around every page");
            let says = if language == "en" { ["is no such", "was not done"] } else { ["no existe", "no se"] };
            assert!(says.iter().any(|says| answer.to_lowercase().contains(says)), "{path}: {answer}");
        }
        code(&sidecar.ask(method, path, &mine, &body.replace("CSRF", csrf)))
    };
    assert_eq!(ask("GET", "/nowhere", ""), 404);
    assert_eq!(ask("GET", "/nodes/none", ""), 404);
    assert_eq!(ask("GET", "/alerts/acknowledge", ""), 405);
    assert_eq!(ask("POST", "/alerts/silences", "csrf=CSRF&node=nas&hours=soon"), 422);
    assert_eq!(ask("POST", "/alerts/silences", "csrf=older&node=nas&hours=1"), 403);
}

#[test]
fn a_session_s_cookie_is_for_tls_alone_where_a_proxy_of_ours_does_that() {
    for (url, proxies, is_secure) in [
        ("url = \"https://nas.example.org\"\n", "proxies = [\"127.0.0.1\"]\n", true),
        ("url = \"https://nas.example.org\"\n", "", false),
        ("", "proxies = [\"127.0.0.1\"]\n", false),
    ] {
        let sidecar = Sidecar::with(&format!("{url}{proxies}"));
        first(&sidecar);
        let answer = sidecar.ask("POST", "/login", &[("X-Forwarded-For", "203.0.113.7")], FORM);
        let cookie = header(&answer, "set-cookie").unwrap();
        let all = ["__Host-atalaya=", "; Secure", "; HttpOnly", "; SameSite=Lax"].map(|part| cookie.contains(part));
        assert_eq!(all, [is_secure, is_secure, true, true], "{url}{proxies}{cookie}");
    }
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
