//! `setup` with a broker that somebody else runs.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use super::program::{Ended, Program, run};
use super::setup::{Bench, PASSWORD, free, refuses};

/// Takes everybody in, and gives what each said first.
fn friendly() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut said = vec![0; 1024];
            let length = stream.read(&mut said).unwrap();
            said.truncate(length);
            // CONNACK without a session, with success and without properties (MQTT 5.0, 3.2).
            stream.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
            if tell.send(said).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

fn set_up(bench: &Bench, words: &[&str]) -> Ended {
    let own = bench.words();
    let own: Vec<&str> = own[..4].iter().map(String::as_str).collect();
    let listen = free();
    run(&[&["setup", "--reach", "machine", "--listen", &listen], &own[..], words].concat())
}

#[test]
fn a_broker_that_does_not_answer_or_takes_nobody_in_is_found_before_anything_is_made() {
    let bench = Bench::new();
    let nobody = format!("mqtt://{}", free());
    refuses(&bench, &set_up(&bench, &["--broker", &nobody]), 1, "does not take us in: Connection refused");
    let own = "listen = [\"127.0.0.1:0\"]";
    let strict = Program::start(&format!("[broker]\n{own}\nanonymous = false\n[web]\n{own}\n"));
    let url = format!("mqtt://{}", strict.mqtt);
    refuses(&bench, &set_up(&bench, &["--broker", &url]), 1, "does not take us in: Connection refused, return code");
    let as_eva = ["--broker", &url, "--broker-username", "eva", "--broker-password-file"];
    let wrong = set_up(&bench, &[&as_eva[..], &[&bench.path("password")]].concat());
    refuses(&bench, &wrong, 1, "does not take us in");
    let none = set_up(&bench, &[&as_eva[..], &["/no/such/file"]].concat());
    refuses(&bench, &none, 2, "cannot read /no/such/file");
    let clear = ["--broker", "mqtt://192.0.2.1", "--broker-username", "eva", "--broker-password-file"];
    let clear = set_up(&bench, &[&clear[..], &[&bench.path("password")]].concat());
    refuses(&bench, &clear, 2, "the password would cross the network in the clear");
}

#[test]
fn a_broker_that_takes_us_in_is_written_down_and_used() {
    let (url, heard) = friendly();
    let bench = Bench::new();
    let file = bench.path("password");
    let words = ["--broker", &url, "--broker-username", "tower", "--broker-password-file", &file];
    let done = set_up(&bench, &words);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert!(done.out.contains(&format!("nodes report  {url}")), "{}", done.out);
    let config = bench.config();
    for line in [format!("url = {url:?}"), "username = \"tower\"".into(), format!("password_file = {file:?}")] {
        assert!(config.contains(&line), "{line}: {config}");
    }
    let said = String::from_utf8_lossy(&heard.recv().unwrap()).into_owned();
    assert!(said.contains("tower") && said.contains(PASSWORD), "{said:?}");
    assert!(!config.contains(PASSWORD) && !config.contains("broker.listen"), "{config}");
    let checked = run(&["config", "check", "--config", &bench.path("etc/sidecar.toml")]);
    assert_eq!((checked.code, checked.err.as_str()), (0, ""));
}
