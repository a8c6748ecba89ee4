//! One look at one record: what is decided is done, and what comes of it decides again, until there is nothing to do.

use std::net::IpAddr;
use std::sync::Arc;

use atalaya_provider::Zone;
use atalaya_provider::verify::{Sight, visible};
use atalaya_renew::limits::short;
use atalaya_renew::{Record, RecordType, Trouble};
use tokio::task::spawn_blocking;

use super::super::Market;
use super::decide::{Decision, Said, Wanted, decide, is_absent};
use super::kept::Kept;
use super::memory::Memory;
use crate::config;

/// Looked, set, verified, and that was it.
const STEPS_MAX: usize = 4;

/// A record of one type, and who holds it.
pub(super) struct Turn<'a> {
    pub(super) record: &'a config::Record,
    pub(super) kind: RecordType,
    pub(super) market: Arc<dyn Market>,
    pub(super) now: i64,
}

/// What a record is called in the file and in topics.
pub(super) fn key(name: &str, kind: RecordType) -> String {
    format!("{name} {kind}")
}

impl Turn<'_> {
    /// What is decided at its end, and what is remembered then.
    pub(super) async fn take(&self, said: &Said, kept: &mut Kept) -> (Decision, Memory) {
        let key = key(&self.record.name, self.kind);
        let mut memory = kept.get(&key).under(&self.config());
        memory.hear(is_absent(self.kind, said), self.now);
        let wanted = Wanted { kind: self.kind, is_written: self.record.is_written, ttl: self.record.ttl };
        let mut held: Option<Vec<Record>> = None;
        let mut decision = decide(wanted, said, None, &memory, self.now);
        for _ in 0..STEPS_MAX {
            match decision {
                Decision::Look(_) => {
                    kept.put(&key, &memory.intended(self.now));
                    held = self.look(&mut memory).await;
                }
                Decision::Set(address) => {
                    kept.put(&key, &memory.intended(self.now));
                    self.set(address, &mut memory).await;
                    held = None;
                }
                Decision::Verify(address) => {
                    if held.take().is_some() {
                        memory.found(address);
                    }
                    self.verify(address, &mut memory).await;
                }
                _ => break,
            }
            kept.put(&key, &memory);
            decision = decide(wanted, said, held.as_deref(), &memory, self.now);
        }
        kept.put(&key, &memory);
        (decision, memory)
    }

    /// What makes all that is remembered another record's.
    fn config(&self) -> String {
        let config::Record { provider, ttl, servers, .. } = self.record;
        format!("{provider} {ttl} {}", servers.join(" "))
    }

    async fn look(&self, memory: &mut Memory) -> Option<Vec<Record>> {
        let (name, kind, asks_servers) = (self.record.name.clone(), self.kind, self.record.servers.is_empty());
        let looked = self.at_zone(move |zone| {
            let held = zone.records(&name, kind)?;
            Ok((held, if asks_servers { zone.servers(&name)? } else { Vec::new() }))
        });
        match looked.await {
            Ok((held, servers)) => {
                memory.looked(servers, self.now);
                Some(held)
            }
            Err(why) => {
                self.failed(memory, &why);
                None
            }
        }
    }

    async fn set(&self, address: IpAddr, memory: &mut Memory) {
        let record = self.wanted(address);
        let set = self.at_zone(move |zone| zone.set(&record.name, record.kind, std::slice::from_ref(&record)));
        match set.await {
            Ok(()) => {
                tracing::info!(record = self.record.name, kind = self.kind.as_str(), %address, "a DNS record was set");
                memory.set(address, self.now);
            }
            Err(why) => self.failed(memory, &why),
        }
    }

    /// Asks the zone's own servers, whatever its holder says.
    async fn verify(&self, address: IpAddr, memory: &mut Memory) {
        let servers = if self.record.servers.is_empty() { &memory.servers } else { &self.record.servers };
        let (servers, record) = (servers.clone(), self.wanted(address));
        match blocking(move || visible(&servers, &record)).await {
            Ok(sight) if sight.is_everywhere() => memory.seen(self.now),
            Ok(sight) => memory.unseen(unseen(&sight), self.now),
            Err(why) => memory.unseen(why.to_string(), self.now),
        }
    }

    fn wanted(&self, address: IpAddr) -> Record {
        Record { name: self.record.name.clone(), kind: self.kind, data: address.to_string(), ttl: self.record.ttl }
    }

    fn failed(&self, memory: &mut Memory, why: &Trouble) {
        let (record, kind) = (&self.record.name, self.kind.as_str());
        tracing::warn!(record, kind, %why, "a DNS record could not be looked after; it is tried again");
        memory.failed(why, self.now);
    }

    async fn at_zone<T: Send + 'static>(
        &self,
        mut what: impl FnMut(&dyn Zone) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (market, provider) = (Arc::clone(&self.market), self.record.provider.clone());
        blocking(move || {
            let mut came = None;
            market.zone(&provider, &mut |zone| {
                came = Some(what(zone)?);
                Ok(())
            })?;
            came.ok_or_else(|| Trouble::Garbled("the provider was not asked".into()))
        })
        .await
    }
}

/// In a thread that may wait for a network.
async fn blocking<T: Send + 'static>(what: impl FnOnce() -> Result<T, Trouble> + Send + 'static) -> Result<T, Trouble> {
    let broken = |_| Err(Trouble::Garbled("an error inside the program; its log says more".into()));
    spawn_blocking(what).await.unwrap_or_else(broken)
}

/// Who does not show it, and what instead.
fn unseen(sight: &Sight) -> String {
    let list = |all: &[(String, String)]| {
        let each = all.iter().map(|(server, what)| format!("{server}: {what}"));
        short(&each.collect::<Vec<_>>().join("; "))
    };
    if sight.lacking.is_empty() {
        return format!("none of its name servers answers: {}", list(&sight.silent));
    }
    format!("its name servers do not show it yet: {}", list(&sight.lacking))
}
