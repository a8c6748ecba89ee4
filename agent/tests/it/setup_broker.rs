//! `setup --broker`: a broker is tried before it stands in the configuration.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use super::cli::{Bench, Ran};

/// A broker that answers who connects with `reply`, and says where it is and what it was told.
fn broker(reply: &'static [u8]) -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let told = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 1_024];
        let length = stream.read(&mut heard).unwrap();
        heard.truncate(length);
        stream.write_all(reply).unwrap();
        // Until it leaves.
        let _ = stream.read_to_end(&mut Vec::new());
        heard
    });
    (url, told)
}

/// CONNACK of MQTT 5: no session, success, no properties; and one with "not authorized".
const WELCOME: &[u8] = &[0x20, 3, 0, 0, 0];
const NOT_YOU: &[u8] = &[0x20, 3, 0, 0x87, 0];
/// Long enough to be a packet of the length that its second byte would say.
const STRANGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis is no broker, and nothing for you.";

fn set_up(bench: &Bench, more: &[&str]) -> Ran {
    let config = bench.path("etc/agent.toml").display().to_string();
    bench.run([&["setup", "--config", &config][..], more].concat())
}

#[test]
fn a_broker_that_lets_us_in_stands_in_the_configuration() {
    let bench = Bench::empty();
    fs::write(bench.path("password"), "open sesame\n").unwrap();
    let (url, told) = broker(WELCOME);
    let done = set_up(&bench, &["--broker", &url, "--broker-user", "nas", "--broker-password-file", "password"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("let us in"), "{done:?}");
    let told = told.join().unwrap();
    assert!(told.windows(11).any(|part| part == b"open sesame"), "the account was not shown");
    let text = fs::read_to_string(bench.path("etc/agent.toml")).unwrap();
    let password = bench.path("password").display().to_string();
    for line in [format!("url = \"{url}\""), "username = \"nas\"".into(), format!("password_file = \"{password}\"")] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
    assert!(!text.contains("open sesame"));
}

#[test]
fn a_broker_that_cannot_be_used_stands_nowhere() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (refusing, _told) = broker(NOT_YOU);
    let (strange, _told) = broker(STRANGE);
    let cases = [
        (format!("mqtt://{nobody}"), "no connection"),
        (refusing, "refuses this name or password"),
        (strange, "does not speak MQTT 5"),
        ("http://localhost".to_owned(), "mqtt"),
    ];
    for (url, why) in cases {
        let bench = Bench::empty();
        let ran = set_up(&bench, &["--broker", &url]);
        assert!(ran.code != 0 && ran.err.contains(why) && ran.err.lines().count() == 1, "{url}: {ran:?}");
        assert!(!bench.path("etc/agent.toml").exists(), "{url}");
    }
}
