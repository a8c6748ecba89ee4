//! Turns against a service on loopback that really serves what is in the folder, and chains of all sorts.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use atalaya_certificate::{Chain, Key, Place};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use tempfile::TempDir;

use super::config::Certificate;
use super::memory::{Memory, Offers, Store, asked};
use super::probe::Certificates;
use super::turn::{NEXT, Turn};
use crate::probe::{Moment, Probe, Site};

const NAME: &str = "nas.example.com";
const DAY: i64 = 86_400;

/// A service that reads its pair for every connection, or is stuck with the one that it had.
struct Service {
    port: u16,
    stuck: Arc<AtomicBool>,
}

fn config(folder: &Path) -> Option<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(folder.join("current/chain.pem")).ok()?.flatten().collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("current/key.pem")).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Some(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).ok()?))
}

impl Service {
    fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, stuck) = (listener.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
        let is_stuck = Arc::clone(&stuck);
        thread::spawn(move || {
            let mut last = None;
            for mut stream in listener.incoming().flatten() {
                if !is_stuck.load(Ordering::Relaxed) || last.is_none() {
                    last = config(&folder);
                }
                let Some(config) = last.clone() else { continue };
                let mut tls = ServerConnection::new(config).unwrap();
                while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
                // What is under way when the other side has seen enough.
                let _ = tls.complete_io(&mut stream);
            }
        });
        Self { port, stuck }
    }
}

/// A machine with one certificate.
struct Nas {
    root: TempDir,
    certificate: Certificate,
    memory: Memory,
    now: i64,
}

impl Nas {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let certificate = Certificate {
            name: "web".into(),
            names: vec![NAME.into()],
            folder: root.path().join("web"),
            user: None,
            group: None,
            mode: None,
            reload: Vec::new(),
            served: None,
            patience: Duration::from_secs(600),
        };
        fs::create_dir(root.path().join("state")).unwrap();
        let now = jiff::Timestamp::now().as_second();
        Self { root, certificate, memory: Memory::default(), now }
    }

    fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    fn place(&self) -> Place {
        Place { folder: self.certificate.folder.clone(), user: None, group: None, mode: None }
    }

    fn turn(&mut self) {
        let store = Store::lock(&self.state()).unwrap();
        let (memory, now) = (self.memory.clone(), self.now);
        let turn = Turn { certificate: &self.certificate, store: &store, memory, now };
        self.memory = turn.take(&mut |_| Ok(()));
    }

    fn offer(&self, pem: &str) {
        Offers::new(&self.state()).put("web", pem).unwrap();
    }

    /// A chain for the key that waits, from `begins` to `ends` in days from now.
    fn signed(&self, names: &[&str], begins: i64, ends: i64) -> String {
        let key = fs::read_to_string(self.certificate.folder.join(NEXT)).unwrap();
        signed(&key, names, begins, ends)
    }

    fn current(&self) -> String {
        self.place().chain().unwrap().map(|chain| chain.fingerprint).unwrap_or_default()
    }

    /// Ordered, installed and settled.
    fn settled() -> Self {
        let mut nas = Self::new();
        nas.turn();
        nas.offer(&nas.signed(&[NAME], 0, 90));
        nas.turn();
        assert!(nas.memory.waits.is_none() && !nas.memory.installed.is_empty(), "{:?}", nas.memory);
        nas
    }
}

fn signed(key: &str, names: &[&str], begins: i64, ends: i64) -> String {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    let now = std::time::SystemTime::now();
    let day = |days: i64| {
        let off = Duration::from_secs(days.unsigned_abs() * 86_400 + 3_600);
        if days > 0 { now + off } else { now - off }
    };
    (params.not_before, params.not_after) = (day(begins).into(), day(ends).into());
    params.self_signed(&KeyPair::from_pem(key).unwrap()).unwrap().pem()
}

fn fingerprint(pem: &str) -> String {
    Chain::parse(pem).unwrap().fingerprint
}

#[test]
fn asked_for_installed_seen_served_and_another_key_for_the_next() {
    let mut nas = Nas::new();
    let service = Service::of(nas.certificate.folder.clone());
    nas.certificate.served = Some(("127.0.0.1".into(), service.port));
    nas.turn();
    let next = nas.certificate.folder.join(NEXT);
    assert_eq!(fs::metadata(&next).unwrap().permissions().mode() & 0o777, 0o600);
    let (key, request) = (fs::read_to_string(&next).unwrap(), nas.memory.request.clone());
    nas.turn();
    assert_eq!((fs::read_to_string(&next).unwrap(), &nas.memory.request), (key.clone(), &request), "made once");
    let pem = nas.signed(&[NAME], 0, 90);
    nas.offer(&pem);
    nas.turn();
    assert_eq!((nas.current(), nas.memory.installed.clone()), (fingerprint(&pem), fingerprint(&pem)));
    assert_eq!((nas.memory.waits, nas.memory.why.as_str()), (None, ""), "it was seen");
    let after = fs::read_to_string(&next).unwrap();
    assert!(after != key && nas.memory.request != request && nas.place().key().unwrap().unwrap().as_str() == key);
    let store = Store::lock(&nas.state()).unwrap();
    assert_eq!(store.offer("web").unwrap(), None);
    store.save(&[("web".to_owned(), nas.memory.clone())].into()).unwrap();
    let told = asked(&nas.state());
    assert_eq!((told.len(), told[0].installed.as_str()), (1, fingerprint(&pem).as_str()));
}

#[test]
fn chains_that_are_not_ours_are_refused_and_nothing_moves() {
    let mut nas = Nas::settled();
    let (before, other) = (nas.current(), Key::new().unwrap());
    let long = nas.signed(&[NAME], 0, 90).repeat(9);
    for (pem, why) in [
        (signed(&other.pem, &[NAME], 0, 90), "another key"),
        (nas.signed(&["bank.example"], 0, 90), "it is for bank.example"),
        (nas.signed(&[NAME, "bank.example"], 0, 90), "it is for bank.example, nas"),
        (nas.signed(&[NAME], -90, -1), "has expired"),
        ("no chain".to_owned(), "no certificate in it"),
        ("-----BEGIN CERTIFICATE-----\n!".to_owned(), "no "),
        (String::new(), "no certificate in it"),
        (long, "has 9 certificates"),
    ] {
        let request = nas.memory.request.clone();
        nas.offer(&pem);
        nas.turn();
        assert!(nas.memory.refused.contains(why), "{why}: {:?}", nas.memory);
        assert_eq!((nas.current(), &nas.memory.request), (before.clone(), &request));
        nas.turn();
        assert!(nas.memory.refused.contains(why), "it is told until another one comes");
    }
    nas.offer(&nas.signed(&[NAME], 0, 90));
    nas.turn();
    assert!(nas.memory.refused.is_empty() && nas.current() != before);
}

#[test]
fn a_chain_of_tomorrow_waits_for_the_clock() {
    let mut nas = Nas::settled();
    let pem = nas.signed(&[NAME], 2, 90);
    nas.offer(&pem);
    nas.turn();
    assert!(nas.memory.why.contains("is the clock right"), "{:?}", nas.memory);
    nas.now += 3 * DAY;
    nas.turn();
    assert_eq!((nas.current(), nas.memory.why.as_str()), (fingerprint(&pem), ""));
}

#[test]
fn what_is_not_served_goes_back_and_is_tried_again_later() {
    let mut nas = Nas::new();
    let (service, mark) = (Service::of(nas.certificate.folder.clone()), nas.root.path().join("mark"));
    nas.certificate.served = Some(("127.0.0.1".into(), service.port));
    nas.certificate.reload = ["/bin/sh", "-c", "echo x >> \"$0\"", mark.to_str().unwrap()].map(str::to_owned).to_vec();
    let reloads = || fs::read_to_string(&mark).unwrap_or_default().lines().count();
    nas.turn();
    let old = nas.signed(&[NAME], 0, 90);
    nas.offer(&old);
    nas.turn();
    assert_eq!((nas.memory.waits, reloads()), (None, 1));
    service.stuck.store(true, Ordering::Relaxed);
    let new = nas.signed(&[NAME], 0, 90);
    let key = fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap();
    nas.offer(&new);
    nas.turn();
    assert_eq!((nas.current(), reloads()), (fingerprint(&new), 2));
    assert!(nas.place().has_previous() && nas.memory.why.contains("still shows another"), "{:?}", nas.memory);
    nas.now += 601;
    nas.turn();
    assert_eq!((nas.current(), nas.memory.installed.clone(), reloads()), (fingerprint(&old), fingerprint(&old), 3));
    assert!(nas.memory.why.contains("the one before is back") && !nas.place().has_previous());
    // Nothing is lost of it: the same pair is tried again, an hour later.
    assert_eq!(fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap(), key);
    nas.offer(&new);
    nas.now += 60;
    nas.turn();
    assert_eq!((nas.current(), nas.memory.returned), (fingerprint(&old), 1));
    assert!(nas.memory.why.contains("the one before is back"), "it is told as long as it is so");
    service.stuck.store(false, Ordering::Relaxed);
    nas.now += 3_600;
    nas.turn();
    assert_eq!((nas.current(), nas.memory.waits, nas.memory.returned), (fingerprint(&new), None, 0));
    assert!(nas.memory.why.is_empty() && reloads() == 4, "{:?}", nas.memory);
}

#[test]
fn a_service_that_cannot_be_made_to_read_it_keeps_the_old_one() {
    let mut nas = Nas::settled();
    let before = nas.current();
    nas.certificate.reload = vec!["/bin/false".into()];
    nas.offer(&nas.signed(&[NAME], 0, 90));
    nas.turn();
    assert!(nas.memory.why.contains("/bin/false failed") && nas.place().has_previous(), "{:?}", nas.memory);
    nas.now += 601;
    nas.turn();
    assert_eq!(nas.current(), before);
    assert!(nas.memory.why.contains("is back: the reload command"), "{:?}", nas.memory);
}

#[test]
fn one_that_has_ended_never_comes_back() {
    let mut nas = Nas::settled();
    nas.certificate.served = Some(("127.0.0.1".into(), 1));
    let new = nas.signed(&[NAME], 0, 300);
    nas.offer(&new);
    nas.now += 80 * DAY;
    nas.turn();
    nas.now += 20 * DAY;
    nas.turn();
    assert_eq!(nas.current(), fingerprint(&new));
    assert!(nas.memory.unseen && nas.memory.why.contains("not served"), "{:?}", nas.memory);
}

#[test]
fn a_folder_that_takes_nothing_costs_nothing_and_is_told() {
    let mut nas = Nas::settled();
    let (before, new) = (nas.current(), nas.signed(&[NAME], 0, 90));
    // Somebody put a file where the pair would go.
    let pair = nas.certificate.folder.join(format!("pair-{}", &fingerprint(&new)[..32]));
    fs::write(&pair, "").unwrap();
    fs::set_permissions(&pair, fs::Permissions::from_mode(0o000)).unwrap();
    nas.offer(&new);
    nas.turn();
    assert_eq!((nas.current(), nas.memory.waits), (before, None));
    assert!(nas.memory.why.contains("cannot") && nas.memory.failed == 1, "{:?}", nas.memory);
    fs::remove_file(&pair).unwrap();
    nas.turn();
    assert_eq!((nas.current(), nas.memory.failed), (fingerprint(&new), 0));
    let mut none = Nas::new();
    none.certificate.folder = none.root.path().join("file/web");
    fs::write(none.root.path().join("file"), "").unwrap();
    none.turn();
    assert!(none.memory.why.contains("file/web") && none.memory.request.is_empty(), "{:?}", none.memory);
}

#[test]
fn an_end_at_any_moment_loses_neither_key_nor_chain() {
    let mut nas = Nas::settled();
    let service = Service::of(nas.certificate.folder.clone());
    nas.certificate.served = Some(("127.0.0.1".into(), service.port));
    let (old, new) = (nas.current(), nas.signed(&[NAME], 0, 90));
    nas.offer(&new);
    // Before the link was turned: what was remembered says that it was.
    nas.memory.waits = Some(nas.now);
    std::os::unix::fs::symlink(
        fs::read_link(nas.certificate.folder.join("current")).unwrap(),
        nas.certificate.folder.join("previous"),
    )
    .unwrap();
    nas.turn();
    assert_eq!((nas.current(), nas.memory.waits), (fingerprint(&new), None), "{:?}", nas.memory);
    // After it, with all that was remembered gone: the pair before is still there, so it waits to be seen.
    let newer = nas.signed(&[NAME], 0, 90);
    let key = fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap();
    nas.offer(&newer);
    nas.place().install(&Chain::parse(&newer).unwrap(), &key).unwrap();
    service.stuck.store(true, Ordering::Relaxed);
    nas.memory = Memory::default();
    nas.turn();
    assert!(nas.memory.waits.is_some() && nas.place().has_previous(), "{:?}", nas.memory);
    service.stuck.store(false, Ordering::Relaxed);
    nas.memory = Memory::default();
    nas.turn();
    assert_eq!((nas.current(), nas.memory.waits), (fingerprint(&newer), None));
    // After it was seen, before the key that waited was removed.
    fs::write(nas.certificate.folder.join(NEXT), &key).unwrap();
    nas.offer(&newer);
    nas.memory = Memory::default();
    nas.turn();
    assert_ne!(fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap(), key, "never one key twice");
    assert_eq!((nas.current(), nas.memory.refused.as_str()), (fingerprint(&newer), ""));
    assert_ne!(nas.current(), old);
}

#[test]
fn the_daemon_starts_nobody_while_nothing_is_to_be_done() {
    let nas = Nas::new();
    let mut probe = Certificates::new(vec![nas.certificate.clone()], nas.state());
    let site = Site::default();
    let at = |seconds: i64| Moment {
        boot: Duration::ZERO,
        wall: jiff::Timestamp::from_second(nas.now - nas.now % 3_600 + seconds).unwrap(),
    };
    let mut seen = Vec::new();
    assert_eq!(probe.changed_at(&site, at(0)), None, "nothing was ever done");
    probe.read(&site, at(0), &mut |id, sample| seen.push((id, sample))).unwrap();
    let atalaya_wire::Sample::Cert(view) = &seen[0].1 else { panic!("{seen:?}") };
    assert_eq!((seen[0].0.as_str(), view.state.as_deref()), ("own-web", Some("missing")));
    let rests = probe.changed_at(&site, at(60));
    assert!(rests.is_some() && probe.changed_at(&site, at(120)) == rests, "the same reading");
    assert_ne!(probe.changed_at(&site, at(3_600)), rests, "once an hour all the same");
    nas.offer(&nas.signed(&[NAME], -1, 90));
    assert_eq!(probe.changed_at(&site, at(120)), None, "something came");
    probe.read(&site, at(120), &mut |_, sample| seen.push((atalaya_wire::ObjectId::only(), sample))).unwrap();
    let atalaya_wire::Sample::Cert(view) = &seen[1].1 else { panic!("{seen:?}") };
    assert_eq!((view.state.as_deref(), view.problem.as_deref()), (Some("ok"), None));
    // A person looks, and nothing moves.
    let key = fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap();
    probe.only_look();
    nas.offer("other");
    probe.read(&site, at(180), &mut |_, _| {}).unwrap();
    assert_eq!(fs::read_to_string(nas.certificate.folder.join(NEXT)).unwrap(), key);
    assert!(Store::look(&nas.state()).offer("web").unwrap().is_some());
}
