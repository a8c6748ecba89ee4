//! What nodes report that has an end: certificates in their files and on their ports, and the names that they keep at No-IP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atalaya_renew::{ByItself, Ends, Event, Flag, Found, Item, Kind, Rank, State};
use atalaya_wire::Sample;
use atalaya_wire::view::{Cert, NoIp};

use super::own;
use crate::program::Shared;
use crate::tower::Seen;

/// Each node is a source of its own: one that is away, or has not spoken since the start, keeps what it said, until that is
/// too old to count.
const SOURCE: &str = "node ";
/// Looked at so often.
const LOOK: Duration = Duration::from_secs(60);
/// What has not changed is said again after so many seconds.
const AGAIN_SECONDS: i64 = 6 * 3_600;

/// Whether all that is known of it is what a node says: then the node has topics, readings and rules of its own for it. When a
/// name at No-IP is to be confirmed no node knows, so that is told here.
#[must_use]
pub fn is_told(item: &Item) -> bool {
    item.key.kind == Kind::Certificate
        && !item.seen.is_empty()
        && item.seen.keys().all(|source| source.starts_with(SOURCE))
}

/// Tells until it is ended.
pub async fn tell(shared: Shared) {
    let mut told = BTreeMap::new();
    loop {
        let now = shared.clock.now().seconds();
        let (known, mut all) = (shared.renewals.seen(), list(&shared.board.read()));
        let identity = &shared.identity;
        let ours = own::list(&identity.people.tokens(), &identity.certificates.presented(), now);
        all.insert(own::SOURCE.to_owned(), Some(ours));
        for event in news(&mut told, &known, all, now) {
            shared.renewals.happened(event);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What each node said last, and when that was told.
type Told = BTreeMap<String, (Vec<Found>, i64)>;

/// What is to be told: what changed, what is old, and that who is no member any more has nothing.
fn news(told: &mut Told, known: &State, all: BTreeMap<String, Option<Vec<Found>>>, now: i64) -> Vec<Event> {
    let said = |source: &str, found| Event::Told { source: source.to_owned(), rank: Rank::Holder, found };
    let sources = known.items.values().flat_map(|item| item.seen.keys()).filter(|source| source.starts_with(SOURCE));
    let gone: BTreeSet<&String> = sources.filter(|source| !all.contains_key(*source)).collect();
    let mut out: Vec<Event> = gone.into_iter().map(|source| said(source, Vec::new())).collect();
    told.retain(|source, _| all.contains_key(source));
    for (source, found) in all {
        let Some(found) = found else { continue };
        let fresh = |(last, at): &(Vec<Found>, i64)| *last == found && (0..AGAIN_SECONDS).contains(&(now - at));
        if !told.get(&source).is_some_and(fresh) {
            out.push(said(&source, found.clone()));
            told.insert(source, (found, now));
        }
    }
    out
}

/// Everything of that kind, by source; nothing is known of a node that has not spoken since the start.
fn list(seen: &Seen) -> BTreeMap<String, Option<Vec<Found>>> {
    let members = seen.nodes.iter().filter(|(_, node)| node.row.state == "member");
    let of = |(id, node): (&_, &crate::tower::NodeState)| {
        let id = AsRef::<str>::as_ref(id);
        // Two may be called the same.
        let title = if node.row.title.is_empty() { id.to_owned() } else { format!("{} ({id})", node.row.title) };
        let samples = node.objects.values().filter_map(crate::tower::Latest::sample);
        let ends = samples.filter_map(|sample| match sample {
            Sample::Cert(cert) => Some(certificate(&title, &cert)),
            Sample::NoIp(kept) => host_name(&title, &kept),
            _ => None,
        });
        let found = (!node.objects.is_empty()).then(|| ends.collect());
        (format!("{SOURCE}{id}"), found)
    };
    members.map(of).collect()
}

/// A name that the node keeps at No-IP. That it is kept up to date says nothing of its confirmation, which is a person's.
fn host_name(node: &str, kept: &NoIp) -> Option<Found> {
    let host = kept.host.as_deref().filter(|host| !host.is_empty())?;
    let why =
        "no node knows when it was last confirmed: say so when you confirm it, or type that day (kind = \"noip\")";
    let mut found = Found::new(Kind::HostName, host, Ends::Unknown(why.into()));
    found.by_itself = ByItself::Nothing;
    let (client, state) = (kept.client.as_deref().unwrap_or("?"), kept.state.as_deref().unwrap_or("unknown"));
    found.note = format!("{client} on {node} keeps its address: {state}");
    Some(found)
}

fn certificate(node: &str, cert: &Cert) -> Found {
    let source = cert.source.as_deref().or(cert.name.as_deref()).unwrap_or("?");
    let seconds =
        |text: Option<&str>| text.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_second);
    let ends = seconds(cert.expires_at.as_deref()).map_or_else(
        || Ends::Unknown(cert.problem.as_deref().unwrap_or("the node cannot read it").to_owned()),
        Ends::At,
    );
    let mut found = Found::new(Kind::Certificate, format!("{node}: {source}"), ends);
    found.begun = seconds(cert.starts_at.as_deref());
    found.by_itself = ByItself::Unknown;
    found.flags = match cert.state.as_deref() {
        Some("wrong_name") => vec![Flag::WrongName],
        Some("not_yet_valid") => vec![Flag::NotYetValid],
        _ => Vec::new(),
    };
    let said = [cert.subject.as_deref(), cert.issuer.as_deref()];
    found.note = said.into_iter().flatten().filter(|said| !said.is_empty()).collect::<Vec<_>>().join(" · ");
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_without_a_date_is_unknown_and_never_fine() {
        let cert = Cert { source: "/etc/ssl/a.pem".try_into().ok(), ..Cert::default() };
        let found = certificate("NAS", &cert);
        assert_eq!(found.name, "NAS: /etc/ssl/a.pem");
        assert!(matches!(found.ends, Ends::Unknown(_)));
        let cert = Cert {
            expires_at: "2027-01-01T00:00:00Z".try_into().ok(),
            starts_at: "2026-10-01T00:00:00Z".try_into().ok(),
            state: "wrong_name".try_into().ok(),
            ..cert
        };
        let found = certificate("NAS", &cert);
        assert_eq!((found.ends, found.flags), (Ends::At(1_798_761_600), vec![Flag::WrongName]));
        assert!(found.begun.is_some());
    }

    /// A name that an agent keeps at No-IP was in no list, so its confirmation was nobody's business.
    #[test]
    fn a_name_that_a_node_keeps_is_unknown_until_somebody_says_when_it_was_confirmed() {
        use atalaya_renew::{Key, Standing, Terms, standing, step};
        let kept = NoIp {
            host: "NAS.ddns.net".try_into().ok(),
            client: "noip-duc".try_into().ok(),
            state: "ok".try_into().ok(),
            ..NoIp::default()
        };
        let found = host_name("casa (n1)", &kept).unwrap();
        assert_eq!(found.note, "noip-duc on casa (n1) keeps its address: ok");
        assert_eq!(host_name("casa", &NoIp::default()), None, "a client without a name");
        let terms = Terms {
            zone: jiff::tz::TimeZone::UTC,
            caps: Vec::new(),
            dry_run: false,
            every: 3_600,
            providers: BTreeMap::new(),
        };
        let (mut state, mut told, now) = (State::default(), Told::new(), 1_790_000_000);
        let all = BTreeMap::from([(format!("{SOURCE}n1"), Some(vec![found]))]);
        for event in news(&mut told, &state.clone(), all, now) {
            step(&mut state, &terms, event, now);
        }
        let key = Key::new(Kind::HostName, "nas.ddns.net");
        let item = &state.items[&key];
        assert_eq!((standing(item, now), item.best().unwrap().0), (Standing::Unknown, "node n1"));
        assert!(!is_told(item), "it is told with everything else that ends");
        step(&mut state, &terms, Event::Confirm { key: key.clone(), who: "ana".into() }, now);
        let item = &state.items[&key];
        let ends = item.life().map(|life| life.ends);
        assert_eq!((standing(item, now), ends), (Standing::Fine, Some(now + 30 * 86_400)));
    }

    #[test]
    fn who_has_not_spoken_yet_keeps_what_it_said_and_who_is_no_member_has_nothing() {
        use atalaya_renew::{Key, Terms, step};
        let terms = Terms {
            zone: jiff::tz::TimeZone::UTC,
            caps: Vec::new(),
            dry_run: false,
            every: 3_600,
            providers: BTreeMap::new(),
        };
        let (mut state, mut told) = (State::default(), Told::new());
        let cert = |node: &str| vec![Found::new(Kind::Certificate, format!("{node}: a"), Ends::At(9_000_000))];
        let mut turn = |state: &mut State, all: &[(&str, Option<&str>)], now: i64| {
            let all = all.iter().map(|(id, has)| (format!("{SOURCE}{id}"), has.map(cert))).collect();
            let news = news(&mut told, state, all, now);
            let count = news.len();
            news.into_iter().for_each(|event| drop(step(state, &terms, event, now)));
            count
        };
        assert_eq!(turn(&mut state, &[("one", Some("one")), ("two", Some("two"))], 100), 2);
        assert_eq!(turn(&mut state, &[("one", Some("one")), ("two", Some("two"))], 200), 0, "nothing new");
        assert_eq!(turn(&mut state, &[("one", None), ("two", Some("two"))], 300), 0);
        assert_eq!(state.items.len(), 2, "one is away");
        assert!(state.items.values().all(is_told), "nothing of it is told twice");
        assert_eq!(turn(&mut state, &[("two", Some("two"))], 400), 1);
        assert_eq!(state.items.keys().collect::<Vec<_>>(), [&Key::new(Kind::Certificate, "two: a")]);
        assert_eq!(turn(&mut state, &[("two", Some("two"))], 100_000), 1, "it is said again");
    }
}
