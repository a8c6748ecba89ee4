//! Hardware that goes while the agent looks, with a `upsd` that can be switched off.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::Nas;
use super::{let_pass, until};

/// Answers until it is dropped; those that come while it is `deaf` are hung up on.
struct Upsd {
    port: u16,
    deaf: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Upsd {
    fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (deaf, ends) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let flags = (Arc::clone(&deaf), Arc::clone(&ends));
        let thread = thread::spawn(move || {
            while !flags.1.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) if !flags.0.load(Ordering::Relaxed) => answer(&stream),
                    Err(err) if err.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(20)),
                    _ => (),
                }
            }
        });
        Self { port, deaf, ends, thread: Some(thread) }
    }
}

impl Drop for Upsd {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn answer(mut stream: &TcpStream) {
    stream.set_nonblocking(false).unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let told = match line.as_str() {
            "LIST UPS" => "BEGIN LIST UPS\nUPS eaton \"\"\nEND LIST UPS\n",
            "LIST VAR eaton" => "BEGIN LIST VAR eaton\nVAR eaton ups.status \"OL\"\nEND LIST VAR eaton\n",
            _ => return,
        };
        let _ = stream.write_all(told.as_bytes());
    }
}

#[test]
fn a_ups_whose_server_dies_is_silent_and_one_that_is_dismissed_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#"]);
    let upsd = Upsd::at(0);
    let port = upsd.port;
    let config =
        format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\n[probes.ups]\naddress = \"127.0.0.1:{port}\"\n", broker.port);
    let mut nas = Nas::new(folder.path(), "nas", 20, &config);
    nas.start();
    let told = || ear.on("/ups/eaton");
    let last = |word: &str| told().last().is_some_and(|said| said.text().contains(word));
    until(|| nas.log(), || last("\"online\""));
    // It is there, and says nothing.
    upsd.deaf.store(true, Ordering::Relaxed);
    until(|| nas.log(), || last("\"silent\""));
    let count = told().len();
    let_pass(Duration::from_secs(4));
    assert_eq!(told().len(), count, "once, not at each reading");
    upsd.deaf.store(false, Ordering::Relaxed);
    until(|| nas.log(), || last("\"online\""));
    // It is not there any more, also for an agent that begins anew.
    drop(upsd);
    until(|| nas.log(), || last("\"silent\""));
    nas.stop();
    let count = told().len();
    nas.start();
    until(|| nas.log(), || told().len() > count && last("\"silent\""));
    nas.command(r#"{"dismiss":"ups/eaton"}"#);
    until(|| nas.log(), || told().last().is_some_and(|said| said.payload.is_empty()));
    let count = told().len();
    let_pass(Duration::from_secs(4));
    assert_eq!(told().len(), count, "for good");
    let _upsd = Upsd::at(port);
    until(|| nas.log(), || last("\"online\""));
    assert_eq!(nas.stop(), Some(0));
}
