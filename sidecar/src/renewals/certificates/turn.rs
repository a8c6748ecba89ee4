//! One look at one certificate: is it there, is it time, order it, put it in its place, see it served.

use std::sync::Arc;

use atalaya_acme::served::{Served, served};
use atalaya_acme::{Chain, Draft, Failed, Request, Wanted};
use atalaya_renew::when::{Life, Stage, seed};
use atalaya_renew::{Ends, Found, Next};

use super::super::Market;
use super::kept::Kept;
use super::{Asked, found, proof};
use crate::config::{Certificate, Here};

/// The authority is asked about its window at most so often, and at least.
const HINT_SECONDS: std::ops::RangeInclusive<i64> = 3_600..=86_400;

/// How it stands after the look.
pub(super) async fn turn(
    certificate: &Certificate,
    here: &Here,
    asked: &mut Asked<'_>,
    market: Arc<dyn Market>,
    now: i64,
) -> Found {
    let mut kept = Kept::read(asked.folder, &certificate.name);
    let before = kept.clone();
    let installed = match here.place.chain() {
        Ok(installed) => installed,
        Err(why) => return found(&certificate.name, Ends::Unknown(why.to_string()), None, String::new()),
    };
    let mut note = String::new();
    let chain = if is_due(installed.as_ref(), certificate, asked, &mut kept, now).await && kept.may(now) {
        // On the disk before it is in its place: what comes after it is done, whenever this ends.
        kept.reload = here.reload.is_some();
        kept.write(asked.folder, &certificate.name);
        match renew(certificate, here, installed.as_ref(), asked, market).await {
            Ok(chain) => {
                kept.succeed(now);
                tracing::info!(
                    certificate = certificate.name,
                    until = chain.ends,
                    "a certificate was issued and installed"
                );
                Some(chain)
            }
            Err(why) => {
                kept.fail(&why, now);
                tracing::warn!(certificate = certificate.name, %why, "a certificate could not be had; it is tried again");
                installed
            }
        }
    } else {
        installed
    };
    let mut unread = false;
    if let Some(chain) = &chain {
        note = match read_again(here, asked, &mut kept).await {
            Ok(()) => settle(here, chain).await,
            Err(why) => {
                unread = true;
                why.to_string()
            }
        };
    }
    if kept != before {
        kept.write(asked.folder, &certificate.name);
    }
    let found = match &chain {
        // Whoever does not read it shows the one before, and when that ends is not known here.
        Some(chain) if unread => found(
            &certificate.name,
            Ends::Unknown(format!("it is not used yet: {note}")),
            Some(chain.begun),
            noted(chain, String::new()),
        ),
        Some(chain) => found(&certificate.name, Ends::At(chain.ends), Some(chain.begun), noted(chain, note)),
        None => found(&certificate.name, Ends::Unknown(format!("not issued yet: {}", kept.why)), None, String::new()),
    };
    Found { next: next(chain.as_ref(), &kept), ..found }
}

/// When it is ordered again, from when on that is late, and why it was not had the last time.
pub(super) fn next(chain: Option<&Chain>, kept: &Kept) -> Next {
    // Of one that was never had, its end says why.
    let Some(chain) = chain else { return Next::default() };
    let failed = Some(kept.why.clone()).filter(|why| !why.is_empty());
    let life = Life { begun: chain.begun, ends: chain.ends };
    let window = kept.window.filter(|_| kept.fingerprint == chain.fingerprint);
    let at = life.due(window, seed(&chain.fingerprint)).at;
    // After a failure it waits for longer.
    let again = failed.as_ref().map_or(at, |_| at.max(kept.next));
    Next { at: Some(again), late: Some(life.late(window)), failed, check: None }
}

pub(super) fn noted(chain: &Chain, note: String) -> String {
    let names = format!("{} · {}", chain.names.join(", "), chain.issuer);
    if note.is_empty() { names } else { format!("{names} · {note}") }
}

/// Whether it is to be ordered now: there is none, its names are others, or its time has come.
pub(super) async fn is_due(
    installed: Option<&Chain>,
    certificate: &Certificate,
    asked: &mut Asked<'_>,
    kept: &mut Kept,
    now: i64,
) -> bool {
    let Some(chain) = installed else { return true };
    // What cannot be a name is refused when it is ordered.
    if atalaya_acme::tidy(&certificate.names).is_ok_and(|names| chain.names != names) {
        return true;
    }
    hint(chain, asked, kept, now).await;
    let life = Life { begun: chain.begun, ends: chain.ends };
    let window = kept.window.filter(|_| kept.fingerprint == chain.fingerprint);
    life.stage(window, seed(&chain.fingerprint), now) != Stage::Fine
}

/// Asks when the authority wants to be asked, if it is time. Where it does not say, the share of its life counts.
async fn hint(chain: &Chain, asked: &mut Asked<'_>, kept: &mut Kept, now: i64) {
    let known = kept.fingerprint == chain.fingerprint;
    if known && now < kept.ask_again && kept.ask_again - now <= *HINT_SECONDS.end() {
        return;
    }
    if !known {
        (kept.window, kept.fingerprint) = (None, chain.fingerprint.clone());
    }
    let hint = match asked.client().await {
        Ok(client) => client.hint(chain).await,
        Err(why) => Err(why),
    };
    let again = match hint {
        Ok(Some(hint)) => {
            kept.window = Some(hint.window);
            i64::from(hint.again)
        }
        Ok(None) => *HINT_SECONDS.end(),
        Err(_) => *HINT_SECONDS.start(),
    };
    kept.ask_again = now.saturating_add(again.clamp(*HINT_SECONDS.start(), *HINT_SECONDS.end()));
}

/// Orders it and puts it in its place; the one before stays beside it.
async fn renew(
    certificate: &Certificate,
    here: &Here,
    installed: Option<&Chain>,
    asked: &mut Asked<'_>,
    market: Arc<dyn Market>,
) -> Result<Chain, Failed> {
    let draft = asked.folder.join(format!("{}.draft", certificate.name));
    let wanted = Wanted {
        names: &certificate.names,
        profile: certificate.profile.as_deref(),
        replaces: installed,
        request: Request::Own,
    };
    let way = proof::way(&certificate.way, market);
    let issued = asked.client().await?.issue(&wanted, &way, &draft, &|_| {}).await?;
    let key = issued.key.ok_or_else(|| Failed::Garbled("the certificate came without its key".into()))?;
    here.place.install(&issued.chain, &key)?;
    // What is left of its proof is swept by the next order.
    if !issued.left_records
        && let Err(why) = Draft::remove(&draft)
    {
        tracing::warn!(certificate = certificate.name, %why, "a draft stays");
    }
    Ok(issued.chain)
}

/// Makes its service read it, if that was not done; again each minute until it was.
async fn read_again(here: &Here, asked: &Asked<'_>, kept: &mut Kept) -> Result<(), Failed> {
    if let Some(reload) = here.reload.as_ref().filter(|_| kept.reload) {
        asked.config.certificates.reload.run(reload).await?;
    }
    kept.reload = false;
    Ok(())
}

/// By which name a service is asked for a certificate: one that it is for. Nobody asks for a name with a star.
fn asked_for(names: &[String], host: &str) -> String {
    let whole = names.iter().find(|name| !name.starts_with("*."));
    let below = || names.first().map(|name| name.replacen('*', "www", 1));
    whole.cloned().or_else(below).unwrap_or_else(|| host.to_owned())
}

/// The one before goes when the new one is seen served; what is wrong otherwise.
async fn settle(here: &Here, chain: &Chain) -> String {
    if !here.place.has_previous() {
        return String::new();
    }
    let Some((host, port)) = &here.served else { return String::new() };
    match served(host, *port, &asked_for(&chain.names, host), &chain.fingerprint).await {
        Served::Yes => here.place.settle().err().map_or_else(String::new, |why| why.to_string()),
        Served::Other { .. } => format!("{host}:{port} still shows another certificate: make it read the new one"),
        Served::Nothing(why) => format!("{host}:{port} shows none: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use atalaya_renew::when::Window;
    use atalaya_renew::{Event, Key, Kind, Rank, Standing, State, Terms, problem, standing, step};

    use super::*;

    const DAY: i64 = 86_400;

    /// Sorted, the star comes first, and is no name to ask for: the pair before was kept for good.
    #[test]
    fn a_service_is_asked_by_a_name_without_a_star() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(asked_for(&names(&["*.a.example", "a.example"]), "h"), "a.example");
        assert_eq!(asked_for(&names(&["*.a.example"]), "h"), "www.a.example");
        assert_eq!(asked_for(&[], "h"), "h");
    }

    fn chain(begun: i64, days: i64) -> Chain {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["nas.example.com".to_owned()]).unwrap();
        let at = |at: i64| std::time::UNIX_EPOCH + std::time::Duration::from_secs(at.unsigned_abs());
        params.not_before = at(begun).into();
        params.not_after = at(begun + days * DAY).into();
        Chain::parse(&params.self_signed(&key).unwrap().pem()).unwrap()
    }

    /// As the list shows it at `now`.
    fn stands(chain: &Chain, kept: &Kept, now: i64) -> (Standing, Option<String>) {
        let found = found("nas", Ends::At(chain.ends), Some(chain.begun), String::new());
        let found = Found { next: next(Some(chain), kept), ..found };
        let terms = Terms {
            zone: jiff::tz::TimeZone::UTC,
            caps: Vec::new(),
            dry_run: false,
            every: 3_600,
            providers: std::collections::BTreeMap::new(),
        };
        let mut state = State::default();
        step(&mut state, &terms, Event::Seen { source: "acme".into(), rank: Rank::Holder, found }, now);
        let item = &state.items[&Key::new(Kind::Certificate, "nas")];
        (standing(item, now), problem(item))
    }

    /// One that could not be renewed was fine until a twelfth of its life was left, whatever its authority had asked for.
    #[test]
    fn what_cannot_be_renewed_is_late_when_its_time_has_passed_and_says_what_failed() {
        let chain = chain(1_790_000_000, 90);
        let at = |day: i64| chain.begun + day * DAY;
        let mut kept = Kept { fingerprint: chain.fingerprint.clone(), ..Kept::default() };
        assert_eq!(next(Some(&chain), &kept).at, Some(at(60)), "two thirds");
        assert_eq!(stands(&chain, &kept, at(61)), (Standing::Fine, None), "it is its time now");
        kept.fail(&Failed::NotProved("no record".into()), at(61));
        let (_, why) = stands(&chain, &kept, at(62));
        assert!(why.is_some_and(|why| why.contains("no record")));
        assert_eq!(next(Some(&chain), &kept).at, Some(kept.next), "not before it is tried again");
        assert_eq!(stands(&chain, &kept, at(74)).0, Standing::Fine);
        assert_eq!(stands(&chain, &kept, at(75)).0, Standing::Late, "a sixth is left");
        kept.window = Some(Window { start: at(20), end: at(22) });
        assert_eq!(stands(&chain, &kept, at(21)).0, Standing::Fine);
        assert_eq!(stands(&chain, &kept, at(22)).0, Standing::Late, "its authority's window has passed");
        kept.fingerprint = "another".into();
        assert_eq!(stands(&chain, &kept, at(22)).0, Standing::Fine, "the window is another certificate's");
        assert_eq!(next(None, &kept), Next::default());
    }
}
