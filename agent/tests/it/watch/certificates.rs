//! A certificate that a sidecar orders: the daemon, its broker, and chains that come in commands, good ones and others.

use std::fs;
use std::path::{Path, PathBuf};

use atalaya_wire::Hex;
use atalaya_wire::command::Signed;
use atalaya_wire::event::{Event, Requested};
use atalaya_wire::message::Message;
use rcgen::{CertificateParams, KeyPair};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::until;

/// Who may give commands, and how far their numbers are.
struct Tower {
    way: Way,
    key: Ed25519KeyPair,
    seq: u64,
}

impl Tower {
    fn new(way: &Way, seed: u8) -> Self {
        Self { way: way.clone(), key: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap(), seq: 0 }
    }

    fn public(&self) -> String {
        Hex(self.key.public_key().as_ref()).to_string()
    }

    fn send(&mut self, certificate: &str, chain: &str) {
        self.seq += 1;
        let command = Signed {
            node: NODE.into(),
            command: "certificate".into(),
            seq: self.seq,
            expires: jiff::Timestamp::now().as_second() + 300,
            args: serde_json::json!({ "certificate": certificate, "chain": chain }),
        };
        let sealed = command.seal(|bytes| self.key.sign(bytes).as_ref().try_into().unwrap()).unwrap();
        self.way.say(&format!("atalaya/{NODE}/cmd/certificate"), &sealed, false);
    }
}

/// A chain for this key, as an authority would sign it.
fn chain(key: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).unwrap().self_signed(&KeyPair::from_pem(key).unwrap()).unwrap().pem()
}

/// What was asked for, in order: each request, and what was installed then.
fn asked(ear: &Ear) -> Vec<Requested> {
    let mut out: Vec<Requested> = Vec::new();
    for said in ear.on("/record") {
        let message = Message::parse(&said.payload).unwrap();
        let parts = message.parts().filter(|part| part.kind == Requested::KIND && part.id.as_str() == "web");
        let read = parts.map(|part| postcard::from_bytes(part.body).unwrap());
        out.extend(read);
        out.dedup();
    }
    out
}

fn results(ear: &Ear, words: &str) -> usize {
    ear.on("/cmd/certificate/result").iter().filter(|said| said.text().contains(words)).count()
}

fn view(ear: &Ear, words: &str) -> bool {
    ear.on("/cert/own-web").last().is_some_and(|said| said.text().contains(words))
}

struct Stand {
    _broker: Broker,
    ear: Ear,
    tower: Tower,
    nas: Nas,
    pair: PathBuf,
}

fn stand(folder: &Path) -> Stand {
    let broker = Broker::open(folder);
    let way = Way::new(broker.port, &[]);
    let ear = Ear::new(&way, &["atalaya/#"]);
    let (tower, pair) = (Tower::new(&way, 7), folder.join("pair"));
    let config = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\n[sidecar]\nkey = \"{}\"\n\
         [[certificate]]\nname = \"web\"\nnames = [\"nas.example.com\"]\nfolder = {pair:?}\n",
        broker.port,
        tower.public()
    );
    let mut nas = Nas::new(folder, "nas", 1, &config);
    nas.start();
    until(|| nas.log(), || asked(&ear).len() == 1 && view(&ear, "\"missing\""));
    Stand { _broker: broker, ear, tower, nas, pair }
}

#[test]
fn a_chain_that_comes_in_a_command_is_installed_and_the_next_key_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut stand = stand(folder.path());
    let key = fs::read_to_string(stand.pair.join("next.pem")).unwrap();
    // Nobody else gives such commands, and nothing else comes into that place.
    let mut other = Tower::new(&stand.tower.way, 8);
    other.send("web", &chain(&key, &["nas.example.com"]));
    until(|| stand.nas.log(), || results(&stand.ear, "not that of the configured sidecar") == 1);
    stand.tower.send("../../web", &chain(&key, &["nas.example.com"]));
    until(|| stand.nas.log(), || results(&stand.ear, "no such thing here") == 1);
    stand.tower.send("web", &"x".repeat(17 << 10));
    until(|| stand.nas.log(), || results(&stand.ear, "lack a certificate or its chain") == 1);
    stand.tower.send("web", &chain(&KeyPair::generate().unwrap().serialize_pem(), &["nas.example.com"]));
    until(|| stand.nas.log(), || view(&stand.ear, "another key"));
    stand.tower.send("web", &chain(&key, &["nas.example.com", "bank.example"]));
    until(|| stand.nas.log(), || view(&stand.ear, "bank.example"));
    assert!(!stand.pair.join("current").exists() && asked(&stand.ear).len() == 1);

    stand.tower.send("web", &chain(&key, &["nas.example.com"]));
    until(|| stand.nas.log(), || view(&stand.ear, "\"ok\"") && asked(&stand.ear).len() == 2);
    assert_eq!(fs::read_to_string(stand.pair.join("current/key.pem")).unwrap(), key);
    let last = asked(&stand.ear).pop().unwrap();
    assert_eq!(last.installed.len(), 64);
    assert!(!stand.nas.log().contains("PRIVATE KEY"));
    let secret = key.lines().nth(1).unwrap();
    assert!(stand.ear.all().iter().all(|said| !said.text().contains(secret)), "a key went out");
}

#[test]
fn a_kill_after_the_command_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut stand = stand(folder.path());
    let key = fs::read_to_string(stand.pair.join("next.pem")).unwrap();
    let pem = chain(&key, &["nas.example.com"]);
    stand.tower.send("web", &pem);
    until(|| stand.nas.log(), || results(&stand.ear, "\"done\"") == 1);
    stand.nas.kill();
    stand.nas.start();
    until(|| stand.nas.log(), || stand.pair.join("current/chain.pem").exists() && view(&stand.ear, "\"ok\""));
    assert_eq!(fs::read_to_string(stand.pair.join("current/chain.pem")).unwrap(), pem);
    // What is known is told again after a start, and is the same.
    until(|| stand.nas.log(), || asked(&stand.ear).last().is_some_and(|last| last.installed.len() == 64));
}
