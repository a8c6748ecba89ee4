//! Nodes that join through the real tower and database.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use atalaya_alert::Rules;
use atalaya_broker::{Guard, Who as Guest};
use atalaya_wire::NodeId;
use atalaya_wire::command::Signed;
use atalaya_wire::join::{Host, Invitation, Joining, Refusal, Refused, Request, Response};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::ca::pin_of;
use super::gate::Parts;
use super::own::Present;
use super::*;
use crate::clock::{Clock, Simulated};
use crate::db::read::people as read;
use crate::db::{self, Readers, Writer};
use crate::error::Kind;
use crate::people::{Customers, People, Scope, Terms, TokenWish};
use crate::tower::{self, Board, Tower, Who, Word};

const START: i64 = 1_800_000_000;

/// The writer and the tower as the program runs them.
struct World {
    folder: tempfile::TempDir,
    clock: Arc<Simulated>,
    parts: Option<(Writer, thread::JoinHandle<()>, std::sync::mpsc::SyncSender<Word>)>,
    gate: Arc<Gate>,
}

impl World {
    fn new() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Simulated::at(START)));
        let (gate, parts) = start(folder.path(), &clock);
        Self { folder, clock, parts: Some(parts), gate }
    }

    fn restart(&mut self) {
        let (writer, tower, words) = self.parts.take().unwrap();
        words.send(Word::Stop).unwrap();
        tower.join().unwrap();
        writer.stop();
        let (gate, parts) = start(self.folder.path(), &self.clock);
        (self.gate, self.parts) = (gate, Some(parts));
    }

    async fn invite(&self, expected: Expected) -> Invitation {
        let (made, _) = self.gate.invite(&by(), expected, self.clock.now()).await.unwrap();
        made.0.parse().unwrap()
    }

    async fn join(&self, request: &Request) -> Result<Response, Refused> {
        self.gate.join(request, IpAddr::from([192, 0, 2, 7]), self.clock.now()).await
    }

    fn stored(&self) -> read::Loaded {
        let now = self.clock.now().seconds();
        Readers::new(self.folder.path()).now(|connection| read::load(connection, now)).unwrap()
    }
}

fn start(
    folder: &Path,
    clock: &Arc<Simulated>,
) -> (Arc<Gate>, (Writer, thread::JoinHandle<()>, std::sync::mpsc::SyncSender<Word>)) {
    let now = clock.now();
    let database = db::open(folder, now.seconds()).unwrap();
    let (loaded, known) = (db::load(&database.connection).unwrap(), read::load(&database.connection, START).unwrap());
    let writer = Writer::start(database, clock.clone(), Vec::new(), |_| {}).unwrap();
    let terms = tower::Terms {
        prefix: "atalaya".into(),
        id: "_sidecar".into(),
        accept: false,
        senders: true,
        rules: Arc::new(Rules::default()),
        sets: tower::Sets::default(),
        flush: Duration::from_secs(60),
    };
    let mut tower = Tower::new(terms, Board::default(), loaded, Arc::default(), now);
    let (words, heard) = sync_channel(100);
    let desk = writer.desk();
    let thread = thread::spawn(move || {
        // Time goes on for the tower, so that it hands over what it has.
        for tick in 0.. {
            match heard.recv_timeout(Duration::from_millis(5)) {
                Ok(Word::Stop) => break,
                Ok(word) => tower.step(word, now),
                Err(_) => {}
            }
            let now = crate::clock::Now { since_start: now.since_start + Duration::from_millis(tick * 100), ..now };
            if let Some(batch) = tower.pass(now) {
                desk.keep(batch).unwrap();
            }
        }
    });
    let terms = Terms { session: Duration::from_secs(1000), idle: Duration::from_secs(1000) };
    let people = Arc::new(People::new(writer.desk(), terms, known.clone(), now));
    let parts = Parts {
        desk: writer.desk(),
        tower: words.clone(),
        people,
        clock: clock.clone(),
        authority: Authority::open(folder).unwrap(),
        command_key: CommandKey::open(folder).unwrap(),
    };
    let hosts = vec![
        Host { name: "nas.lan".into(), broker: 8883, web: 8443 },
        Host { name: "fd00::2".into(), broker: 8883, web: 443 },
    ];
    let offer = Offer {
        hosts,
        prefix: "atalaya".into(),
        id: "_sidecar".into(),
        discovery_prefix: "homeassistant".into(),
        anonymous: false,
    };
    (Arc::new(Gate::new(parts, offer, &known)), (writer, thread, words))
}

fn by() -> Who {
    Who { name: "ana".into(), how: "command", peer: String::new() }
}

fn request(code: [u8; 16], node: &str) -> Request {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let key = pair.public_key().as_ref().try_into().unwrap();
    let joining = Joining { code, node: node.parse().unwrap(), name: "Sótano".into(), key };
    Request::new(&joining, |bytes| Some(pair.sign(&random, bytes).ok()?.as_ref().to_vec())).unwrap()
}

fn sha256_of(pem: &str) -> [u8; 32] {
    atalaya_wire::join::sha256(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
}

fn refused(result: Result<Response, Refused>) -> Refusal {
    result.unwrap_err().refused
}

#[tokio::test]
async fn a_node_comes_with_a_code_and_leaves_with_a_certificate() {
    let mut world = World::new();
    let expected = Expected { customer: Some("Ana".into()), site: Some("Sótano".into()), ..Expected::default() };
    let invitation = world.invite(expected).await;
    assert_eq!(invitation.ca, world.gate.authority().pin());
    let asked = request(invitation.code, "nas");
    let response = world.join(&asked).await.unwrap();
    assert_eq!(response.brokers, ["mqtts://nas.lan:8883", "mqtts://[fd00::2]:8883"]);
    let shown = sha256_of(&response.certificate);
    let ca = CertificateDer::from_pem_slice(response.ca.as_bytes()).unwrap();
    assert_eq!(pin_of(&ca), Some(invitation.ca));
    let der = CertificateDer::from_pem_slice(response.certificate.as_bytes()).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    assert_eq!(parsed.subject().to_string(), "CN=nas");
    let (from, until) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    assert_eq!((from, until), (START - 86_400, START + 3652 * 86_400));
    assert!(!parsed.is_ca());
    for _ in 0..2 {
        assert_eq!(world.gate.certificate(&shown), Some("nas".parse().unwrap()));
        assert_eq!(world.gate.certificate(&[0; 32]), None);
        assert_eq!(refused(world.join(&asked).await), Refusal::Used);
        assert_eq!(refused(world.join(&request(invitation.code, "other")).await), Refusal::Used);
        let stored = world.stored();
        assert_eq!((stored.nodes[0].name.as_str(), stored.nodes[0].state.as_str()), ("nas", "member"));
        assert_eq!((stored.nodes[0].cert, stored.once[0].used), (Some(shown), Some(START)));
        world.restart();
    }
    world.gate.retired(&"nas".parse().unwrap(), true);
    assert_eq!(world.gate.certificate(&shown), None, "it is void at once");
}

#[tokio::test]
async fn a_code_is_good_for_what_it_was_made_for_and_for_a_day() {
    let mut world = World::new();
    let (one, late) = (world.invite(Expected::default()).await, world.invite(Expected::default()).await);
    let response = world.join(&request(one.code, "nas")).await.unwrap();
    assert_eq!(refused(world.join(&request([0; 16], "nas")).await), Refusal::UnknownCode);
    // Who has a code for some node gets no other node's place with it.
    assert_eq!(refused(world.join(&request(late.code, "nas")).await), Refusal::Taken);
    let again = world.invite(Expected { node: Some("nas".into()), ..Expected::default() }).await;
    let other = world.join(&request(again.code, "attic")).await.unwrap_err();
    assert_eq!((other.refused, other.node.as_deref()), (Refusal::OtherNode, Some("nas")));
    let renewed = world.join(&request(again.code, "nas")).await.unwrap();
    assert_eq!(world.gate.certificate(&sha256_of(&response.certificate)), None, "one certificate a node");
    assert!(world.gate.certificate(&sha256_of(&renewed.certificate)).is_some());
    world.gate.retired(&"nas".parse().unwrap(), true);
    assert_eq!(
        refused(world.join(&request(late.code, "nas")).await),
        Refusal::Taken,
        "a node that was retired neither"
    );
    let mut forged = serde_json::to_value(request(late.code, "attic")).unwrap();
    forged["node"] = "cellar".into();
    assert_eq!(refused(world.join(&serde_json::from_value(forged).unwrap()).await), Refusal::Malformed);
    world.clock.pass(Duration::from_secs(86_399));
    world.restart();
    world.clock.pass(Duration::from_secs(1));
    assert_eq!(refused(world.join(&request(late.code, "attic")).await), Refusal::Expired);
}

#[tokio::test]
async fn of_two_who_come_with_a_code_at_once_one_is_let_in() {
    let world = World::new();
    let invitation = world.invite(Expected::default()).await;
    let (one, other) = (request(invitation.code, "a"), request(invitation.code, "b"));
    let both = tokio::join!(world.join(&one), world.join(&other));
    let refusals: Vec<_> = [both.0, both.1].into_iter().filter_map(Result::err).map(|err| err.refused).collect();
    assert_eq!(refusals, [Refusal::Used]);
    assert_eq!(world.stored().nodes.len(), 1);
}

#[tokio::test]
async fn who_guesses_codes_has_to_wait() {
    let world = World::new();
    let invitation = world.invite(Expected::default()).await;
    for number in 0..20 {
        assert_eq!(refused(world.join(&request([number; 16], "nas")).await), Refusal::UnknownCode);
    }
    let waits = world.join(&request(invitation.code, "nas")).await.unwrap_err();
    assert_eq!((waits.refused, waits.wait_seconds), (Refusal::TooMany, Some(6)));
    world.clock.pass(Duration::from_secs(6));
    assert!(world.join(&request(invitation.code, "nas")).await.is_ok());
}

#[tokio::test]
async fn a_node_without_certificates_and_a_tool_show_passwords() {
    let mut world = World::new();
    let (node, password) = world.gate.add_with_password(&by(), Expected::default()).await.unwrap();
    let wish = TokenWish {
        name: "home".into(),
        scopes: [Scope::MqttHomeAssistant].into(),
        customers: Customers::All,
        days: None,
    };
    let token = world.gate.people.add_token(&by(), wish, world.clock.now()).await.unwrap();
    for _ in 0..2 {
        let ask = |user: &str, password: &str| world.gate.password(user, password.as_bytes());
        assert_eq!(ask(node.as_str(), &password.0), Some(Guest::Node(node.clone())));
        assert!(matches!(ask("home", &token.0), Some(Guest::Tool { name, .. }) if name == "home"));
        for (user, shown) in
            [("home", &password.0), (node.as_str(), &token.0), ("", &password.0), ("home", &String::new())]
        {
            assert_eq!(ask(user, shown), None, "{user}");
        }
        assert_eq!(world.gate.password("home", &[0xff; 43]), None);
        world.restart();
    }
    world.gate.retired(&node, true);
    assert_eq!(world.gate.password(node.as_str(), password.0.as_bytes()), None);
}

#[tokio::test]
async fn an_invitation_without_an_address_is_refused() {
    let world = World::new();
    world.gate.set_offer(Offer::default());
    let err = world.gate.invite(&by(), Expected::default(), world.clock.now()).await.unwrap_err();
    assert!(err.kind == Kind::Config && err.text.contains("listen_tls"), "{err}");
    let expected = Expected { node: Some("a/b".into()), ..Expected::default() };
    assert!(world.gate.invite(&by(), expected, world.clock.now()).await.is_err());
    assert_eq!(world.stored().once, []);
}

#[test]
fn keys_are_made_once_for_their_owner_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, command) = (Authority::open(folder.path()).unwrap(), CommandKey::open(folder.path()).unwrap());
    assert_eq!(Authority::open(folder.path()).unwrap().pin(), authority.pin());
    assert_eq!(CommandKey::open(folder.path()).unwrap().public_hex(), command.public_hex());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let path = |name: &str| folder.path().join(name);
    std::fs::remove_file(path("ca.pem")).unwrap();
    assert_eq!(Authority::open(folder.path()).unwrap().pin(), authority.pin(), "the certificate follows from the key");
    let damaged = |text: Option<&[u8]>, name: &str| {
        let before = std::fs::read(path(name)).unwrap();
        match text {
            Some(text) => std::fs::write(path(name), text).unwrap(),
            None => std::fs::remove_file(path(name)).unwrap(),
        }
        let err = Authority::open(folder.path()).err().or_else(|| CommandKey::open(folder.path()).err()).unwrap();
        assert!(err.kind == Kind::Damaged && err.text.contains(name), "{err}");
        std::fs::write(path(name), before).unwrap();
    };
    let other = tempfile::tempdir().unwrap();
    Authority::open(other.path()).unwrap();
    damaged(None, "ca.key");
    damaged(Some(b"x"), "ca.key");
    damaged(Some(b"x"), "ca.pem");
    damaged(Some(&std::fs::read(other.path().join("ca.pem")).unwrap()), "ca.pem");
    damaged(Some(b"x"), "command.key");
    let signed =
        Signed { node: "nas".into(), command: "stop".into(), seq: 1, expires: START, args: serde_json::Value::Null };
    let sealed = command.seal(&signed).unwrap();
    let key = atalaya_wire::unhex(&command.public_hex()).unwrap().try_into().unwrap();
    let node: NodeId = "nas".parse().unwrap();
    assert_eq!(Signed::open(&sealed, &key, &node, "stop", START, 0), Ok(signed));
}

#[test]
fn the_own_certificate_is_renewed_in_time_and_for_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path()).unwrap();
    let names: Vec<String> = ["NAS.lan", "192.168.1.20", "fd00::20"].map(str::to_owned).into();
    let (day, open) = (86_400, |names: &[String], now| Own::open(folder.path(), &authority, names, now));
    let first = open(&names, START).unwrap();
    assert_eq!((first.renewed, first.chain.len()), (Some(Reason::Missing), 2));
    assert_eq!(first.chain[1], *authority.certificate());
    for (names, now, reason) in [
        (&names[..], START, None),
        (&names[..], START + 264 * day, None),
        (&names[..], 0, None),
        (&names[..], START + 265 * day, Some(Reason::Due)),
        (&names[..], START + 266 * day, None),
        (&names[..2], START + 266 * day, Some(Reason::Names)),
    ] {
        assert_eq!(open(names, now).unwrap().renewed, reason, "{now}");
    }
    std::fs::write(folder.path().join("server.pem"), "x").unwrap();
    assert_eq!(open(&names, START).unwrap().renewed, Some(Reason::Missing));
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("server.pem"), other.path().join("server.pem")).unwrap();
    let another = Authority::open(other.path()).unwrap();
    assert_eq!(Own::open(other.path(), &another, &names, START).unwrap().renewed, Some(Reason::Foreign));
    let err = open(&["ñ".into()], START).unwrap_err();
    assert_eq!(err.kind, Kind::Config, "{err}");
    let present = Present { from: 0, until: 300, names: Vec::new(), is_ours: true };
    assert_eq!(renewal(Some(&present), &[], 250), None, "a clock that was not set decides nothing");
}
