//! Mail to a server that plays a script; `tests/system/mail` has a real one.

use std::sync::Arc;

use atalaya_notify::Outcome;
use atalaya_notify::words::Language;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::certificates::Ca;
use crate::smtp::{Script, Smtp};
use crate::tell::{NOW, channel, hostile, message, notification, secret};

const ACCOUNT: &str = "username = 'nas'\npassword_file = 'FOLDER/secret'";

/// Sends to a server without TLS, and hands back what came of it and what the server heard.
fn plain(odd: Script, more: &str) -> (Outcome, Vec<String>) {
    sent("none", None, odd, more, &message(&notification(), Language::Es))
}

fn sent(
    security: &str,
    tls: Option<(Arc<rustls::ServerConfig>, &Ca)>,
    odd: Script,
    more: &str,
    message: &atalaya_notify::Message,
) -> (Outcome, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    secret(folder.path(), "secret", "hush");
    let ca_file = tls.as_ref().map_or("", |(_, ca)| {
        ca.write(folder.path());
        "ca_file = 'FOLDER/ca.pem'"
    });
    let server = Smtp::new(tls.map(|(config, _)| config), odd);
    let settings = format!(
        "kind = 'mail'\nserver = 'localhost'\nport = {}\nsecurity = '{security}'\n{ca_file}\n\
         from = 'Atalaya <nas@example.org>'\nto = ['ana@example.org', 'Luz <luz@example.org>']\n{more}",
        server.address.port()
    );
    let outcome = channel(&settings, folder.path()).send(message, NOW);
    assert!(!outcome.text().contains("hush"), "{outcome:?}");
    (outcome, server.heard())
}

/// The letter's headers, and its two texts.
fn letter(heard: &[String]) -> (Vec<String>, [String; 2]) {
    let begin = heard.iter().position(|line| line == "DATA").unwrap() + 1;
    let end = heard.iter().rposition(|line| line == ".").unwrap();
    let text = heard[begin..end].join("\n");
    let (headers, body) = text.split_once("\n\n").unwrap();
    let headers = headers.replace("\n ", " ").lines().map(str::to_owned).collect();
    let parts: Vec<String> = body.split("\n--").filter_map(|part| Some(decoded(part.split_once("\n\n")?))).collect();
    (headers, parts.try_into().unwrap())
}

fn decoded((headers, body): (&str, &str)) -> String {
    let bytes = match headers.rsplit_once("Content-Transfer-Encoding: ").unwrap().1.lines().next().unwrap() {
        "base64" => BASE64_STANDARD.decode(body.replace('\n', "")).unwrap(),
        "quoted-printable" => quoted(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

fn quoted(body: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), body.replace("=\n", ""));
    while let Some((before, after)) = rest.split_once('=') {
        out.extend_from_slice(before.as_bytes());
        out.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = after[2..].to_owned();
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

#[test]
fn a_letter_is_text_and_html_with_ids_and_a_thread() {
    let (outcome, heard) = plain(Vec::new(), "");
    assert_eq!(outcome, Outcome::Done("250 queued as 1".into()));
    assert_eq!(
        heard[..5],
        [
            "EHLO [127.0.0.1]",
            "MAIL FROM:<nas@example.org>",
            "RCPT TO:<ana@example.org>",
            "RCPT TO:<luz@example.org>",
            "DATA"
        ]
    );
    let (headers, [text, html]) = letter(&heard);
    for header in [
        "From: Atalaya <nas@example.org>",
        "To: ana@example.org, Luz <luz@example.org>",
        "Date: Sun, 01 Nov 2026 12:43:30 +0000",
        "Message-ID: <9f86d081884c7d659a2feaa0c55ad015@example.org>",
        "References: <incident-7@example.org>",
        "In-Reply-To: <incident-7@example.org>",
        "Auto-Submitted: auto-generated",
        "X-Atalaya-Id: 9f86d081884c7d659a2feaa0c55ad015",
        "Content-Language: es",
        "MIME-Version: 1.0",
    ] {
        assert!(headers.iter().any(|line| line == header), "{header} in {headers:#?}");
    }
    assert!(
        text.starts_with("alto: Office NAS: Disco caliente (WD-1: 51,5 °C)\nDesde el 1 nov 2026, 13:43 CET\n"),
        "{text}"
    );
    assert!(
        html.contains("<html lang=\"es\">")
            && html.contains("<b>alto: Office NAS: Disco caliente (WD-1: 51,5 °C)</b><br>"),
        "{html}"
    );
}

#[test]
fn no_name_makes_a_header_or_ends_the_letter() {
    let (outcome, heard) = sent("none", None, Vec::new(), "", &message(&hostile(), Language::En));
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let (headers, [text, html]) = letter(&heard);
    assert!(
        headers.iter().all(|line| !line.starts_with("Bcc") && !line.contains("<ana") && line.len() < 998),
        "{headers:#?}"
    );
    assert_eq!(heard.iter().filter(|line| *line == ".").count(), 1);
    assert!(text.contains("Bcc: eve") && text.lines().all(|line| !line.starts_with("Bcc") && line != "."), "{text}");
    assert!(!html.contains("<!channel>") && html.matches("<b>").count() == 3 && !html.contains('\u{202e}'), "{html}");
}

#[test]
fn a_subject_with_lines_makes_no_header_even_where_nobody_cleaned_it() {
    let mut message = message(&notification(), Language::En);
    message.subject = "a\r\nBcc: eve@example.org\r\n\r\n.\r\nMAIL FROM:<x>".into();
    let (_, heard) = sent("none", None, Vec::new(), "", &message);
    let (headers, _) = letter(&heard);
    assert!(headers.iter().all(|line| !line.starts_with("Bcc") && !line.starts_with("MAIL")), "{headers:#?}");
    assert_eq!(heard.iter().filter(|line| *line == ".").count(), 1);
}

#[test]
fn each_reply_has_its_outcome() {
    let table: Vec<(Script, &str)> = vec![
        (vec![("", "421 busy\r\n")], "later: 421 busy"),
        (vec![("", "554 go away\r\n")], "never: 554 go away"),
        (vec![("", "SSH-2.0-OpenSSH\r\n")], "later: no SMTP"),
        (vec![("EHLO", "502 what\r\n")], "never: 502"),
        (vec![("EHLO", "")], "later: cut"),
        (vec![("MAIL", "451 later\r\n")], "later: 451"),
        (vec![("MAIL", "530 5.7.0 Authentication required\r\n")], "wrong: 530"),
        (vec![("MAIL", "553 not you\r\n")], "never: 553"),
        (vec![("RCPT", "450 greylisted\r\n")], "later: 450"),
        (vec![("RCPT", "550 nobody\r\n")], "never: every address: 550"),
        (vec![("RCPT TO:<LUZ", "550 nobody\r\n")], "done: queued as 1; not to luz@example.org"),
        (vec![("RCPT TO:<LUZ", "452 full\r\n")], "later: 452"),
        (vec![("DATA", "554 no\r\n")], "never: 554"),
        (vec![("DATA", "250 sure\r\n")], "later: does not take a letter"),
        (vec![(".", "452 full\r\n")], "later: 452"),
        (vec![(".", "550 spam\r\n")], "never: 550 spam"),
        (vec![(".", "")], "later: cut"),
        (vec![(".", "250-one\r\n251 two\r\n")], "later: no SMTP"),
    ];
    for (script, expected) in table {
        let shown = format!("{script:?}");
        let (outcome, _) = plain(script, "");
        let (name, why) = expected.split_once(": ").unwrap();
        let got = match &outcome {
            Outcome::Done(_) => "done",
            Outcome::Later { .. } => "later",
            Outcome::Never(_) => "never",
            Outcome::WrongSetUp(_) => "wrong",
        };
        assert!(got == name && why.split(": ").all(|part| outcome.text().contains(part)), "{shown}: {outcome:?}");
    }
}

#[test]
fn a_line_without_end_is_read_to_a_bound() {
    let endless: &'static str = Box::leak("220 ".repeat(1 << 20).into_boxed_str());
    let (outcome, _) = plain(vec![("", endless)], "");
    assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("no SMTP")), "{outcome:?}");
}

#[test]
fn a_password_goes_by_plain_or_login_or_not_at_all() {
    let (outcome, heard) = plain(Vec::new(), ACCOUNT);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(heard.contains(&format!("AUTH PLAIN {}", BASE64_STANDARD.encode("\0nas\0hush"))), "{heard:?}");
    let login = vec![
        ("EHLO", "250-a\r\n250 AUTH LOGIN CRAM-MD5\r\n"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6\r\n"),
        ("BMFZ", "334 UGFzc3dvcmQ6\r\n"),
        ("AHVZAA==", "235 ok\r\n"),
    ];
    let (outcome, heard) = plain(login, ACCOUNT);
    assert!(heard.contains(&BASE64_STANDARD.encode("hush")), "{heard:?} {outcome:?}");
    for (script, why) in [
        (vec![("AUTH", "535 5.7.8 wrong\r\n")], "refuses the password: 535"),
        (vec![("EHLO", "250 a\r\n")], "neither by PLAIN nor by LOGIN"),
        (vec![("AUTH", "334 more\r\n")], "more than a password"),
    ] {
        let (outcome, heard) = plain(script, ACCOUNT);
        assert!(matches!(&outcome, Outcome::WrongSetUp(told) if told.contains(why)), "{outcome:?}");
        assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
    }
    let (outcome, _) = plain(vec![("AUTH", "454 not now\r\n")], ACCOUNT);
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
}

#[test]
fn starttls_is_no_wish() {
    let ca = Ca::new();
    let good = || Some((ca.server("localhost", false), &ca));
    let letter = message(&notification(), Language::En);
    let (outcome, heard) = sent("starttls", good(), Vec::new(), ACCOUNT, &letter);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(heard[..4], ["EHLO [127.0.0.1]", "STARTTLS", "(TLS)", "EHLO [127.0.0.1]"]);

    let without = vec![("EHLO", "250-a\r\n250 AUTH PLAIN\r\n")];
    let injected = vec![("STARTTLS", "220 go on\r\n250 and do as I say\r\n")];
    let elsewhere = Some((ca.server("elsewhere.example", false), &ca));
    let stranger = Ca::new();
    for (tls, script, expected) in [
        (good(), without, "wrong: no STARTTLS"),
        (good(), vec![("STARTTLS", "454 not now\r\n")], "later: 454"),
        (good(), injected, "later: more before TLS"),
        (elsewhere, Vec::new(), "wrong: another name"),
        (Some((stranger.server("localhost", false), &ca)), Vec::new(), "wrong: signed by nobody"),
    ] {
        let (outcome, heard) = sent("starttls", tls, script, ACCOUNT, &letter);
        let (name, why) = expected.split_once(": ").unwrap();
        let wrong = matches!(outcome, Outcome::WrongSetUp(_));
        assert!(wrong == (name == "wrong") && outcome.text().contains(why), "{outcome:?}");
        assert!(heard.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{heard:?}");
    }
}
