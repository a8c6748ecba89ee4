//! Names that follow a node's public address, against servers that speak Cloudflare's and GoDaddy's protocols, and a name
//! server that shows what these hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atalaya_provider::testing::{Cloudflare, Domain, GoDaddy, Misbehave};
use atalaya_reach::dns::server::{Row, Server, address};
use atalaya_sidecar::clock::{Clock, Now, System};
use atalaya_sidecar::link::{Heard, Held};
use atalaya_sidecar::renewals::records::{Standing, State};
use atalaya_sidecar::tower::Word;
use atalaya_wire::view::{Dns, Meta};
use atalaya_wire::{Sample, text};
use serde_json::Value;

use super::http::{Sidecar, code};

const WAIT: Duration = Duration::from_secs(60);
/// Longer than between two looks.
const LOOKS: Duration = Duration::from_secs(11);
const NAME: &str = "nas.example.com";
const HOME: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";
const SIX: &str = "2001:db8::7";

/// The machine's clock, which a test moves on by seconds: one that stood still would keep the database from being written.
#[derive(Default)]
struct Ahead(AtomicU64, System);

impl Clock for Ahead {
    fn now(&self) -> Now {
        let (now, ahead) = (self.1.now(), Duration::from_secs(self.0.load(Ordering::SeqCst)));
        let millis = i64::try_from(ahead.as_millis()).unwrap();
        Now { wall_millis: now.wall_millis + millis, since_start: now.since_start + ahead }
    }
}

/// Who holds the zone.
enum Holder {
    Cloudflare(Cloudflare),
    GoDaddy(GoDaddy),
}

impl Holder {
    fn section(&self, keys: &str) -> String {
        match self {
            Self::Cloudflare(fake) => {
                format!("kind = \"cloudflare\"\nurl = \"{}\"\ntoken_file = \"{keys}/key\"", fake.url())
            }
            Self::GoDaddy(fake) => format!("kind = \"godaddy\"\nurl = \"{}\"\nkey_file = \"{keys}/key\"", fake.url()),
        }
    }

    /// Type and data of what it holds.
    fn held(&self) -> Vec<String> {
        let lines = match self {
            Self::Cloudflare(fake) => fake.records(),
            Self::GoDaddy(fake) => fake.records(),
        };
        let parts = |line: String| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("{} {}", words[0], words[2].trim_matches('"'))
        };
        lines.into_iter().map(parts).collect()
    }

    /// Requests that change something, and those that look at records.
    fn asked(&self) -> (usize, usize) {
        let asked = match self {
            Self::Cloudflare(fake) => fake.asked(),
            Self::GoDaddy(fake) => fake.asked(),
        };
        let about = asked.iter().filter(|one| one.path.contains("records"));
        let (reads, writes): (Vec<_>, Vec<_>) = about.partition(|one| one.method == "GET");
        (writes.len(), reads.len())
    }

    fn misbehave(&self, line: &str, how: Misbehave) {
        match self {
            Self::Cloudflare(fake) => fake.misbehave(line, how),
            Self::GoDaddy(fake) => fake.misbehave(line, how),
        }
    }
}

/// A holder, a name server that shows what it holds unless it is behind, and a sidecar by a clock that the test moves.
struct Stand {
    sidecar: Option<Sidecar>,
    holder: Arc<Holder>,
    clock: Arc<Ahead>,
    behind: Arc<AtomicBool>,
    config: String,
    _keys: tempfile::TempDir,
}

impl Stand {
    fn new(holder: Holder, key: &str) -> Self {
        let keys = tempfile::tempdir().unwrap();
        std::fs::write(keys.path().join("key"), key).unwrap();
        let holder = Arc::new(holder);
        let behind = Arc::new(AtomicBool::new(false));
        let server = shows(&holder, &behind);
        let section = holder.section(&keys.path().display().to_string());
        let config = format!(
            "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n[renewals]\ncontact = \"nas@example.org\"\n\
             [[provider]]\nname = \"zones\"\n{section}\n\
             [[record]]\nname = \"{NAME}\"\nprovider = \"zones\"\nnode = \"nas\"\nservers = [\"{}\"]\n",
            server.address
        );
        let clock = Arc::new(Ahead::default());
        let sidecar = Sidecar::begin(&config, Arc::<Ahead>::clone(&clock));
        let stand = Self { sidecar: Some(sidecar), holder, clock, behind, config, _keys: keys };
        stand.sidecar().add_node("nas", "");
        stand.hear("status", b"online".to_vec());
        stand
    }

    fn cloudflare() -> Self {
        let fake = Cloudflare::start().unwrap();
        fake.add_zone("example.com");
        Self::new(Holder::Cloudflare(fake), Cloudflare::TOKEN)
    }

    fn godaddy() -> Self {
        let fake = GoDaddy::start().unwrap();
        fake.add(Domain::new("example.com", "2029-03-01T10:00:00.000Z"));
        Self::new(Holder::GoDaddy(fake), GoDaddy::KEY)
    }

    fn sidecar(&self) -> &Sidecar {
        self.sidecar.as_ref().unwrap()
    }

    fn hear(&self, rest: &str, payload: Vec<u8>) {
        let heard = Heard { topic: format!("atalaya/nas/{rest}"), payload, retained: false, sender: None };
        self.sidecar().shared().tower.send(Word::Heard(heard, Held::none())).unwrap();
    }

    /// The node says where it is.
    fn is_at(&self, v4: &str, v6: &str, cgnat: Option<bool>) {
        let some = |address: &str| (!address.is_empty()).then(|| text(address));
        let view = Dns {
            host: Some(text("nas.example.net")),
            public_ipv4: some(v4),
            public_ipv6: some(v6),
            cgnat,
            ..Dns::default()
        };
        let now = self.clock.now().seconds();
        self.hear("status", b"online".to_vec());
        self.hear("meta", Sample::from(Meta { interval_seconds: Some(3600), ..Meta::default() }).json(now, 1));
        self.hear("dns/nas", Sample::from(view).json(now, 1));
    }

    /// Time passes for everybody, and the node is still there.
    fn pass(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Waits until one of its records is so.
    fn until(&self, what: &str, is_so: impl Fn(&[Standing]) -> bool) -> Vec<Standing> {
        let begun = Instant::now();
        loop {
            let all = self.sidecar().shared().records.list();
            if is_so(&all) {
                return all;
            }
            assert!(begun.elapsed() < WAIT, "{what}: {all:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the one of IPv4 is in that state, with that address.
    fn until_v4(&self, state: State, v4: Option<&str>) -> Standing {
        let address = v4.map(|v4| v4.parse().unwrap());
        let fits = |one: &Standing| one.kind.as_str() == "A" && one.state == state && one.address == address;
        let all = self.until(state.word(), |all| all.iter().any(fits));
        all.into_iter().find(fits).unwrap()
    }

    fn again(&mut self) {
        let folder = self.sidecar.take().unwrap().leave();
        let clock = Arc::<Ahead>::clone(&self.clock);
        self.sidecar = Some(Sidecar::begin_on(folder, &self.config, clock));
    }
}

/// A name server of the zone; one that is behind shows nothing.
fn shows(holder: &Arc<Holder>, behind: &Arc<AtomicBool>) -> Server {
    let (holder, behind) = (Arc::clone(holder), Arc::clone(behind));
    Server::start(move |asked| {
        let held = if behind.load(Ordering::SeqCst) { Vec::new() } else { holder.held() };
        let of = |line: &String| line.split_once(' ').map(|(_, data)| address(NAME, data));
        let rows: Vec<Row> = held.iter().filter_map(of).collect();
        vec![asked.reply(&rows)]
    })
}

/// What every holder does.
fn follows(stand: &Stand) {
    stand.is_at(HOME, SIX, None);
    let both = |all: &[Standing]| all.len() == 2 && all.iter().all(|one| one.state == State::Ok);
    let all = stand.until("both families", both);
    assert!(all.iter().all(|one| one.verified.is_some()), "{all:?}");
    assert_eq!(stand.holder.held(), [format!("A {HOME}"), format!("AAAA {SIX}")]);
    let (writes, reads) = stand.holder.asked();
    assert_eq!(writes, 2, "one for each family");
    // The same again: neither a write nor a read, however often it is looked at.
    stand.is_at(HOME, SIX, None);
    std::thread::sleep(LOOKS);
    assert_eq!(stand.holder.asked(), (writes, reads));
    // Another address, and the line has no IPv6 for the moment: what is there stays.
    stand.pass(300);
    stand.is_at(OTHER, "", None);
    stand.until_v4(State::Ok, Some(OTHER));
    assert_eq!(stand.holder.held(), [format!("A {OTHER}"), format!("AAAA {SIX}")]);
    assert_eq!(stand.holder.asked().0, writes + 1);
    let six = stand.until("IPv6 is away", |all| all.iter().any(|one| one.state == State::Waiting));
    assert!(six[1].problem.contains("does not know its public address"), "{six:?}");
}

#[test]
fn a_name_at_cloudflare_follows_a_node() {
    follows(&Stand::cloudflare());
}

#[test]
fn a_name_at_godaddy_follows_a_node() {
    follows(&Stand::godaddy());
}

#[test]
fn a_provider_that_is_away_is_told_and_asked_again() {
    let mut stand = Stand::cloudflare();
    let writes = "POST /client/v4/zones/00000000000000000000000000000001/dns_records";
    stand.holder.misbehave(writes, Misbehave::Refuse(500, String::new()));
    stand.is_at(HOME, "", None);
    // Before the node was added it failed, too.
    let told = stand.until("its provider fails", |all| {
        all.iter().any(|one| one.state == State::Failing && !one.problem.contains("no node"))
    });
    assert!(!told[0].problem.is_empty() && stand.holder.held().is_empty(), "{told:?}");
    let asked = stand.holder.asked();
    let page = stand.sidecar().get("/renewals", &[]);
    assert!(page.contains("DNS records") && page.contains(NAME) && page.contains("failing"), "{page}");
    // Neither by looking on nor by another start is it asked before its time.
    stand.again();
    stand.is_at(HOME, "", None);
    stand.until_v4(State::Failing, None);
    std::thread::sleep(LOOKS);
    assert_eq!(stand.holder.asked(), asked);
    stand.pass(70);
    stand.until_v4(State::Ok, Some(HOME));
    assert_eq!(stand.holder.held(), [format!("A {HOME}")]);
}

#[test]
fn what_its_servers_do_not_show_is_not_verified_until_they_do() {
    let stand = Stand::cloudflare();
    stand.behind.store(true, Ordering::SeqCst);
    stand.is_at(HOME, "", None);
    let told = stand.until_v4(State::NotVerified, Some(HOME));
    assert!(told.problem.contains("do not show it") && told.verified.is_none(), "{told:?}");
    let answer = stand.sidecar().get("/api/v1/renewals/records", &[]);
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let one = &body["items"][0];
    assert_eq!((code(&answer), body["items"].as_array().unwrap().len()), (200, 1), "{answer}");
    assert_eq!((one["name"].as_str(), one["type"].as_str()), (Some(NAME), Some("A")), "{answer}");
    assert_eq!((one["state"].as_str(), one["address"].as_str()), (Some("not_verified"), Some(HOME)), "{answer}");
    let asked = stand.holder.asked();
    stand.behind.store(false, Ordering::SeqCst);
    stand.pass(20);
    stand.until_v4(State::Ok, Some(HOME));
    assert_eq!(stand.holder.asked(), asked, "its servers are asked, and not its provider");
}

#[test]
fn an_address_that_nobody_can_reach_is_not_pushed_and_nothing_is_removed() {
    let stand = Stand::cloudflare();
    stand.is_at(HOME, "", Some(true));
    let told = stand.until_v4(State::Waiting, None);
    assert!(told.problem.contains("CGNAT") || told.problem.contains("does not tell"), "{told:?}");
    stand.until("CGNAT", |all| all.iter().any(|one| one.problem.contains("CGNAT")));
    stand.is_at("192.168.1.2", "", None);
    stand.until("private", |all| all.iter().any(|one| one.problem.contains("192.168.1.2 cannot be reached")));
    assert_eq!(stand.holder.asked(), (0, 0));
    stand.is_at(HOME, "", None);
    stand.until_v4(State::Ok, Some(HOME));
    stand.hear("status", b"offline".to_vec());
    let away = stand.until_v4(State::Waiting, Some(HOME));
    assert!(away.problem.contains("away"), "{away:?}");
    assert_eq!(stand.holder.held(), [format!("A {HOME}")]);
}

#[test]
fn a_node_that_nobody_knows_is_told() {
    let fake = Cloudflare::start().unwrap();
    let keys = tempfile::tempdir().unwrap();
    std::fs::write(keys.path().join("key"), Cloudflare::TOKEN).unwrap();
    let section = Holder::Cloudflare(fake).section(&keys.path().display().to_string());
    let sidecar = Sidecar::with(&format!(
        "[renewals]\ncontact = \"nas@example.org\"\n[[provider]]\nname = \"zones\"\n{section}\n\
         [[record]]\nname = \"{NAME}\"\nprovider = \"zones\"\nnode = \"nsa\"\n"
    ));
    let begun = Instant::now();
    while sidecar.shared().records.list().is_empty() && begun.elapsed() < WAIT {
        std::thread::sleep(Duration::from_millis(50));
    }
    let all = sidecar.shared().records.list();
    assert!(all.len() == 2 && all.iter().all(|one| one.state == State::Failing), "{all:?}");
    assert!(all[0].problem.contains("no node has this id"), "{all:?}");
}
