//! Forms of settings: who may send them, and what each leaves in the audit.

use super::http::{Sidecar, code, header};

const PASSWORD: &str = "correct horse battery";

/// Every form of settings that changes something, as `path`, fields, what stands in the audit.
const FORMS: &[(&str, &str, &str)] = &[
    ("/settings/nodes/olmos-nas", "title=Olmos&customer=Olmos&site=Sol&parent=ruiz-nas", "node.change"),
    ("/settings/accounts", "name=eva&password=correct+horse+battery&role=operator&customers=Olmos", "account.add"),
    ("/settings/accounts/eva", "role=viewer&customers=", "account.change"),
    ("/settings/accounts/eva/password", "password=another+horse+battery", "account.password"),
    ("/settings/accounts/eva/remove", "", "account.remove"),
    ("/settings/tokens", "name=phone&scope=read&scope=operate&days=3&customers=", "token.add"),
    ("/settings/tokens/phone/revoke", "", "token.revoke"),
    ("/settings/channels/desk/test", "", "channel.test"),
    ("/settings/nodes/olmos-nas/retire", "forget=yes", "node.retire"),
    ("/me", "language=es&zone=Europe/Madrid", "account.preferences"),
];

/// The cookie and the forms' secret of somebody who logs in.
fn log_in(sidecar: &Sidecar, name: &str) -> (String, String) {
    let answer = sidecar.ask("POST", "/login", &[], &format!("name={name}&password={}", PASSWORD.replace(' ', "+")));
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = sidecar.get("/", &[("Cookie", &cookie)]);
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    (cookie, csrf)
}

fn sidecar() -> Sidecar {
    let channel =
        "[[channel]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nsecret_file = \"/dev/null\"";
    let sidecar = Sidecar::with(channel);
    sidecar.add_account("boss", &[], PASSWORD);
    sidecar.add_account("ana", &["Olmos"], PASSWORD);
    sidecar.add_node("olmos-nas", "Olmos");
    sidecar.add_node("ruiz-nas", "Ruiz");
    sidecar
}

#[test]
fn each_form_is_one_line_of_the_audit() {
    let sidecar = sidecar();
    let (cookie, csrf) = log_in(&sidecar, "boss");
    for (path, fields, what) in FORMS {
        let before = sidecar.audit().len();
        let answer = sidecar.ask("POST", path, &[("Cookie", &cookie)], &format!("{fields}&csrf={csrf}"));
        let expected = if matches!(*what, "token.add" | "channel.test") { 200 } else { 303 };
        assert_eq!(code(&answer), expected, "{path}: {answer}");
        let lines = sidecar.audit();
        assert_eq!(lines.len(), before + 1, "{path}");
        assert_eq!((lines[0].who.as_str(), lines[0].what.as_str(), lines[0].how.as_str()), ("boss", *what, "page"));
    }
    assert!(!sidecar.get("/", &[("Cookie", &cookie)]).contains("olmos-nas"), "it was retired");
}

#[test]
fn who_may_not_manage_changes_nothing() {
    let sidecar = sidecar();
    let (cookie, csrf) = log_in(&sidecar, "ana");
    let before = sidecar.audit().len();
    for (path, fields, what) in FORMS.iter().filter(|(path, ..)| *path != "/me") {
        let forged = sidecar.ask("POST", path, &[("Cookie", &cookie)], fields);
        assert_eq!(code(&forged), 403, "{path} without what shows the form to be ours");
        let answer = sidecar.ask("POST", path, &[("Cookie", &cookie)], &format!("{fields}&csrf={csrf}"));
        assert_eq!(code(&answer), if *what == "channel.test" { 404 } else { 403 }, "{path}");
    }
    assert_eq!(sidecar.audit().len(), before);
}
