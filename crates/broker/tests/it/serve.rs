//! A broker of a test, on a runtime of its own, and who is who there.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atalaya_broker::{Builtin, Changes, Counters, Guard, Kept, OwnPassword, Terms, ToolRights, Who};
use atalaya_wire::NodeId;
use tokio::runtime::Runtime;

use super::client::Hello;

/// Accounts of a test: password = the name, backwards not even. All of them can be withdrawn.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) nodes: Mutex<HashMap<[u8; 32], NodeId>>,
    pub(crate) anonymous: bool,
    pub(crate) withdrawn: Mutex<Vec<String>>,
}

impl Guard for Accounts {
    fn certificate(&self, sha256: &[u8; 32]) -> Option<NodeId> {
        self.nodes.lock().unwrap().get(sha256).cloned()
    }

    fn password(&self, user: &str, password: &[u8]) -> Option<Who> {
        if password != b"secret" || self.withdrawn.lock().unwrap().iter().any(|name| name == user) {
            return None;
        }
        let tool = |may| Some(Who::Tool { name: user.to_owned(), may });
        match user {
            "grafana" | "reader" => tool(ToolRights::Read),
            "home" => tool(ToolRights::HomeAssistant),
            "_own" => Some(Who::Own),
            node => node.parse().ok().map(Who::Node),
        }
    }

    fn anonymous(&self) -> bool {
        self.anonymous
    }

    fn still(&self, who: &Who) -> bool {
        let withdrawn = self.withdrawn.lock().unwrap();
        !withdrawn.iter().any(|name| match who {
            Who::Tool { name: tool, .. } => tool == name,
            Who::Node(node) => node.as_str() == name,
            Who::Own | Who::Anybody => false,
        })
    }
}

pub(crate) struct Serve {
    pub(crate) runtime: Runtime,
    pub(crate) broker: Option<Builtin>,
    pub(crate) own: OwnPassword,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) plain: SocketAddr,
}

impl Serve {
    pub(crate) fn open() -> Self {
        Self::with(Accounts { anonymous: true, ..Accounts::default() }, None, Vec::new())
    }

    pub(crate) fn guarded() -> Self {
        Self::with(Accounts::default(), None, Vec::new())
    }

    pub(crate) fn with(accounts: Accounts, tls: Option<rustls::ServerConfig>, kept: Vec<Kept>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let own = OwnPassword::random().unwrap();
        let accounts = Arc::new(accounts);
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let terms = Terms {
            listen: vec![any],
            listen_tls: tls.iter().map(|_| any).collect(),
            tls: tls.map(Arc::new),
            prefix: "atalaya".into(),
            discovery_prefix: "homeassistant".into(),
            own: own.clone(),
            guard: Arc::clone(&accounts) as Arc<_>,
        };
        let broker = runtime.block_on(Builtin::start(terms, kept)).unwrap();
        let plain = broker.addresses().plain[0];
        Self { runtime, broker: Some(broker), own, accounts, plain }
    }

    pub(crate) fn broker(&self) -> &Builtin {
        self.broker.as_ref().unwrap()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.broker().counters()
    }

    pub(crate) fn due(&self, now: u64) -> Changes {
        self.runtime.block_on(self.broker().due(Duration::from_secs(now), Duration::from_secs(900)))
    }

    pub(crate) fn stop(mut self) -> Changes {
        let mut broker = self.broker.take().unwrap();
        self.runtime.block_on(async {
            broker.stop().await;
            broker.rest().await
        })
    }
}

/// Waits, with an end, for something to become so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Serve {
    pub(crate) fn own_address(&self) -> SocketAddr {
        self.broker().addresses().own
    }

    pub(crate) fn own_hello(&self) -> Hello {
        Hello::new("own-1").user(self.own.user(), self.own.password())
    }
}
