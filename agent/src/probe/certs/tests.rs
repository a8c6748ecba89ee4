//! One certificate, for 90 days from 2026-11-21, in every form and at every age.

use super::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/probe/certs");

fn read_at(config: &str, now: &str) -> view::Cert {
    let at = Moment { boot: Duration::ZERO, wall: now.parse().unwrap() };
    let mut seen = None;
    let out = &mut |_, sample| {
        let Sample::Cert(view) = sample else { panic!("{sample:?}") };
        seen = Some(view);
    };
    let mut probe = Certs::new(toml::from_str(&format!("cert = [{{ {config} }}]")).unwrap());
    probe.read(&Site::below(Path::new(FIXTURES)), at, out).unwrap();
    seen.unwrap()
}

const FRESH: &str = "2026-12-01T00:00:00Z";

#[test]
fn every_age_has_its_state() {
    for (now, hosts, state, percent) in [
        (FRESH, "", "ok", 89.6),
        ("2026-11-20T00:00:00Z", "", "not_yet_valid", 100.0),
        ("2027-02-10T00:00:00Z", "", "expiring", 10.7),
        ("2027-02-20T00:00:00Z", "", "expired", 0.0),
        (FRESH, "'nas.example', 'a.home.example', '192.0.2.7'", "ok", 89.6),
        (FRESH, "'NAS.Example.'", "ok", 89.6),
        (FRESH, "'other.example'", "wrong_name", 89.6),
        (FRESH, "'a.b.home.example'", "wrong_name", 89.6),
        (FRESH, "'home.example'", "wrong_name", 89.6),
        (FRESH, "'192.0.2.8'", "wrong_name", 89.6),
    ] {
        let view = read_at(&format!("file = '/nas.pem', hosts = [{hosts}]"), now);
        assert_eq!(view.state.as_deref(), Some(state), "{now} {hosts}");
        assert!((view.left_percent.unwrap() - percent).abs() < 0.1, "{now} {:?}", view.left_percent);
        assert_eq!(view.problem.is_none(), state == "ok");
    }
}

#[test]
fn every_form_is_read() {
    let pem = read_at("file = '/nas.pem'", FRESH);
    assert_eq!(pem.expires_at.as_deref(), Some("2027-02-19T15:53:35Z"));
    assert!(pem.fingerprint.as_ref().unwrap().starts_with("a07338263c60c01d"));
    assert!(pem.subject.as_ref().unwrap().contains("CN=nas.example"));
    for file in ["nas.der", "bundle.pem"] {
        assert_eq!(read_at(&format!("file = '/{file}'"), FRESH).fingerprint, pem.fingerprint, "{file}");
    }
    for (config, problem) in [
        ("file = '/nowhere.pem'", "No such file"),
        ("file = '/key.pem'", "no certificate in it"),
        ("file = '/'", "is no file"),
    ] {
        let view = read_at(config, FRESH);
        assert_eq!(view.state.as_deref(), Some("unreadable"));
        assert!(view.problem.as_ref().unwrap().contains(problem), "{config}: {:?}", view.problem);
    }
}

#[test]
fn what_names_no_certificate_is_refused() {
    for (entry, why) in [
        ("name = 'x'", "either a file or an address"),
        ("file = '/nas.pem', address = 'x'", "either a file or an address"),
        ("file = 'nas.pem'", "no absolute path"),
        ("address = 'x:y'", "no host:port"),
        ("file = '/a' }, { file = '/a'", "one before it is called \"/a\""),
    ] {
        let read = toml::from_str::<CertsConfig>(&format!("cert = [{{ {entry} }}]"));
        assert!(read.unwrap_err().message().contains(why), "{entry}");
    }
}

#[test]
fn damaged_certificates_never_panic() {
    let good = std::fs::read(format!("{FIXTURES}/nas.der")).unwrap();
    for at in 0..good.len() {
        assert!(parse::der(&good[..at]).is_err());
        for bit in [1, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            let _ = parse::der(&bad);
            let _ = parse::first(&bad);
        }
    }
}

/// Serves each connection with `serve`.
fn port(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address.to_string()
}

#[test]
fn a_port_shows_its_certificate() {
    let cert = CertificateDer::from_pem_file(format!("{FIXTURES}/nas.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{FIXTURES}/key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![cert], key).unwrap());
    let address = port(move |mut stream| {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = tls.complete_io(&mut stream);
    });
    let view = read_at(&format!("address = '{address}', hosts = ['nas.example']"), FRESH);
    assert_eq!((view.state.as_deref(), view.source.as_deref()), (Some("ok"), Some(address.as_str())), "{view:?}");
    assert!(view.fingerprint.unwrap().starts_with("a07338263c60c01d"));
    assert_eq!(read_at(&format!("address = '{address}'"), FRESH).state.as_deref(), Some("wrong_name"));
}

#[test]
fn silent_ports_keep_nobody_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let ports = (0..9).map(|at| format!("{{ name = 'p{at}', address = '{address}' }}"));
    let certs: Vec<_> = ports.chain(["{ file = '/nas.pem' }".to_owned()]).collect();
    let mut probe = Certs::new(toml::from_str(&format!("cert = [{}]", certs.join(", "))).unwrap());
    (probe.wait, probe.wait_all) = (Duration::from_secs(1), Duration::from_millis(1500));
    let at = Moment { boot: Duration::ZERO, wall: FRESH.parse().unwrap() };
    let mut seen = Vec::new();
    let started = std::time::Instant::now();
    let out = &mut |_, sample| {
        let Sample::Cert(view) = sample else { panic!("{sample:?}") };
        seen.push((started.elapsed(), view));
    };
    probe.read(&Site::below(Path::new(FIXTURES)), at, out).unwrap();
    assert_eq!(seen.len(), 10);
    assert_eq!(seen[0].1.state.as_deref(), Some("ok"), "a file is told first");
    assert!(seen[0].0 < Duration::from_secs(1) && seen[9].0 < Duration::from_secs(4));
    let said = |part: &'static str| {
        seen.iter().filter(move |(_, view)| view.problem.as_ref().is_some_and(|p| p.contains(part)))
    };
    assert_eq!((said("no answer in time").count(), said("not asked").count()), (4, 5));
    assert!(said("not asked").all(|(_, view)| view.state.is_none()), "nobody knows");
}

#[test]
fn ports_without_tls_are_told() {
    let shown = |address: &str| {
        let (host, number) = split(address, None).unwrap();
        at_port(&host, number, "nas.example", Deadline::after(Duration::from_millis(700))).unwrap_err()
    };
    let garbage = port(|mut stream| drop(stream.write_all(&[b'x'; 1 << 16])));
    assert!(shown(&garbage).contains("no TLS"));
    let gone = port(drop);
    assert!(shown(&gone).contains("no TLS"));
    let silent = port(|stream| {
        thread::sleep(Duration::from_secs(3));
        drop(stream);
    });
    assert!(shown(&silent).contains("no answer in time"));
    let slow = port(|mut stream| {
        for byte in [22, 3, 3, 0x40, 0, 2, 0, 0x3f] {
            let _ = stream.write_all(&[byte]);
            thread::sleep(Duration::from_millis(200));
        }
    });
    assert!(shown(&slow).contains("no answer in time"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(shown(&closed.to_string()).contains("cannot reach"));
}
