//! Whole readings against one server that is resolver and authority: the one with recursion, the other without.

use super::*;
use atalaya_reach::dns::server::{Asked, Row, Server, address, alias, serves};
use std::sync::{Arc, Mutex};

struct World {
    rows: Arc<Mutex<Vec<Row>>>,
    server: Server,
}

impl World {
    /// What resolvers say is frozen as long as `stale` has rows.
    fn new(rows: Vec<Row>, stale: Vec<Row>) -> Self {
        let rows = Arc::new(Mutex::new(rows));
        let now = Arc::clone(&rows);
        let server = Server::start(move |asked: &Asked| {
            let old = asked.recursive && stale.iter().any(|(name, _)| *name == asked.name);
            vec![if old { asked.reply(&stale) } else { asked.reply(&now.lock().unwrap()) }]
        });
        Self { rows, server }
    }

    fn probe(&self, host: &str, ipv4: &str) -> Dns {
        let port = self.server.address.port();
        let config = format!(
            r#"
            host = [{{ name = "{host}", ipv4 = true }}]
            resolvers = ["127.0.0.1:{port}"]
            public_resolvers = ["127.0.0.1:{port}"]
            authoritative_port = {port}
            ipv4 = ["{ipv4}"]
            ipv6 = []
            "#
        );
        Dns::new(toml::from_str(&config).unwrap(), None)
    }

    fn way(&self) -> String {
        format!("dns:127.0.0.1:{}:myip.example:A", self.server.address.port())
    }
}

fn zone(home: &str) -> Vec<Row> {
    vec![
        serves("ddns.net", "nf1.no-ip.com"),
        address("nf1.no-ip.com", "127.0.0.1"),
        address("home.ddns.net", home),
        address("myip.example", "203.0.113.7"),
    ]
}

fn read(probe: &mut Dns, seconds: u64) -> view::Dns {
    let wall = jiff::Timestamp::from_second(1_795_168_800 + i64::try_from(seconds).unwrap()).unwrap();
    let mut seen = None;
    let at = Moment { boot: Duration::from_secs(seconds), wall };
    let out = &mut |_, sample| {
        let Sample::Dns(view) = sample else { panic!("{sample:?}") };
        seen = Some(view);
    };
    probe.read(&Site::below("/nowhere"), at, out).unwrap();
    seen.unwrap()
}

#[test]
fn a_name_that_leads_here_is_ok_and_one_that_does_not_is_told_in_time() {
    let world = World::new(zone("203.0.113.7"), Vec::new());
    let mut probe = world.probe("home.ddns.net", &world.way());
    let view = read(&mut probe, 0);
    assert_eq!((view.state.as_deref(), view.problem.as_deref()), (Some("ok"), None));
    assert_eq!(view.public_ipv4.as_deref(), Some("203.0.113.7"));
    assert_eq!(view.authoritative_ipv4, view.public_ipv4);
    assert_eq!((view.resolved_ipv4, view.ttl_seconds, view.cgnat), (view.public_ipv4, Some(60), None));
    *world.rows.lock().unwrap() = zone("203.0.113.9");
    for (seconds, state, since) in [
        (300, "lagging", "2026-11-20T10:05:00Z"),
        (1200, "lagging", "2026-11-20T10:05:00Z"),
        (1300, "mismatch", "2026-11-20T10:21:40Z"),
        (1600, "mismatch", "2026-11-20T10:21:40Z"),
    ] {
        let view = read(&mut probe, seconds);
        assert_eq!((view.state.as_deref(), view.since.as_deref()), (Some(state), Some(since)), "{seconds}");
    }
}

#[test]
fn resolvers_that_are_behind_are_told() {
    let world = World::new(zone("203.0.113.7"), vec![address("home.ddns.net", "203.0.113.6")]);
    let view = read(&mut world.probe("home.ddns.net", "static:203.0.113.7"), 0);
    assert_eq!(view.state.as_deref(), Some("lagging"));
    assert_eq!(
        (view.authoritative_ipv4.as_deref(), view.resolved_ipv4.as_deref()),
        (Some("203.0.113.7"), Some("203.0.113.6"))
    );
}

#[test]
fn aliases_are_followed_into_other_zones_and_not_for_ever() {
    let mut rows = zone("203.0.113.7");
    rows.extend([serves("my.example", "nf1.no-ip.com"), alias("nas.my.example", "home.ddns.net")]);
    rows.extend([alias("a.my.example", "b.my.example"), alias("b.my.example", "a.my.example")]);
    let world = World::new(rows, Vec::new());
    let view = read(&mut world.probe("nas.my.example", "static:203.0.113.7"), 0);
    assert_eq!(view.authoritative_ipv4.as_deref(), Some("203.0.113.7"));
    let view = read(&mut world.probe("a.my.example", "static:203.0.113.7"), 0);
    assert_eq!(view.state.as_deref(), Some("unknown"), "{view:?}");
}

#[test]
fn what_is_not_known_is_never_ok() {
    let world = World::new(zone("203.0.113.7"), Vec::new());
    for (host, way, state) in [
        ("gone.ddns.net", "static:203.0.113.7", "unresolved"),
        ("home.ddns.net", "static:2001:db8::1", "unknown"),
        ("home.ddns.net", "https://ip.example/", "unknown"),
        ("home.elsewhere", "static:203.0.113.7", "unknown"),
    ] {
        let view = read(&mut world.probe(host, way), 0);
        assert_eq!(view.state.as_deref(), Some(state), "{host} {way} {view:?}");
    }
    let silent = Server::start(|_| Vec::new());
    let mut probe = World { server: silent, rows: Arc::default() }.probe("home.ddns.net", "static:203.0.113.7");
    assert_eq!(read(&mut probe, 0).state.as_deref(), Some("unknown"));
}

#[test]
fn our_address_is_asked_for_every_ten_minutes_at_most() {
    let world = World::new(zone("203.0.113.7"), Vec::new());
    let mut probe = world.probe("home.ddns.net", "https://ip.example/");
    let count = Arc::new(Mutex::new(0));
    let note = Arc::clone(&count);
    probe.fetch = Some(Box::new(move |_| {
        *note.lock().unwrap() += 1;
        Ok("203.0.113.7\n".into())
    }));
    for (seconds, asked) in [(0, 1), (300, 1), (599, 1), (600, 2)] {
        assert_eq!(read(&mut probe, seconds).state.as_deref(), Some("ok"));
        assert_eq!(*count.lock().unwrap(), asked, "{seconds}");
    }
}

#[test]
fn a_wrong_configuration_is_told() {
    let config = |text: &str| toml::from_str::<DnsConfig>(text).map_err(|err| err.to_string());
    assert!(config("hosts = []").is_err());
    for bad in ["ipv4 = ['magic']", "resolvers = ['one']", "public_resolvers = ['1.1.1.1:x']", "router = ['static:']"] {
        assert!(config(bad).is_err(), "{bad}");
    }
    let ways = ["dns:resolver1.opendns.com:53:myip.opendns.com:A", "dns:ns1.google.com:53:o-o.myaddr.l.google.com:TXT"];
    assert_eq!(config(&format!("ipv4 = {ways:?}")).unwrap().ipv4, DnsConfig::default().ipv4);
}
