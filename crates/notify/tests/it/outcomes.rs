//! What odd answers of a service mean.

use atalaya_notify::words::Language;
use atalaya_notify::{Channel, Outcome};

use crate::server::{Server, answer, nobody};
use crate::tell::{NOW, channel, message, notification, secret};

/// Each kind, with what its service answers when all is well.
const KINDS: [(&str, &str); 5] = [
    ("kind = 'ntfy'\nserver = 'SERVER'\ntopic = 'nas'\ntoken_file = 'FOLDER/secret'", r#"{"id":"x"}"#),
    ("kind = 'gotify'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'", r#"{"id":1}"#),
    ("kind = 'slack'\nurl_file = 'FOLDER/url'", "ok"),
    (
        "kind = 'telegram'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'\nchat = 1",
        r#"{"ok":true,"result":{"message_id":12}}"#,
    ),
    ("kind = 'webhook'\nurl = 'SERVER/secret-path'\nsecret_file = 'FOLDER/secret'", "anything"),
];

const SECRET: &str = "123:hush-hush";

fn open(settings: &str, url: &str) -> (tempfile::TempDir, Box<dyn Channel>) {
    let folder = tempfile::tempdir().unwrap();
    secret(folder.path(), "secret", SECRET);
    secret(folder.path(), "url", &format!("{url}/{SECRET}"));
    let channel = channel(&settings.replace("SERVER", url), folder.path());
    (folder, channel)
}

fn outcome(settings: &str, answer: Vec<u8>) -> Outcome {
    let server = Server::plain(vec![answer]);
    let (_folder, channel) = open(settings, &server.url());
    let outcome = channel.send(&message(&notification(), Language::En), NOW);
    assert_eq!(server.asked().len(), 1, "it tries once");
    assert!(!outcome.text().contains("hush") && !outcome.text().contains("secret-path"), "{outcome:?}");
    outcome
}

const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Later { .. } => "later",
        Outcome::Never(_) => "never",
        Outcome::WrongSetUp(_) => "wrong",
    }
}

#[test]
fn each_answer_of_each_service_has_its_outcome() {
    for (settings, ok) in KINDS {
        let webhook = ok == "anything";
        let huge = "x".repeat(1 << 20);
        let table = [
            (answer(200, "", ok), "done"),
            (answer(202, "", ok), "done"),
            (answer(200, "", "<html>Welcome to the hotel</html>"), if webhook { "done" } else { "later" }),
            (answer(200, "", &huge), if webhook { "done" } else { "later" }),
            (answer(200, "", ""), if webhook { "done" } else { "later" }),
            (answer(302, "Location: http://127.0.0.1:1/\r\n", ""), "wrong"),
            (answer(400, "", "bad"), "never"),
            (answer(401, "", "who are you"), "wrong"),
            (answer(403, "", "no"), "wrong"),
            (answer(404, "", "no"), "wrong"),
            (answer(413, "", "too much"), "never"),
            (answer(429, "", "slowly"), "later"),
            (answer(500, "", "oops"), "later"),
            (b"garbage\r\n\r\n".to_vec(), "later"),
            (Vec::new(), "later"),
            (b"HTTP/1.1 200 OK\r\nContent-Len".to_vec(), "later"),
            (
                format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}", &ok[..1]).into_bytes(),
                if webhook { "done" } else { "later" },
            ),
        ];
        for (answer, expected) in table {
            let shown = String::from_utf8_lossy(&answer).chars().take(60).collect::<String>();
            assert_eq!(name(&outcome(settings, answer)), expected, "{settings}\n{shown}");
        }
    }
}

#[test]
fn a_service_may_ask_for_time() {
    let after = |settings: &str, answer: Vec<u8>| match outcome(settings, answer) {
        Outcome::Later { after, .. } => after.map(|after| after.as_secs()),
        other => panic!("{other:?}"),
    };
    for (settings, _) in KINDS {
        assert_eq!(after(settings, answer(429, "Retry-After: 77\r\n", "")), Some(77));
        assert_eq!(after(settings, answer(503, "Retry-After: Sun, 01 Nov 2026 12:45:00 GMT\r\n", "")), Some(90));
        assert_eq!(after(settings, answer(503, "Retry-After: soon\r\n", "")), None);
    }
    let telegram = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":31}}"#;
    assert_eq!(after(KINDS[3].0, answer(429, "", telegram)), Some(31));
}

#[test]
fn a_chat_that_is_not_there_is_never() {
    let told = r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#;
    let outcome = outcome(KINDS[3].0, answer(400, "", told));
    assert!(matches!(&outcome, Outcome::Never(why) if why.contains("chat not found")), "{outcome:?}");
}

#[test]
fn where_nobody_listens_it_is_later_and_nothing_secret_is_said() {
    for (settings, _) in KINDS {
        let (_folder, channel) = open(settings, &format!("http://{}", nobody()));
        let outcome = channel.send(&message(&notification(), Language::En), NOW);
        assert!(
            matches!(&outcome, Outcome::Later { why, after: None } if why.contains("refuses the connection")),
            "{outcome:?}"
        );
        assert!(!outcome.text().contains("hush") && !outcome.text().contains("secret-path"), "{outcome:?}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_a_wrong_set_up() {
    for (settings, _) in KINDS {
        let (folder, channel) = open(settings, "http://127.0.0.1:1");
        std::fs::remove_file(folder.path().join("secret")).unwrap();
        std::fs::remove_file(folder.path().join("url")).unwrap();
        let outcome = channel.send(&message(&notification(), Language::En), NOW);
        assert!(matches!(&outcome, Outcome::WrongSetUp(why) if why.contains("cannot read the secret")), "{outcome:?}");
    }
}

#[test]
fn a_secret_goes_nowhere_in_the_clear() {
    for (settings, file) in [(KINDS[2].0, "url"), (KINDS[3].0, "secret")] {
        let (folder, channel) = open(settings, "http://198.51.100.1");
        assert!(folder.path().join(file).exists());
        let outcome = channel.send(&message(&notification(), Language::En), NOW);
        assert!(matches!(&outcome, Outcome::WrongSetUp(why) if why.contains("https://")), "{outcome:?}");
    }
}
