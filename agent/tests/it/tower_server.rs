//! A tower as far as a node that joins sees one: over TLS, with an authority made on the spot, honest or not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use atalaya_wire::join::{Host, Invitation, KEY_BYTES, Refusal, Refused, Request, Response, sha256};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// How a tower is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// As it should be.
    Right,
    /// It says this.
    Says(Refused),
    /// It hangs up once it has heard what is wanted.
    Cuts,
    /// It answers without an end.
    Floods,
    /// It answers with this.
    Babbles(u16, &'static str),
    /// It is another one.
    Another,
    /// It is another one that shows the right authority's certificate, which anybody can have.
    Pretends,
    /// Its certificate is for another name.
    Elsewhere,
    /// It gives a certificate for another node.
    Confuses,
}

pub(crate) struct Tower {
    port: u16,
    pin: [u8; 32],
    heard: Arc<Mutex<Vec<Request>>>,
}

pub(crate) const COMMAND_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

impl Tower {
    pub(crate) fn start(nature: Nature) -> Self {
        let (true_one, another) = (Arc::new(authority()), authority());
        let signer = if matches!(nature, Nature::Another | Nature::Pretends) { &another } else { &*true_one };
        let shown = if nature == Nature::Another { &another } else { &*true_one };
        let key = KeyPair::generate().unwrap();
        let name = if nature == Nature::Elsewhere { "elsewhere" } else { "127.0.0.1" };
        let cert = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, signer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let chain = vec![cert.der().clone(), shown.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, pin) = (Arc::new(Mutex::new(Vec::new())), sha256(&true_one.key().subject_public_key_info()));
        let note = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                serve(tls, &nature, &true_one, &note);
            }
        });
        Self { port, pin, heard }
    }

    pub(crate) fn host(&self) -> Host {
        Host { name: "127.0.0.1".into(), broker: 8883, web: self.port }
    }

    /// A string with these addresses in front.
    pub(crate) fn string(&self, before: &[Host]) -> String {
        let hosts = [before, &[self.host()]].concat();
        Invitation { hosts, ca: self.pin, code: [7; 16] }.seal().unwrap()
    }

    pub(crate) fn heard(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// One request and its answer, or whatever comes of it.
fn serve(
    mut tls: StreamOwned<ServerConnection, TcpStream>,
    nature: &Nature,
    authority: &Authority,
    heard: &Mutex<Vec<Request>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut gulp = [0; 4096];
        let number = tls.read(&mut gulp).ok().filter(|number| *number > 0)?;
        bytes.extend_from_slice(&gulp[..number]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_ascii_lowercase();
        let length: usize = lower.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    assert!(head.starts_with("POST /join HTTP/1.1"), "{head}");
    let request: Request = serde_json::from_str(&body).unwrap();
    let again = heard.lock().unwrap().contains(&request) || !heard.lock().unwrap().is_empty();
    heard.lock().unwrap().push(request.clone());
    let (status, text) = match nature {
        Nature::Cuts => {
            let _ = tls.sock.shutdown(std::net::Shutdown::Both);
            return None;
        }
        Nature::Floods => {
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n");
            while tls.write_all(&[b' '; 4096]).is_ok() {}
            return None;
        }
        Nature::Babbles(status, text) => (*status, (*text).to_owned()),
        Nature::Says(refused) => (refused.refused.status(), serde_json::to_string(refused).unwrap()),
        _ if again => (410, serde_json::to_string(&Refused::from(Refusal::Used)).unwrap()),
        _ => (200, serde_json::to_string(&response(&request, nature, authority)).unwrap()),
    };
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    tls.write_all(answer.as_bytes()).ok()?;
    tls.conn.send_close_notify();
    tls.flush().ok()
}

fn response(request: &Request, nature: &Nature, authority: &Authority) -> Response {
    let joining = request.check().unwrap();
    assert_eq!(joining.code, [7; 16]);
    let node = if *nature == Nature::Confuses { "another" } else { joining.node.as_str() };
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, node);
    let certificate = params.signed_by(&NodeKey(joining.key), authority).unwrap();
    Response {
        ca: authority.pem(),
        certificate: certificate.pem(),
        brokers: vec!["mqtts://nas.lan:8883".into(), "mqtts://127.0.0.1:8884".into()],
        prefix: "atalaya".into(),
        discovery_prefix: "homeassistant".into(),
        command_key: COMMAND_KEY.into(),
    }
}

struct NodeKey([u8; KEY_BYTES]);

impl PublicKeyData for NodeKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}
