//! The unit that the daemon runs: acts as a process of its own, because of TLS, and only when there is something to do.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_certificate::Place;
use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;

use super::config::Certificate;
use super::memory::{Memory, Offers, Store};
use super::turn::Turn;
use crate::probe::{Fault, Moment, Probe, Result, Site, certs};

/// Whether there is something to do is looked at so often, which costs no process.
const EVERY: Duration = Duration::from_secs(60);
/// For all of them: a command of half a minute each is an exception.
const DEADLINE: Duration = Duration::from_secs(120);
/// Where nothing is to be done they are looked at all the same, so often.
const LOOK_SECONDS: i64 = 3_600;

/// See the module.
#[derive(Debug)]
pub struct Certificates {
    all: Vec<Certificate>,
    state: PathBuf,
    only_looks: bool,
}

impl Certificates {
    /// Looks after these, and remembers in the folder `state`.
    #[must_use]
    pub const fn new(all: Vec<Certificate>, state: PathBuf) -> Self {
        Self { all, state, only_looks: false }
    }

    fn act(&self, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> std::result::Result<(), String> {
        let store = Store::lock(&self.state)?;
        let mut all = store.load();
        // What the configuration no longer names is nobody's.
        all.retain(|name, _| self.all.iter().any(|one| one.name == *name));
        for certificate in &self.all {
            let name = certificate.name.clone();
            let memory = all.get(&name).cloned().unwrap_or_default();
            let turn = Turn { certificate, store: &store, memory, now: at.wall.as_second() };
            let after = turn.take(&mut |memory| {
                all.insert(name.clone(), memory.clone());
                store.save(&all)
            });
            all.insert(certificate.name.clone(), after.clone());
            out(id(certificate), told(certificate, &after, at.wall).into());
        }
        store.save(&all)
    }
}

impl Probe for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn apart(&self) -> bool {
        !self.all.is_empty()
    }

    fn only_look(&mut self) {
        self.only_looks = true;
    }

    fn changed_at(&self, _site: &Site, at: Moment) -> Option<Timestamp> {
        let now = at.wall.as_second();
        let (offers, all) = (Offers::new(&self.state), Store::look(&self.state).load());
        let rests = |one: &Certificate| {
            all.get(&one.name).is_some_and(|memory| memory.rests(now)) && !offers.has_news(&one.name)
        };
        self.all.iter().all(rests).then(|| Timestamp::from_second(now - now.rem_euclid(LOOK_SECONDS)).ok()).flatten()
    }

    fn read(&mut self, _site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.all.is_empty() {
            return Err(Fault::Absent("no certificate is to be ordered by the sidecar".into()));
        }
        if self.only_looks {
            let all = Store::look(&self.state).load();
            for one in &self.all {
                let memory = all.get(&one.name).cloned().unwrap_or_default();
                out(id(one), told(one, &memory, at.wall).into());
            }
            return Ok(());
        }
        self.act(at, out).map_err(Fault::Failed)
    }
}

/// Certificates that are only looked at have names, too.
fn id(certificate: &Certificate) -> ObjectId {
    ObjectId::of(&format!("own-{}", certificate.name))
}

/// What people read of it.
fn told(certificate: &Certificate, memory: &Memory, now: Timestamp) -> view::Cert {
    let Certificate { folder, user, group, mode, .. } = certificate.clone();
    let source = folder.display().to_string();
    let chain = Place { folder, user, group, mode }.chain().ok().flatten();
    let judged = chain.and_then(|chain| certs::view_of(&chain.pem, &certificate.names, now).ok());
    let said = [&memory.why, &memory.refused].into_iter().find(|why| !why.is_empty());
    let mut view = match judged {
        Some(view) => view,
        None => view::Cert {
            state: Some(text("missing")),
            problem: Some(text("the sidecar was asked for it and has sent none yet")),
            ..view::Cert::default()
        },
    };
    // A certificate that is bad in itself is worse than one that is not the newest.
    if memory.returned > 0 || memory.unseen {
        view.state =
            view.state.filter(|state| !matches!(state.as_str(), "ok" | "expiring")).or(Some(text("not_served")));
    }
    if let Some(why) = said {
        view.problem = Some(text(why));
    }
    view.name = Some(text(&certificate.name));
    view.source = Some(text(&source));
    view
}
