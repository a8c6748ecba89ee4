//! Proofs are laid, shown, and taken away again, whatever came of them.

use std::path::Path;
use std::sync::Arc;

use atalaya_certificate::plain;
use atalaya_renew::Trouble;
use instant_acme::{Error, Order, OrderStatus};
use tokio::time::Instant;

use crate::challenge::Challenge;
use crate::client::Client;
use crate::draft::Draft;
use crate::failed::Failed;
use crate::limits::{PROVED, PROVED_LOOK, VISIBLE};
use crate::listener::Listener;
use crate::order::{Step, patience};
use crate::proof::{Proof, Way};
use crate::webroot::Webroot;

/// What is there while the authority looks. What is no record goes when this is dropped.
enum Laid {
    Records,
    Page { _listener: Listener },
    Files { _webroot: Webroot },
}

impl Client {
    /// Shows that the names are ours; the order is ready then.
    pub(crate) async fn prove(
        &self,
        order: &mut Order,
        draft: &mut Draft,
        way: &Way,
        path: &Path,
        told: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<(), Failed> {
        let challenges = self.challenges(order, way).await?;
        let proved = match lay(way, &challenges, draft, path).await {
            Ok(laid) => {
                told(Step::Laid);
                let shown = self.show(order, way).await;
                drop(laid);
                shown
            }
            Err(failed) => Err(failed),
        };
        // What the disk says about the note counts less than what became of the proof.
        let swept = sweep(way, draft, path).await;
        proved.and(swept)
    }

    async fn show(&self, order: &mut Order, way: &Way) -> Result<(), Failed> {
        self.ready(order, way).await?;
        let until = Instant::now() + PROVED;
        loop {
            let polled = order.poll_ready(&patience(PROVED_LOOK)).await;
            match polled {
                Ok(OrderStatus::Ready) => return Ok(()),
                // Its own words are about the order; the challenges know better.
                Ok(_) | Err(Error::Api(_)) if order.state().status == OrderStatus::Invalid => {
                    let unsaid = || Failed::NotProved("it does not say why".into());
                    return Err(self.why_not(order).await.unwrap_or_else(unsaid));
                }
                Ok(_) => return Err(Failed::Garbled("the order is in no state that makes sense".into())),
                Err(err @ Error::Timeout(_)) => {
                    // Some authorities leave an order pending when they refused one of its proofs.
                    if let Some(failed) = self.why_not(order).await {
                        return Err(failed);
                    }
                    if Instant::now() >= until {
                        return Err(self.failed(err));
                    }
                }
                Err(err) => return Err(self.failed(err)),
            }
        }
    }
}

async fn lay(way: &Way, challenges: &[Challenge], draft: &mut Draft, path: &Path) -> Result<Laid, Failed> {
    match way {
        Way::Dns(proof) => {
            // Noted before it is so: after a crash they are found by what is noted.
            draft.laid.extend(challenges.iter().map(Challenge::record));
            draft.write(path)?;
            for one in challenges {
                let (name, value) = one.record();
                asked(proof, move |proof| proof.add_txt(&name, &value)).await.map_err(Failed::Proof)?;
            }
            for one in challenges {
                let (name, value) = one.record();
                asked(proof, move |proof| proof.wait_visible(&name, &value, VISIBLE)).await.map_err(Failed::Proof)?;
            }
            Ok(Laid::Records)
        }
        Way::Listener(address) => {
            let listener = Listener::open(*address, challenges).await;
            let cannot = |err| Failed::SetUp(format!("cannot listen at {address} for the authority: {}", plain(&err)));
            Ok(Laid::Page { _listener: listener.map_err(cannot)? })
        }
        Way::Webroot(folder) => {
            let files = Webroot::put(folder, challenges);
            let cannot =
                |err| Failed::SetUp(format!("cannot write a proof below {}: {}", folder.display(), plain(&err)));
            Ok(Laid::Files { _webroot: files.map_err(cannot)? })
        }
    }
}

/// Removes the records that are noted in the draft. Those that could not be removed stay noted.
pub(crate) async fn sweep(way: &Way, draft: &mut Draft, path: &Path) -> Result<(), Failed> {
    let Way::Dns(proof) = way else { return Ok(()) };
    if draft.laid.is_empty() {
        return Ok(());
    }
    let mut left = Vec::new();
    for (name, value) in std::mem::take(&mut draft.laid) {
        let (of, text) = (name.clone(), value.clone());
        if asked(proof, move |proof| proof.remove_txt(&of, &text)).await.is_err() {
            left.push((name, value));
        }
    }
    draft.laid = left;
    draft.write(path)
}

/// On a thread that may wait.
async fn asked<F>(proof: &Arc<dyn Proof>, ask: F) -> Result<(), Trouble>
where
    F: FnOnce(&dyn Proof) -> Result<(), Trouble> + Send + 'static,
{
    let proof = Arc::clone(proof);
    let asked = tokio::task::spawn_blocking(move || ask(proof.as_ref())).await;
    asked.unwrap_or_else(|_| Err(Trouble::Unclear("what asked the provider was stopped".into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    /// A provider that fails now and then, and what is in its zone.
    #[derive(Default)]
    struct Zone {
        records: Mutex<Vec<(String, String)>>,
        add_fails_after: Option<usize>,
        is_never_seen: bool,
        removes_nothing: Mutex<bool>,
    }

    impl Proof for Zone {
        fn add_txt(&self, name: &str, value: &str) -> Result<(), Trouble> {
            let mut records = self.records.lock().unwrap();
            records.push((name.to_owned(), value.to_owned()));
            // It was done, and the answer was lost.
            let failed = self.add_fails_after.is_some_and(|after| records.len() > after);
            if failed { Err(Trouble::Unclear("no answer".into())) } else { Ok(()) }
        }

        fn remove_txt(&self, name: &str, value: &str) -> Result<(), Trouble> {
            if *self.removes_nothing.lock().unwrap() {
                return Err(Trouble::Unreachable("away".into()));
            }
            self.records.lock().unwrap().retain(|one| one != &(name.to_owned(), value.to_owned()));
            Ok(())
        }

        fn wait_visible(&self, _: &str, _: &str, _: Duration) -> Result<(), Trouble> {
            if self.is_never_seen { Err(Trouble::NotThere("ns1".into())) } else { Ok(()) }
        }
    }

    fn challenges() -> Vec<Challenge> {
        // A name and its wildcard: two values of one record.
        let one = |value: &str| Challenge {
            name: "example.com".into(),
            token: "tok".into(),
            answer: "tok.thumb".into(),
            value: value.into(),
        };
        vec![one("first"), one("second")]
    }

    fn draft() -> Draft {
        serde_json::from_str(
            r#"{"directory":"d","names":[],"profile":null,"replaces":null,"order":null,"request":"","key":null,"laid":[]}"#,
        )
        .unwrap()
    }

    #[tokio::test]
    async fn whatever_fails_no_record_stays() {
        for zone in [
            Zone::default(),
            Zone { add_fails_after: Some(0), ..Zone::default() },
            Zone { add_fails_after: Some(1), ..Zone::default() },
            Zone { is_never_seen: true, ..Zone::default() },
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("draft");
            let fails = zone.add_fails_after.is_some() || zone.is_never_seen;
            let zone = Arc::new(zone);
            let (way, mut draft) = (Way::Dns(Arc::clone(&zone) as Arc<dyn Proof>), draft());
            let laid = lay(&way, &challenges(), &mut draft, &path).await;
            assert_eq!(laid.is_err(), fails);
            assert_eq!(Draft::read(&path).unwrap().unwrap().laid.len(), 2, "noted before they are there");
            sweep(&way, &mut draft, &path).await.unwrap();
            assert!(zone.records.lock().unwrap().is_empty() && !draft.has_left_records());
        }
    }

    #[tokio::test]
    async fn what_cannot_be_removed_is_removed_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft");
        let zone = Arc::new(Zone { removes_nothing: Mutex::new(true), ..Zone::default() });
        let (way, mut draft) = (Way::Dns(Arc::clone(&zone) as Arc<dyn Proof>), draft());
        let laid = lay(&way, &challenges(), &mut draft, &path).await;
        assert!(laid.is_ok());
        sweep(&way, &mut draft, &path).await.unwrap();
        assert!(Draft::sweep(&path, &way).await.unwrap().unwrap().has_left_records());
        *zone.removes_nothing.lock().unwrap() = false;
        assert!(Draft::sweep(&path, &way).await.unwrap().is_none());
        assert!(zone.records.lock().unwrap().is_empty() && !path.exists());
        assert!(Draft::sweep(&path, &way).await.unwrap().is_none());
    }
}
