//! Signs of life, as somebody outside gets them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::http::{Sidecar, code};

/// A listener that answers everybody; each request comes out at the other end.
fn listener() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping/1234", listener.local_addr().unwrap());
    let (send, heard) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap_or(0);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            if send.send(String::from_utf8_lossy(&request[..length]).into_owned()).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

#[test]
fn somebody_outside_hears_of_it_while_it_works_and_no_longer() {
    let (url, heard) = listener();
    let sidecar = Sidecar::with(&format!("[beat]\nurl = \"{url}\"\ninterval = \"10s\"\n"));
    let first = heard.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(first.starts_with("GET /ping/1234 HTTP/1.1"), "{first}");
    assert_eq!(code(&sidecar.get("/health", &[])), 200);
    // Somebody else has the database, so nothing can be written.
    let other = rusqlite::Connection::open(sidecar.folder.path().join("sidecar.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(sidecar.write_something().is_err());
    assert_eq!(code(&sidecar.get("/health", &[])), 503);
    while heard.try_recv().is_ok() {}
    assert!(heard.recv_timeout(Duration::from_secs(12)).is_err(), "a sign of life of something that cannot work");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(heard.recv_timeout(Duration::from_secs(30)).is_ok(), "it works again, and nobody hears");
}
