//! Certificates: those that are trusted, and those that are not.

use std::sync::Arc;

use atalaya_notify::Outcome;
use atalaya_notify::words::Language;

use crate::certificates::Ca;
use crate::server::{Server, answer, poke};
use crate::tell::{NOW, channel, message, notification};

/// Sends to a server with that certificate, of which the channel knows `ca`.
fn outcome(tls: Arc<rustls::ServerConfig>, ca: Option<&Ca>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(Some(tls), vec![answer(200, "", r#"{"id":"x"}"#)]);
    let file = ca.map_or("", |ca| {
        ca.write(folder.path());
        "ca_file = 'FOLDER/ca.pem'"
    });
    let settings =
        format!("kind = 'ntfy'\nserver = 'https://localhost:{}'\ntopic = 'nas'\n{file}", server.address.port());
    let outcome = channel(&settings, folder.path()).send(&message(&notification(), Language::En), NOW);
    poke(server.address);
    let asked = server.asked().len();
    assert_eq!(asked == 1, matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    outcome
}

#[test]
fn a_ca_of_one_s_own_is_trusted_where_it_is_named() {
    let ca = Ca::new();
    assert!(matches!(outcome(ca.server("localhost", false), Some(&ca)), Outcome::Done(_)));
}

#[test]
fn any_other_certificate_is_a_wrong_set_up_and_nothing_is_said() {
    let (ca, other) = (Ca::new(), Ca::new());
    for (tls, why) in [
        (other.server("localhost", false), "signed by nobody"),
        (ca.server("elsewhere.example", false), "another name"),
        (ca.server("localhost", true), "expired"),
    ] {
        let outcome = outcome(tls, Some(&ca));
        assert!(matches!(&outcome, Outcome::WrongSetUp(told) if told.contains(why)), "{outcome:?}");
    }
    let unknown = outcome(ca.server("localhost", false), None);
    assert!(matches!(&unknown, Outcome::WrongSetUp(_)), "{unknown:?}");
}
