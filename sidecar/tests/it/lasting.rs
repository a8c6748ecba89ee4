//! What goes on by itself, for as long as the program runs: certificates, signs of life, what automations are told.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use atalaya_sidecar::certificates;
use atalaya_sidecar::clock::{Simulated, System};
use atalaya_sidecar::tower::Word;
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::http::{Sidecar, code};

const PATIENCE: Duration = Duration::from_secs(30);

/// The certificate that the broker shows to who connects now.
fn shown(sidecar: &Sidecar) -> Vec<u8> {
    let (addresses, _) = sidecar.shared().doorman.looks().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(sidecar.shared().identity.gate.authority().certificate().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(addresses.tls[0]).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut socket).unwrap();
    }
    tls.peer_certificates().unwrap()[0].to_vec()
}

#[test]
fn the_brokers_certificate_is_renewed_though_that_of_the_pages_cannot_be_read() {
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("both.pem");
    let listen = "listen = [\"127.0.0.1:0\"]\nlisten_tls = [\"127.0.0.1:0\"]\n";
    let pages = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&file, pages.signing_key.serialize_pem() + &pages.cert.pem()).unwrap();
    let config = format!("[broker]\n{listen}[web]\n{listen}cert_file = {file:?}\nkey_file = {file:?}\n");
    let sidecar = Sidecar::begin(&config, Arc::new(System::default()));
    let first = shown(&sidecar);
    assert_eq!(shown(&sidecar), first);
    std::fs::write(&file, "half a file").unwrap();
    // What is not there is made anew, as what is due.
    std::fs::remove_file(sidecar.folder.path().join("server.pem")).unwrap();
    sidecar.wait(certificates::look(sidecar.shared()));
    assert_ne!(shown(&sidecar), first);
}

#[test]
fn a_tower_that_hangs_is_told_wherever_people_and_programs_look() {
    let clock = Arc::new(Simulated::at(1_800_000_000));
    let config = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n";
    let sidecar = Sidecar::begin(config, Arc::clone(&clock) as Arc<_>);
    assert_eq!(code(&sidecar.get("/health", &[])), 200);
    // Goes round no more.
    sidecar.shared().tower.send(Word::Stop).unwrap();
    let until = Instant::now() + PATIENCE;
    while code(&sidecar.get("/health", &[])) == 200 {
        assert!(Instant::now() < until, "nobody is told");
        clock.pass(Duration::from_secs(31));
        std::thread::sleep(Duration::from_millis(1500));
    }
    let health = sidecar.get("/health", &[]);
    assert!(code(&health) == 503 && health.contains("the tower has done nothing for 30 seconds"), "{health}");
    let problems = atalaya_sidecar::status::of(sidecar.shared()).problems;
    assert!(problems.iter().any(|problem| problem.contains("the tower has done nothing")), "{problems:?}");
    assert!(sidecar.get("/", &[]).contains("The tower hangs"));
}

/// Everything below `_sidecar` and all discovery, from now on: a topic and what is said there.
fn hears(sidecar: &Sidecar) -> Receiver<(String, Vec<u8>)> {
    let (addresses, _) = sidecar.shared().doorman.looks().unwrap();
    let options = MqttOptions::new("listener", ("127.0.0.1", addresses.plain[0].port()));
    let (client, mut events) = Client::builder(options).capacity(8).build();
    for filter in ["atalaya/_sidecar/#", "homeassistant/#"] {
        client.subscribe(filter, QoS::AtLeastOnce).unwrap();
    }
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let _connected = client;
        for event in events.iter().map_while(Result::ok) {
            if let Event::Incoming(Packet::Publish(publish)) = event {
                let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                if tell.send((topic, publish.payload.to_vec())).is_err() {
                    return;
                }
            }
        }
    });
    heard
}

#[test]
fn a_reload_forgets_nothing_of_what_was_told() {
    let beat = "[beat]\ninterval = \"10s\"\n";
    let mut sidecar = Sidecar::with(beat);
    let heard = hears(&sidecar);
    sidecar.add_node("nas", "");
    let next = |part: &str| loop {
        let (topic, said) = heard.recv_timeout(PATIENCE).unwrap();
        assert!(!(part == "_sidecar/beat" && topic.contains("nas")), "{topic} is told again");
        if topic.contains(part) {
            return serde_json::from_slice::<serde_json::Value>(&said).unwrap();
        }
    };
    next("homeassistant/device/atalaya_nas_tower");
    next("_sidecar/node/nas");
    for _ in 0..3 {
        sidecar.reload(beat).unwrap();
    }
    // The first one was at the start.
    assert_eq!(next("_sidecar/beat")["seq"], 2);
}

#[test]
fn a_broker_that_is_connected_to_again_is_told_again_how_the_sidecar_is() {
    let sidecar = Sidecar::start();
    let heard = hears(&sidecar);
    let health = || while heard.recv_timeout(PATIENCE).unwrap().0 != "atalaya/_sidecar/health" {};
    health();
    sidecar.shared().tower.send(Word::Up).unwrap();
    health();
}

#[test]
fn a_configuration_that_the_tower_does_not_take_changes_nothing() {
    let mut sidecar = Sidecar::start();
    let proxied = "proxies = [\"127.0.0.1\"]\n";
    sidecar.reload(proxied).unwrap();
    let taken = sidecar.shared().config.web.proxies.clone();
    assert!(!taken.is_empty());
    sidecar.shared().tower.send(Word::Stop).unwrap();
    while sidecar.shared().tower.send(Word::Up).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let why = sidecar.reload("").unwrap_err();
    assert!(why.contains("takes nothing in"), "{why}");
    assert_eq!(sidecar.shared().config.web.proxies, taken);
}
