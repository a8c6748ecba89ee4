//! Ports that do not speak MQTT, and lines that are dead without saying so.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::Nas;
use super::until;

fn broker_at(port: u16) -> String {
    format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n")
}

/// A port where everybody is told `words`, and then nothing.
fn says(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(words);
            held.push(stream);
        }
    });
    port
}

/// The agent tells what is wrong, in one line however often it tries, and goes on with the rest.
#[track_caller]
fn diagnosed(words: &'static [u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 60, &broker_at(says(words)));
    nas.start();
    until(|| nas.status(), || nas.problem().contains(expected));
    until(|| nas.status(), || nas.status()["frames_waiting"].as_u64() > Some(3));
    assert_eq!(nas.log_count("not connected"), 1, "{}", nas.log());
    assert_eq!(nas.stop(), Some(0));
}

#[test]
fn a_web_server_is_no_broker() {
    diagnosed(
        b"HTTP/1.1 400 Bad Request\r\nServer: example\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\r\n\
          <html>What was that?</html>   ",
        "does not speak MQTT",
    );
}

#[test]
fn somebody_who_says_nothing_is_no_broker() {
    diagnosed(b"", "does not answer");
}

/// A proxy between agent and broker. Lines that were opened up to number `dead` swallow everything.
struct Proxy {
    port: u16,
    opened: Arc<AtomicU64>,
    dead: Arc<AtomicU64>,
}

impl Proxy {
    fn new(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (opened, dead) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (count, limit) = (Arc::clone(&opened), Arc::clone(&dead));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let far = TcpStream::connect(("127.0.0.1", to)).unwrap();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to, limit) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&limit));
                    thread::spawn(move || pass_on(from, to, number, &limit));
                }
            }
        });
        Self { port, opened, dead }
    }

    fn swallow(&self) {
        self.dead.store(self.opened.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, number: u64, dead: &AtomicU64) {
    let mut room = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut room) {
        if number > dead.load(Ordering::SeqCst) && to.write_all(&room[..count]).is_err() {
            break;
        }
    }
    // A dead line does not even tell that it ended.
    if number > dead.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Both);
    }
}

#[test]
fn a_line_that_is_dead_is_noticed_and_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let proxy = Proxy::new(broker.port);
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/+/status"]);
    // Half a minute, after which it asks whether anybody is there, is a second.
    let mut nas = Nas::new(folder.path(), "nas", 30, &broker_at(proxy.port));
    nas.start();
    until(|| nas.log(), || ear.all().iter().filter(|said| said.text() == "online").count() == 1);
    proxy.swallow();
    until(|| nas.log(), || proxy.opened.load(Ordering::SeqCst) >= 2 && nas.connected());
    until(|| nas.log(), || ear.all().iter().filter(|said| said.text() == "online").count() >= 2);
    assert!(nas.log().contains("the broker is silent"), "{}", nas.log());
}
