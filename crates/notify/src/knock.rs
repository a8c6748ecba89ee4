//! A sign of life for somebody outside: an address is asked for, and what it answers does not matter beyond that it does.

use atalaya_alert::Wall;

use crate::address::Address;
use crate::http;

/// Asks for it, once. Blocks, 30 seconds at most.
///
/// # Errors
///
/// Why it did not get through, in a line without the address's path, which may hold a secret.
pub fn knock(at: &Address) -> Result<(), String> {
    let answer = http::get(at, Wall(0)).map_err(|outcome| outcome.text().to_owned())?;
    match answer.status {
        200..=299 => Ok(()),
        status => Err(format!("{at} answers with status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn answered(status: &'static str) -> (Result<(), String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}/ping/secret", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        (knock(&at.parse().unwrap()), server.join().unwrap())
    }

    #[test]
    fn an_address_is_asked_for_and_a_refusal_is_told_without_its_secret() {
        let (went, request) = answered("200 OK");
        assert_eq!(went, Ok(()));
        assert!(request.starts_with("GET /ping/secret HTTP/1.1\r\n"), "{request}");
        let (went, _) = answered("404 Not Found");
        let why = went.unwrap_err();
        assert!(why.contains("status 404") && !why.contains("secret"), "{why}");
    }
}
