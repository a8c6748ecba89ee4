//! Proofs are laid, shown, and taken away again, whatever came of them.

use std::path::Path;
use std::sync::Arc;

use atalaya_renew::Trouble;
use instant_acme::{Error, Order, OrderStatus};

use crate::challenge::Challenge;
use crate::client::Client;
use crate::draft::Draft;
use crate::failed::Failed;
use crate::limits::{PROVED, VISIBLE};
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
        match order.poll_ready(&patience(PROVED)).await {
            Ok(OrderStatus::Ready) => Ok(()),
            // Its own words are about the order; the challenges know better.
            Ok(_) | Err(Error::Api(_)) if order.state().status == OrderStatus::Invalid => {
                Err(self.why_not(order).await)
            }
            Ok(_) => Err(Failed::Garbled("the order is in no state that makes sense".into())),
            Err(err) => Err(self.failed(err)),
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
            let cannot = |err| Failed::SetUp(format!("cannot listen at {address} for the authority: {err}"));
            Ok(Laid::Page { _listener: listener.map_err(cannot)? })
        }
        Way::Webroot(folder) => {
            let files = Webroot::put(folder, challenges);
            let cannot = |err| Failed::SetUp(format!("cannot write a proof below {}: {err}", folder.display()));
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
