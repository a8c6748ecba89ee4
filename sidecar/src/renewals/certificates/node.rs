//! A certificate of a node's own service: ordered with the request that its agent made, handed to it in a signed command, and
//! handed again until the agent says that it has it. A node gets what the configuration names for it, and no more often than
//! a certificate may be needed, whatever it asks for.

use std::path::Path;

use atalaya_acme::{Chain, Draft, Failed, Wanted, request};
use atalaya_alert::Presence;
use atalaya_renew::{Ends, Found};
use atalaya_wire::command::{CHAIN_BYTES_MAX, Order};

use super::kept::{Kept, Known};
use super::turn::{is_due, next, noted};
use super::{Asked, found, proof};
use crate::config::Certificate;
use crate::private_file;
use crate::program::Shared;
use crate::renewals::Market;
use crate::tower::Request;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    /// It is time, or what was issued is of no use to the node.
    Order,
    /// The node has not what was issued for it.
    Deliver,
    /// It has.
    Rest,
    /// Nothing, and why.
    Wait(String),
}

/// Decides from what the node said last, what was issued last, and whether another one `is_due`. Pure.
fn decide(
    request: Option<&Request>,
    names: &[String],
    issued: Option<&Chain>,
    is_due: bool,
    is_often: bool,
) -> Decision {
    let Some(asked) = request else { return Decision::Wait("its node has not asked for it yet".into()) };
    let has = issued.is_some_and(|chain| chain.fingerprint == asked.installed);
    let key = request::public(&asked.body).ok();
    let is_for_it = issued.is_some_and(|chain| Some(&chain.public) == key.as_ref() && chain.names == names);
    let is_wanted = is_due || !has && !is_for_it;
    if !is_wanted {
        return if has { Decision::Rest } else { Decision::Deliver };
    }
    // What was issued is handed over all the same while no other is to be had.
    let instead = |why: String| if is_for_it && !has { Decision::Deliver } else { Decision::Wait(why) };
    if let Err(why) = request::check(&asked.body, names) {
        return instead(why.to_string());
    }
    if is_often {
        return instead("its node has asked for too many; no other is ordered for some days".into());
    }
    Decision::Order
}

/// How it stands after the look.
pub(super) async fn turn(
    certificate: &Certificate,
    node: &str,
    asked: &mut Asked<'_>,
    market: std::sync::Arc<dyn Market>,
    shared: &Shared,
) -> Found {
    let (name, now) = (certificate.name.as_str(), shared.clock.now().seconds());
    let Ok(names) = atalaya_acme::tidy(&certificate.names) else {
        return found(
            name,
            Ends::Unknown("its names are none that a certificate can have".into()),
            None,
            String::new(),
        );
    };
    let (request, is_online) = match said(shared, node, name) {
        Ok(said) => said,
        Err(why) => return found(name, Ends::Unknown(why), None, String::new()),
    };
    let mut kept = Kept::read(asked.folder, name);
    let before = kept.clone();
    let mut issued = read(asked.folder, name);
    kept.know(issued.as_ref(), request.as_ref());
    // Nobody is asked about a certificate that nobody asked for.
    let is_due = request.is_some() && is_due(issued.as_ref(), certificate, asked, &mut kept, now).await;
    let mut decision = decide(request.as_ref(), &names, issued.as_ref(), is_due, kept.is_often(now));
    if let (Decision::Order, Some(wanted)) = (&decision, request.as_ref().filter(|_| kept.may(now))) {
        match order(certificate, issued.as_ref(), wanted, asked, market).await {
            Ok(chain) => {
                kept.succeed(now);
                tracing::info!(certificate = name, node, until = chain.ends, "a certificate was issued for a node");
                issued = Some(chain);
                decision = Decision::Deliver;
            }
            Err(why) => {
                kept.fail(&why, now);
                tracing::warn!(certificate = name, node, %why, "a certificate could not be had; it is tried again");
            }
        }
    }
    let mut note = kept.why.clone();
    match (&decision, &issued) {
        (Decision::Deliver, Some(chain)) => note = deliver(shared, node, name, chain, is_online, &mut kept, now).await,
        (Decision::Wait(why), _) => note.clone_from(why),
        (Decision::Order, _) if note.is_empty() => "it is ordered again before long".clone_into(&mut note),
        _ => {}
    }
    if kept != before {
        kept.write(asked.folder, name);
    }
    stands(name, request.as_ref(), issued.as_ref(), &kept, note)
}

/// What the node said of it, and whether it is there.
fn said(shared: &Shared, node: &str, name: &str) -> Result<(Option<Request>, bool), String> {
    let seen = shared.board.read();
    let state = seen.nodes.get(node).filter(|state| state.row.state == "member");
    let state = state.ok_or_else(|| format!("there is no node {node}"))?;
    Ok((state.requests.get(name).cloned(), state.presence == Presence::Online))
}

/// What was issued last. One that cannot be read is ordered again, as often as any.
fn read(folder: &Path, name: &str) -> Option<Chain> {
    let bytes = private_file::read(folder, &file(name)).ok().flatten()?;
    Chain::parse(&String::from_utf8_lossy(&bytes)).ok()
}

fn file(name: &str) -> String {
    format!("{name}.pem")
}

/// Orders it with the node's request; kept on the disk before anybody hears of it.
async fn order(
    certificate: &Certificate,
    issued: Option<&Chain>,
    wanted: &Request,
    asked: &mut Asked<'_>,
    market: std::sync::Arc<dyn Market>,
) -> Result<Chain, Failed> {
    let draft = asked.folder.join(format!("{}.draft", certificate.name));
    let wanted = Wanted {
        names: &certificate.names,
        profile: certificate.profile.as_deref(),
        replaces: issued,
        request: atalaya_acme::Request::Theirs(wanted.body.clone()),
    };
    let way = proof::way(&certificate.way, market);
    let signed = asked.client().await?.issue(&wanted, &way, &draft, &|_| {}).await?;
    if signed.chain.pem.len() > CHAIN_BYTES_MAX {
        return Err(Failed::Garbled(format!(
            "its chain has {} bytes, which no command carries",
            signed.chain.pem.len()
        )));
    }
    let kept = private_file::replace(asked.folder, &file(&certificate.name), signed.chain.pem.as_bytes());
    kept.map_err(|why| Failed::SetUp(why.to_string()))?;
    if !signed.left_records
        && let Err(why) = Draft::remove(&draft)
    {
        tracing::warn!(certificate = certificate.name, %why, "a draft stays");
    }
    Ok(signed.chain)
}

/// Sends it, if the node is there and it was not sent a moment ago; what is to be said of that.
async fn deliver(
    shared: &Shared,
    node: &str,
    name: &str,
    chain: &Chain,
    is_online: bool,
    kept: &mut Kept,
    now: i64,
) -> String {
    if !is_online {
        return "it is issued, and its node is away".into();
    }
    if kept.may_send(now) {
        kept.sent(now);
        let order = Order::Certificate(name.to_owned(), chain.pem.clone());
        if let Err(why) = shared.acts.order(node, order).await {
            return format!("it is issued, and could not be sent to its node: {why}");
        }
    }
    "it is issued and sent, and its node does not show it as installed".into()
}

/// As a line of the list. What the node has counts, not what was issued.
fn stands(name: &str, request: Option<&Request>, issued: Option<&Chain>, kept: &Kept, note: String) -> Found {
    Found { next: next(issued, kept), ..line(name, request, issued, kept, note) }
}

fn line(name: &str, request: Option<&Request>, issued: Option<&Chain>, kept: &Kept, note: String) -> Found {
    let has = request.and_then(|request| kept.known.iter().find(|known| known.fingerprint == request.installed));
    let words = |chain: &Chain| noted(chain, note.clone());
    match (has, issued) {
        (Some(Known { begun, ends, .. }), Some(chain)) => found(name, Ends::At(*ends), Some(*begun), words(chain)),
        (_, Some(chain)) => found(name, Ends::Unknown(format!("it is not installed yet: {note}")), None, words(chain)),
        (_, None) => found(name, Ends::Unknown(format!("not issued yet: {note}")), None, String::new()),
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
