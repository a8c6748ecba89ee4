//! Letting nodes in: what each shows is looked up in memory; a new one comes with a code and leaves with a certificate.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atalaya_wire::discovery::Tower;
use atalaya_wire::join::{self, Host, Joining, Refusal, Refused, Request, Response};
use atalaya_wire::{NodeId, Topics};

use super::invite::{Code, Expected};
use super::{Authority, CommandKey};
use crate::clock::{Clock, Now};
use crate::db::Desk;
use crate::db::read::people::Loaded;
use crate::error::Result;
use crate::people::{End, People, Throttle};
use crate::tower::{self, NodeWish, Who, Wish, Word};

/// What a node is told of where to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Where pages and broker are reached over TLS; none, and no node can join.
    pub hosts: Vec<Host>,
    /// Before every topic.
    pub prefix: String,
    /// What the sidecar calls itself in topics.
    pub id: String,
    /// Home Assistant's; empty where there is none.
    pub discovery_prefix: String,
    /// Whether those on this machine that show nothing are let in at the broker.
    pub anonymous: bool,
}

/// See the module.
pub struct Gate {
    pub(super) desk: Desk,
    tower: SyncSender<Word>,
    pub(super) people: Arc<People>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) authority: Authority,
    command_key: CommandKey,
    offer: Mutex<Offer>,
    book: Mutex<Book>,
    throttle: Mutex<Throttle>,
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// What nodes show, and codes for those to come.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) certificates: BTreeMap<[u8; 32], NodeId>,
    pub(super) passwords: BTreeMap<[u8; 32], NodeId>,
    pub(super) codes: BTreeMap<[u8; 32], Code>,
    /// Those that are no more, whose past others must not go on with unless somebody wants it.
    retired: std::collections::BTreeSet<NodeId>,
}

/// What the gate stands on.
pub struct Parts {
    /// Where the database is written.
    pub desk: Desk,
    /// Where wishes go.
    pub tower: SyncSender<Word>,
    /// Whose tokens count at the broker.
    pub people: Arc<People>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who vouches for nodes.
    pub authority: Authority,
    /// What they are commanded by.
    pub command_key: CommandKey,
}

impl Gate {
    /// Goes on from what was written.
    #[must_use]
    pub fn new(parts: Parts, offer: Offer, loaded: &Loaded) -> Self {
        let Parts { desk, tower, people, clock, authority, command_key } = parts;
        let book = Mutex::new(Book::new(loaded, clock.now()));
        let (offer, throttle, turn) = (Mutex::new(offer), Mutex::default(), tokio::sync::Mutex::default());
        Self { desk, tower, people, clock, authority, command_key, offer, book, throttle, turn }
    }

    /// Who vouches for nodes.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What nodes are commanded by.
    #[must_use]
    pub const fn command_key(&self) -> &CommandKey {
        &self.command_key
    }

    /// From now on nodes are told something else.
    pub fn set_offer(&self, offer: Offer) {
        *self.offer.lock().unwrap_or_else(PoisonError::into_inner) = offer;
    }

    pub(super) fn offer(&self) -> Offer {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether those on this machine that show nothing are let in from now on.
    pub fn set_anonymous(&self, anonymous: bool) {
        self.offer.lock().unwrap_or_else(PoisonError::into_inner).anonymous = anonymous;
    }

    /// Topics beside a node's own on which something of it is kept: where it tells Home Assistant of itself, if there is one,
    /// and what the sidecar tells of its alerts.
    #[must_use]
    pub fn told_of(&self, node: &NodeId) -> Vec<String> {
        let Offer { prefix, id, discovery_prefix, .. } = self.offer();
        let tower = Tower { prefix: &prefix, id: &id, version: "" };
        let mut all = vec![tower.state(node)];
        if !discovery_prefix.is_empty() {
            all.push(tower.discovery(&discovery_prefix, node));
            all.extend(Topics::new(&prefix, node.clone()).map(|topics| topics.discovery(&discovery_prefix)));
        }
        all
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node that is no more: what it shows is void from this moment. To be called once the tower has retired it; its
    /// connection is the broker's to end. One that left a past behind has its name kept.
    pub fn retired(&self, node: &NodeId, has_past: bool) {
        let mut book = self.book();
        book.forget(node);
        if has_past {
            book.retired.insert(node.clone());
        }
    }

    /// Lets a node in that comes with a code, or says why not. A code that was not taken stays good.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn join(&self, request: &Request, peer: IpAddr, now: Now) -> std::result::Result<Response, Refused> {
        let too_many =
            |wait: std::time::Duration| Refused { wait_seconds: Some(wait.as_secs() + 1), ..Refusal::TooMany.into() };
        self.throttle().begin_from(peer, now.since_start).map_err(too_many)?;
        let done = self.join_now(request, peer, now).await;
        match &done {
            Ok(_) => self.throttle().succeeded_from(peer),
            Err(refused) => tracing::warn!(%peer, why = ?refused.refused, "a node that wants to join is not let in"),
        }
        done
    }

    async fn join_now(&self, request: &Request, peer: IpAddr, now: Now) -> std::result::Result<Response, Refused> {
        let joining = request.check()?;
        let hash = join::sha256(&joining.code);
        let _turn = self.turn.lock().await;
        let expected = self.book().may_join(&hash, &joining.node, now)?;
        self.let_in(&joining, hash, expected, peer, now).await.map_err(|err| {
            tracing::error!(node = joining.node.as_str(), why = %err, "a node with a good code could not be let in");
            Refused { wait_seconds: Some(5), ..Refusal::Busy.into() }
        })
    }

    async fn let_in(
        &self,
        joining: &Joining,
        hash: [u8; 32],
        expected: Expected,
        peer: IpAddr,
        now: Now,
    ) -> Result<Response> {
        let issued = self.authority.issue(&joining.node, &joining.key, now.seconds())?;
        let mut wish = expected.wish(&joining.node);
        wish.keys = Some((Some(issued.sha256), None));
        wish.code = Some(hash);
        if wish.title.is_none() && !joining.name.is_empty() {
            wish.title = Some(joining.name.clone());
        }
        let who = Who { name: joining.node.as_str().into(), how: "join", peer: peer.to_string() };
        self.admit(wish, who).await?;
        let mut book = self.book();
        book.put(&joining.node, Some(issued.sha256), None);
        if let Some(code) = book.codes.get_mut(&hash) {
            code.is_used = true;
        }
        drop(book);
        let Offer { hosts, prefix, discovery_prefix, .. } = self.offer();
        let brokers = hosts.iter().map(|host| format!("mqtts://{}:{}", host.in_url(), host.broker)).collect();
        let (ca, command_key) = (self.authority.pem().to_owned(), self.command_key.public_hex());
        Ok(Response { ca, certificate: issued.pem, brokers, prefix, discovery_prefix, command_key })
    }

    /// The tower gives nodes their numbers, so it writes them down, with what they show.
    pub(super) async fn admit(&self, wish: NodeWish, who: Who) -> Result<()> {
        tower::wish(&self.tower, Wish::Node(wish), who).await.map(drop)
    }
}

impl Book {
    fn new(loaded: &Loaded, now: Now) -> Self {
        let mut book = Self::default();
        for keys in &loaded.nodes {
            let Ok(node) = keys.name.parse::<NodeId>() else { continue };
            if keys.state == "retired" {
                book.retired.insert(node);
            } else {
                book.put(&node, keys.cert, keys.secret);
            }
        }
        for once in loaded.once.iter().filter(|once| once.what == "join") {
            let Ok(expected) = serde_json::from_str(&once.body) else { continue };
            let code = Code { expected, ends: End::at(once.ends, now), is_used: once.used.is_some() };
            book.codes.insert(once.hash, code);
        }
        book
    }

    /// From now on the node shows this and nothing else.
    pub(super) fn put(&mut self, node: &NodeId, certificate: Option<[u8; 32]>, password: Option<[u8; 32]>) {
        self.forget(node);
        self.retired.remove(node);
        certificate.map(|hash| self.certificates.insert(hash, node.clone()));
        password.map(|hash| self.passwords.insert(hash, node.clone()));
    }

    fn forget(&mut self, node: &NodeId) {
        self.certificates.retain(|_, known| known != node);
        self.passwords.retain(|_, known| known != node);
    }

    /// What is expected of whoever comes with this code, if it may be this node.
    fn may_join(&self, hash: &[u8; 32], node: &NodeId, now: Now) -> std::result::Result<Expected, Refused> {
        let code = self.codes.get(hash).ok_or(Refusal::UnknownCode)?;
        if code.is_used {
            return Err(Refusal::Used.into());
        }
        if code.ends.is_over(now) {
            return Err(Refusal::Expired.into());
        }
        match &code.expected.node {
            Some(expected) if expected != node.as_str() => {
                return Err(Refused { node: Some(expected.clone()), ..Refusal::OtherNode.into() });
            }
            // A code that was not made for a node that is there must not give anybody that node's place.
            None if self.is_taken(node) => return Err(Refusal::Taken.into()),
            _ => {}
        }
        Ok(code.expected.clone())
    }

    fn is_taken(&self, node: &NodeId) -> bool {
        self.retired.contains(node)
            || self.certificates.values().chain(self.passwords.values()).any(|known| known == node)
    }
}
