//! Certificates of nodes, retired ones, and who others hear that they are.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use atalaya_broker::{Why, fingerprint, server_config};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::client::{Client, Hello, tcp};
use super::serve::{Accounts, Serve, until};

type Certificate = (CertificateDer<'static>, PrivateKeyDer<'static>);
pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// An authority, as the sidecar's own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn issue(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        (certificate, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    fn server(&self) -> rustls::ServerConfig {
        let (certificate, key) = self.issue("localhost");
        server_config(vec![certificate], key, std::slice::from_ref(&self.certificate)).unwrap()
    }

    fn connect(&self, address: SocketAddr, client: Option<&Certificate>) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match client {
            Some((certificate, key)) => {
                builder.with_client_auth_cert(vec![certificate.clone()], key.clone_key()).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        let name = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp(address))
    }
}

/// A broker with TLS, and the certificates of `nas` and of nobody.
pub(crate) struct Secure {
    pub(crate) serve: Serve,
    authority: Authority,
    nas: Certificate,
    nobody: Certificate,
}

impl Secure {
    pub(crate) fn new() -> Self {
        let authority = Authority::new();
        let (nas, nobody) = (authority.issue("nas"), authority.issue("nas"));
        let nodes = HashMap::from([(fingerprint(&nas.0), "nas".parse().unwrap())]);
        let serve =
            Serve::with(Accounts { nodes: nodes.into(), ..Accounts::default() }, Some(authority.server()), Vec::new());
        Self { serve, authority, nas, nobody }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.serve.broker().addresses().tls[0]
    }

    fn over(&self, certificate: Option<&Certificate>, hello: &Hello) -> Result<Client<Tls>, u8> {
        Client::over(self.authority.connect(self.address(), certificate), hello)
    }

    pub(crate) fn nas(&self, hello: &Hello) -> Client<Tls> {
        self.over(Some(&self.nas), hello).unwrap()
    }
}

#[test]
fn a_certificate_opens_its_own_topics_and_its_own_client_id() {
    let secure = Secure::new();
    let mut nas = secure.nas(&Hello::new("atalaya-nas"));
    assert_eq!(nas.publish("atalaya/nas/status", b"online", true), 0);
    assert_eq!(nas.publish("atalaya/nas2/status", b"online", true), 0x87);
    assert_eq!((nas.subscribe("atalaya/nas/cmd/+"), nas.subscribe("atalaya/+/cmd/+")), (1, 0x87));
    for id in ["atalaya-nas2", "nas", ""] {
        assert_eq!(secure.over(Some(&secure.nas), &Hello::new(id)).err(), Some(0x85), "{id}");
    }
    let nobody = secure.over(Some(&secure.nobody), &Hello::new("atalaya-nas"));
    assert_eq!(nobody.err(), Some(0x87), "signed by the authority, and nobody's");
    let nobody = secure.over(Some(&secure.nobody), &Hello::new("x").user("reader", "secret"));
    assert_eq!(nobody.err(), Some(0x87), "nor does a password help who shows what does not count");
    let other = Authority::new();
    let forged =
        Client::over(secure.authority.connect(secure.address(), Some(&other.issue("nas"))), &Hello::new("atalaya-nas"));
    assert_eq!(forged.err(), Some(0xff), "signed by somebody else");
    assert_eq!(secure.over(None, &Hello::new("x")).err(), Some(0x87));
    assert!(secure.over(None, &Hello::new("x").user("reader", "secret")).is_ok());
    assert_eq!(secure.serve.counters().refused_for(Why::Certificate), 2);
}

#[test]
fn the_certificate_believes_no_client_id_that_says_it_is_one() {
    let secure = Secure::new();
    let hex: String = fingerprint(&secure.nobody.0).iter().map(|byte| format!("{byte:02x}")).collect();
    let hello = Hello::new(&format!("cert:{hex}"));
    assert_eq!(secure.over(Some(&secure.nas), &hello).err(), Some(0x85));
    assert_eq!(secure.over(None, &hello).err(), Some(0x87));
}

#[test]
fn who_is_retired_is_thrown_out_at_once_and_leaves_nothing() {
    let secure = Secure::new();
    let mut hello = Hello::new("atalaya-nas").will("atalaya/nas/status", "offline", true);
    hello.expiry = 300;
    let mut nas = secure.nas(&hello);
    assert_eq!(nas.subscribe("atalaya/nas/cmd/+"), 1);
    let mut reader = Client::join(secure.serve.plain, &Hello::new("r").user("reader", "secret"));
    let mut other = Client::join(secure.serve.plain, &Hello::new("atalaya-nas2").user("nas2", "secret"));

    secure.serve.accounts.nodes.lock().unwrap().clear();
    secure.serve.accounts.withdrawn.lock().unwrap().push("reader".into());
    secure.serve.runtime.block_on(async {
        secure.serve.broker().disconnect_node(&"nas".parse().unwrap()).await;
        secure.serve.broker().disconnect_tool("reader").await;
    });
    assert_eq!(secure.serve.counters().connections, 1, "the other");
    assert!(nas.is_thrown_out() && reader.is_thrown_out());
    assert_eq!(secure.over(Some(&secure.nas), &hello).err(), Some(0x87));
    assert_eq!(secure.serve.counters().retained, 0, "a will of who is retired is told to nobody");
    assert_eq!(other.publish("atalaya/nas2/status", b"online", false), 0);
}

#[test]
fn whose_token_or_certificate_ends_by_itself_is_thrown_out_and_others_stay() {
    let secure = Secure::new();
    let mut nas = secure.nas(&Hello::new("atalaya-nas"));
    let mut reader = Client::join(secure.serve.plain, &Hello::new("r").user("reader", "secret"));
    let mut other = Client::join(secure.serve.plain, &Hello::new("atalaya-nas2").user("nas2", "secret"));
    secure.serve.runtime.block_on(secure.serve.broker().review());
    assert_eq!(secure.serve.counters().connections, 3, "all may be here");
    secure.serve.accounts.nodes.lock().unwrap().clear();
    secure.serve.accounts.withdrawn.lock().unwrap().push("reader".into());
    secure.serve.runtime.block_on(secure.serve.broker().review());
    assert!(nas.is_thrown_out() && reader.is_thrown_out());
    assert_eq!((secure.serve.counters().connections, secure.serve.counters().refused_for(Why::Over)), (1, 2));
    assert_eq!(other.publish("atalaya/nas2/status", b"online", false), 0);
}

#[test]
fn the_will_of_a_retired_node_that_was_away_is_told_to_nobody() {
    let secure = Secure::new();
    let serve = &secure.serve;
    let mut other = Client::join(serve.plain, &Hello::new("r").user("reader", "secret"));
    assert_eq!(other.subscribe("atalaya/+/status"), 1);
    let lose = |node: &str| {
        let mut hello = Hello::new(&format!("atalaya-{node}")).user(node, "secret");
        (hello.expiry, hello.delay) = (300, 1);
        drop(Client::join(serve.plain, &hello.will(&format!("atalaya/{node}/status"), "offline", true)));
    };
    lose("nas");
    until("it is away", || serve.counters().connections == 1);
    serve.runtime.block_on(serve.broker().disconnect_node(&"nas".parse().unwrap()));
    // Its will would have come before that of one who is lost later.
    lose("nas2");
    assert_eq!(other.next().topic, "atalaya/nas2/status");
}

#[test]
fn a_client_that_hangs_is_thrown_out_too() {
    let serve = Serve::guarded();
    let mut stuck = Client::join(serve.plain, &Hello::new("r").user("reader", "secret"));
    assert_eq!(stuck.subscribe("atalaya/#"), 1);
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    // More than the sockets' buffers hold: the broker is in the middle of writing to it.
    for _ in 0..64 {
        own.send("atalaya/nas/frame", &vec![0; 250 << 10], 0, false, &[]).unwrap();
    }
    own.settle();
    serve.accounts.withdrawn.lock().unwrap().push("reader".into());
    serve.runtime.block_on(serve.broker().disconnect_tool("reader"));
    assert_eq!(serve.counters().connections, 1);
    let again = Client::over(tcp(serve.plain), &Hello::new("r").user("home", "secret"));
    assert!(again.is_ok(), "nothing of it is left, its client id is free");
}

#[test]
fn another_certificate_is_shown_without_a_restart() {
    let secure = Secure::new();
    let mut before = secure.nas(&Hello::new("atalaya-nas"));
    let other = Authority::new();
    secure.serve.broker().set_tls(Arc::new(other.server()));
    let refused = secure.over(None, &Hello::new("r").user("reader", "secret"));
    assert_eq!(refused.err(), Some(0xff), "who knows the old authority does not know this one");
    let stream = other.connect(secure.address(), None);
    assert!(Client::over(stream, &Hello::new("r").user("reader", "secret")).is_ok());
    assert_eq!(before.publish("atalaya/nas/status", b"online", false), 0, "connections stay");
}

#[test]
fn the_own_link_hears_who_sent_whatever_the_sender_says() {
    let serve = Serve::guarded();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    assert_eq!(own.subscribe("#"), 1);
    let forged =
        [("x-mqtt-sender", "node:nas2"), ("x-mqtt-client-id", "atalaya-nas2"), ("a", "b"), ("x-mqtt-sender", "own")];
    let said = |user: &[(String, String)], key: &str| -> Vec<String> {
        user.iter().filter(|(name, _)| name == key).map(|(_, value)| value.clone()).collect()
    };
    let hello = |id: &str, user: &str, version| Hello::new(id).user(user, "secret").version(version);

    let mut nas =
        Client::join(serve.plain, &hello("atalaya-nas", "nas", 5).will("atalaya/nas/status", "offline", false));
    assert_eq!(nas.publish_with("atalaya/nas/meta", b"m", false, &forged), 0);
    let heard = own.next();
    assert_eq!(said(&heard.user, atalaya_broker::SENDER), ["node:nas"]);
    assert_eq!(said(&heard.user, "x-mqtt-client-id"), ["atalaya-nas"]);
    assert_eq!(said(&heard.user, "a"), ["b"], "what else it says stays");
    drop(nas);
    let will = own.next();
    assert_eq!(
        (will.payload.as_slice(), said(&will.user, "x-mqtt-sender")),
        (&b"offline"[..], vec!["node:nas".to_owned()])
    );

    let mut home = Client::join(serve.plain, &hello("h", "home", 4));
    assert_eq!(home.publish("atalaya/nas/cmd/refresh", b"", false), 0);
    assert_eq!(said(&own.next().user, "x-mqtt-sender"), ["tool:home"]);
    assert_eq!(own.publish("atalaya/nas/ack", b"{}", false), 0);
    assert_eq!(said(&own.next().user, "x-mqtt-sender"), ["own"]);
}

#[test]
fn what_a_node_retains_has_no_properties_and_others_keep_theirs() {
    let serve = Serve::guarded();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    assert_eq!(own.subscribe("#"), 1);
    let mut nas = Client::join(serve.plain, &Hello::new("atalaya-nas").user("nas", "secret"));
    assert_eq!(nas.publish_with("atalaya/nas/meta", b"m", true, &[("a", "b"), ("x-mqtt-sender", "own")]), 0);
    let heard = own.next();
    assert!(heard.payload == b"m" && heard.user.is_empty(), "{heard:?}");
    assert_eq!(own.publish_with("atalaya/nas/cmd/refresh", b"c", true, &[("a", "b")]), 0);
    assert!(own.next().user.contains(&("x-mqtt-sender".into(), "own".into())));

    // So it is after a restart, too.
    drop(nas);
    until("only the own link is left", || serve.counters().connections == 1);
    let kept = serve.stop().set;
    let again = Serve::with(Accounts::default(), None, kept);
    let mut own = Client::join(again.own_address(), &again.own_hello());
    assert_eq!(own.subscribe("#"), 1);
    let mut heard = [own.next(), own.next()];
    heard.sort_by(|one, other| one.payload.cmp(&other.payload));
    assert!(heard.iter().all(|one| one.retained));
    assert!(heard[0].payload == b"c" && heard[0].user.contains(&("a".into(), "b".into())), "{heard:?}");
    assert!(heard[1].payload == b"m" && heard[1].user.is_empty(), "{heard:?}");
}

#[test]
fn anybody_has_no_name_and_cannot_take_one() {
    let serve = Serve::open();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    assert_eq!(own.subscribe("#"), 1);
    let mut anybody = Client::join(serve.plain, &Hello::new("atalaya-nas"));
    assert_eq!(anybody.publish_with("atalaya/nas/meta", b"m", false, &[("x-mqtt-sender", "own")]), 0);
    assert!(own.next().user.iter().all(|(name, _)| name != "x-mqtt-sender"));
}
