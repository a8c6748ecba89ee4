//! No-IP for tests, written from its pages "request" and "response": over TLS, with a certificate of a CA made on the spot,
//! it answers whatever a test wants, and keeps every byte that it was asked.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// How a connection goes on once the request is read.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Status and body, as it should be.
    Say(u16, String),
    /// These bytes, whatever they are, and the end without a farewell.
    Raw(Vec<u8>),
    /// These bytes, each a while after the other.
    Drip(Vec<u8>),
    /// Nothing, and no end either.
    Silence,
}

impl Act {
    /// As No-IP answers.
    pub(crate) fn ok(body: &str) -> Self {
        Self::Say(200, body.to_owned())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    /// In PEM, what it is to be trusted by.
    pub(crate) ca: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Answers each request as `answer` says. Its certificate is for `name`; tests connect to 127.0.0.1.
    pub(crate) fn start(name: &str, answer: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        fs::write(&path, ca.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/nic/update", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (note, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                let (note, answer) = (Arc::clone(&note), Arc::clone(&answer));
                thread::spawn(move || serve(tls, &note, &*answer));
            }
        });
        Self { url, ca: path, asked, _folder: folder }
    }

    /// Every request's head so far, byte by byte.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(tls: Tls, note: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Act) {
    let mut reader = BufReader::new(tls);
    let mut head = String::new();
    // A client that trusts somebody else ends here.
    while !head.ends_with("\r\n\r\n") {
        if !reader.read_line(&mut head).is_ok_and(|length| length > 0) {
            return;
        }
    }
    note.lock().unwrap().push(head.clone());
    let mut tls = reader.into_inner();
    match answer(&head) {
        Act::Say(status, body) => {
            let text = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = tls.write_all(text.as_bytes());
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        Act::Raw(bytes) => {
            let _ = tls.write_all(&bytes);
            let _ = tls.flush();
        }
        Act::Drip(bytes) => {
            for byte in bytes {
                thread::sleep(Duration::from_millis(50));
                if tls.write_all(&[byte]).and_then(|()| tls.flush()).is_err() {
                    return;
                }
            }
        }
        Act::Silence => thread::park(),
    }
}
