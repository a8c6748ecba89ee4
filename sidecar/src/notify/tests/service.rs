//! A stand-in for a service that takes webhooks: it keeps the ids that it was sent, and answers as it is told to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// What was sent.
struct Asked {
    path: String,
    id: String,
    body: serde_json::Value,
}

/// It takes a request and says nothing.
pub(crate) const SILENT: u16 = 0;

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    status: Arc<AtomicU16>,
}

impl Service {
    pub(crate) fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let service = Self { url, asked: Arc::default(), status: Arc::new(AtomicU16::new(status)) };
        let own = service.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        service
    }

    /// The same one, at another path.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self { url: format!("{}{path}", self.url), ..self.clone() }
    }

    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Ids in the order in which they came.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|one| one.id.clone()).collect()
    }

    /// The same with the paths at which they came.
    pub(crate) fn paths_and_ids(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().iter().map(|one| (one.path.clone(), one.id.clone())).collect()
    }

    /// What was said.
    pub(crate) fn bodies(&self) -> Vec<serde_json::Value> {
        self.asked.lock().unwrap().iter().map(|one| one.body.clone()).collect()
    }

    /// Who asks may be killed at any moment: then there is nothing to answer.
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (mut bytes, mut some) = (Vec::new(), [0; 4096]);
        let (head, body) = loop {
            let read = stream.read(&mut some).ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&some[..read]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length: usize = header(&head, "content-length")?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                break (head, bytes[end + 4..].to_vec());
            }
        };
        let id = header(&head, "atalaya-id")?.to_owned();
        let path = head.split(' ').nth(1)?.to_owned();
        self.asked.lock().unwrap().push(Asked { path, id, body: serde_json::from_slice(&body).unwrap() });
        match self.status.load(Ordering::SeqCst) {
            SILENT => _ = stream.read(&mut some),
            status => {
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\nConnection: close\r\n\r\nheard");
                stream.write_all(answer.as_bytes()).ok()?;
            }
        }
        Some(())
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
