//! A page for an authority, while it looks: the answers to its challenges, and nothing else.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::challenge::Challenge;
use crate::limits::{VISITOR, VISITOR_BYTES_MAX, VISITORS_MAX};

const FOLDER: &str = "/.well-known/acme-challenge/";
const NOTHING: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Open until it is dropped.
pub(crate) struct Listener {
    accepts: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn open(address: SocketAddr, challenges: &[Challenge]) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let pages: Arc<[Challenge]> = challenges.into();
        Ok(Self { accepts: tokio::spawn(accept(listener, pages)) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

async fn accept(listener: TcpListener, pages: Arc<[Challenge]>) {
    let room = Arc::new(Semaphore::new(VISITORS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, mostly: it passes, and the authority asks again.
            tokio::time::sleep(VISITOR).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let pages = Arc::clone(&pages);
        tokio::spawn(async move {
            let _ = timeout(VISITOR, answer(stream, &pages)).await;
            drop(place);
        });
    }
}

async fn answer(mut stream: TcpStream, pages: &[Challenge]) -> io::Result<()> {
    let mut asked = Vec::new();
    let mut block = [0; 1024];
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut block).await?;
        asked.extend_from_slice(block.get(..read).unwrap_or_default());
        if read == 0 || asked.len() > VISITOR_BYTES_MAX {
            return Ok(());
        }
    }
    stream.write_all(page(&asked, pages).as_bytes()).await?;
    stream.shutdown().await
}

fn page(asked: &[u8], pages: &[Challenge]) -> String {
    let text = String::from_utf8_lossy(asked);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let token = match (words.next(), words.next()) {
        (Some("GET"), Some(path)) => path.strip_prefix(FOLDER),
        _ => None,
    };
    let Some(found) = token.and_then(|token| pages.iter().find(|one| one.token == token)) else {
        return NOTHING.to_owned();
    };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        found.answer.len(),
        found.answer
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge() -> Challenge {
        Challenge { name: "a.example".into(), token: "tok".into(), answer: "tok.thumb".into(), value: "v".into() }
    }

    #[test]
    fn there_is_one_page() {
        let pages = [challenge()];
        let asked = |line: &str| page(format!("{line}\r\nHost: a\r\n\r\n").as_bytes(), &pages);
        assert!(asked("GET /.well-known/acme-challenge/tok HTTP/1.1").ends_with("\r\n\r\ntok.thumb"));
        for other in [
            "GET / HTTP/1.1",
            "POST /.well-known/acme-challenge/tok HTTP/1.1",
            "GET /.well-known/acme-challenge/ HTTP/1.1",
            "GET /.well-known/acme-challenge/to HTTP/1.1",
            "GET /.well-known/acme-challenge/tok/../tok HTTP/1.1",
            "GET /.well-known/acme-challenge/../../etc/passwd HTTP/1.1",
            "GET",
            "",
        ] {
            assert_eq!(asked(other), NOTHING, "{other}");
        }
    }

    #[tokio::test]
    async fn it_answers_and_is_gone_when_dropped() {
        let probe = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = probe.local_addr().unwrap();
        drop(probe);
        let listener = Listener::open(address, &[challenge()]).await.unwrap();
        // One that says nothing holds up nobody, and one that never stops is cut off.
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut endless = TcpStream::connect(address).await.unwrap();
        let _ = endless.write_all(&vec![b'x'; 64 << 10]).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /.well-known/acme-challenge/tok HTTP/1.1\r\n\r\n").await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("tok.thumb"), "{text}");
        drop(listener);
        tokio::task::yield_now().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
