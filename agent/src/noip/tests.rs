//! The client against No-IP's stand-in and name servers of our own, all on this machine.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atalaya_wire::{Sample, view};
use jiff::Timestamp;

use super::server::{Act, Server};
use super::*;
use crate::probe::{DnsConfig, Fault, Moment, Probe, Site};
use atalaya_reach::dns::server::{Row, Server as Names, address, serves};

const PASSWORD: &str = "s3cret-of-the-key";

/// A world in which the agent lives: its state, the names' servers, and No-IP.
struct World {
    state: tempfile::TempDir,
    rows: Arc<Mutex<Vec<Row>>>,
    names: Names,
    noip: Server,
    hosts: Vec<&'static str>,
    password: &'static str,
    more: String,
    home: &'static str,
    home6: &'static str,
}

/// What the names' servers say of `host`.
fn rows(hosts: &[(&str, &str)]) -> Vec<Row> {
    let mut rows = vec![serves("ddns.net", "nf1.no-ip.com"), address("nf1.no-ip.com", "127.0.0.1")];
    rows.extend(hosts.iter().map(|(host, at)| address(host, at)));
    rows
}

impl World {
    /// One name that leads to `named`, while we are at 203.0.113.7.
    fn new(named: &str, answer: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::of("127.0.0.1", rows(&[("home.ddns.net", named)]), answer)
    }

    fn of(cert: &str, rows: Vec<Row>, answer: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let rows = Arc::new(Mutex::new(rows));
        let now = Arc::clone(&rows);
        let names = Names::start(move |asked| vec![asked.reply(&now.lock().unwrap())]);
        let (state, noip) = (tempfile::tempdir().unwrap(), Server::start(cert, answer));
        let (home, home6) = ("203.0.113.7", "2001:db8::7");
        Self {
            state,
            rows,
            names,
            noip,
            hosts: vec!["home.ddns.net"],
            password: PASSWORD,
            more: String::new(),
            home,
            home6,
        }
    }

    /// The agent, just started.
    fn client(&self) -> Client {
        let file = self.state.path().join("password");
        std::fs::write(&file, format!("{}\n", self.password)).unwrap();
        let config = format!(
            "hosts = {:?}\nuser = 'rv7sc9a'\npassword_file = {file:?}\nca_file = {:?}\nserver = '{}'\n{}",
            self.hosts, self.noip.ca, self.noip.url, self.more
        );
        let port = self.names.address.port();
        let dns = DnsConfig {
            resolvers: vec![([127, 0, 0, 1], port).into()],
            authoritative_port: port,
            ipv4: vec![format!("static:{}", self.home).parse().unwrap()],
            ipv6: vec![format!("static:{}", self.home6).parse().unwrap()],
            ..DnsConfig::default()
        };
        let mut client = Client::new(toml::from_str(&config).unwrap(), dns, self.state.path().to_owned());
        client.pauses = vec![Duration::ZERO];
        client
    }

    /// A restart and a reading, `minutes` after the first.
    fn read(&self, minutes: i64) -> Read {
        self.read_at(&mut self.client(), minutes, Path::new("/nowhere"))
    }

    fn read_at(&self, client: &mut Client, minutes: i64, site: &Path) -> Read {
        let wall = Timestamp::from_second(1_795_168_800 + minutes * 60).unwrap();
        let at = Moment { boot: Duration::from_secs(minutes.unsigned_abs() * 60), wall };
        let mut views = Vec::new();
        let result = client.read(&Site::below(site), at, &mut |_, sample| {
            let Sample::NoIp(view) = sample else { panic!("{sample:?}") };
            views.push(view);
        });
        let shown = format!("{views:?} {result:?} {client:?}");
        assert!(!shown.contains(self.password), "{shown}");
        Read { views, result }
    }

    /// The name leads elsewhere now.
    fn name(&self, hosts: &[(&str, &str)]) {
        *self.rows.lock().unwrap() = rows(hosts);
    }

    fn sent(&self) -> usize {
        self.noip.asked().len()
    }
}

struct Read {
    views: Vec<view::NoIp>,
    result: crate::probe::Result<()>,
}

impl Read {
    fn state(&self) -> &str {
        self.views[0].state.as_deref().unwrap()
    }

    fn problem(&self) -> &str {
        self.views[0].problem.as_deref().unwrap_or_default()
    }
}

/// No-IP's other half: an update shows at the name's servers.
fn obeys(world: &World) -> impl Fn(&str) + use<> {
    let rows_now = Arc::clone(&world.rows);
    move |head: &str| {
        let told = head.split(" HTTP").next().unwrap().split("myip=").nth(1).unwrap();
        let all: Vec<_> = told.split(',').map(|at| ("home.ddns.net", at)).collect();
        *rows_now.lock().unwrap() = rows(&all);
    }
}

#[test]
fn the_request_is_as_no_ip_wants_it_and_goes_out_once() {
    let shared = Arc::new(Mutex::new(None::<Box<dyn Fn(&str) + Send>>));
    let act = Arc::clone(&shared);
    let world = World::new("203.0.113.9", move |head| {
        act.lock().unwrap().as_ref().unwrap()(head);
        Act::ok("good 203.0.113.7\r\n")
    });
    *shared.lock().unwrap() = Some(Box::new(obeys(&world)));
    let first = world.read(0);
    assert_eq!((first.state(), first.problem(), world.sent()), ("ok", "", 1), "{:?}", first.views);
    assert_eq!(first.views[0].client.as_deref(), Some("atalaya"));
    assert_eq!(first.views[0].believed_ipv4.as_deref(), Some("203.0.113.7"));
    let head = world.noip.asked().remove(0);
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("GET /nic/update?hostname=home.ddns.net&myip=203.0.113.7 HTTP/1.1"));
    let headers: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    let credentials = format!("rv7sc9a:{PASSWORD}");
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, credentials);
    assert!(head.contains(&format!(" Basic {encoded}\r\n")), "{head}");
    assert!(head.contains(&format!(" {AGENT}\r\n")), "{head}");
    assert_eq!(headers.iter().filter(|line| line.starts_with("user-agent: ")).count(), 1);
    assert_eq!(headers.iter().filter(|line| line.starts_with("authorization: ")).count(), 1);
    assert!(!head.split("\r\n").next().unwrap().contains("rv7sc9a"));
    // A restart, and a day of them: nothing is sent.
    for hour in 1..24 {
        assert_eq!(world.read(hour * 60).state(), "ok");
    }
    assert_eq!(world.sent(), 1);
}

#[test]
fn both_families_go_in_one_request() {
    let mut world = World::new("203.0.113.9", |_| Act::ok("good 203.0.113.7,2001:db8::7"));
    world.more = "ipv6 = true".into();
    assert_eq!((world.read(0).state(), world.sent()), ("unknown", 1));
    assert!(world.noip.asked()[0].contains("&myip=203.0.113.7,2001:db8::7 HTTP"));
    world.name(&[("home.ddns.net", "203.0.113.7"), ("home.ddns.net", "2001:db8::7")]);
    assert_eq!((world.read(10).state(), world.sent()), ("ok", 1));
    // An address of this network only is none.
    world.home6 = "fe80::1";
    world.more = "ipv6 = true\nipv4 = false".into();
    let read = world.read(20);
    assert_eq!(
        (read.state(), read.problem()),
        ("unknown", "our address is not known: fe80::1 is an address of this network only")
    );
}

#[test]
fn every_answer_has_its_state_and_its_next_request() {
    for (status, body, state, problem, next) in [
        (200, "good 203.0.113.7", "unknown", "do not show it yet", Some(20)),
        (200, "nochg 203.0.113.7", "unknown", "do not show it yet", Some(20)),
        (200, "nohost", "latched", "knows no such name", None),
        (200, "badauth", "latched", "user name or password", None),
        (200, "badagent", "latched", "refuses this program", None),
        (200, "!donator", "latched", "wants money", None),
        (200, "abuse", "latched", "blocked the name", None),
        (200, "911", "failing", "has trouble of its own; next try after 2026-11-20T10:30:", Some(40)),
        (500, "", "failing", "has trouble of its own; next try after 2026-11-20T10:30:", Some(40)),
        (200, "", "failing", "says nothing of this name", Some(20)),
        (200, "<html>good</html>", "failing", "none of No-IP's", Some(20)),
    ] {
        let world = World::new("203.0.113.9", move |_| Act::Say(status, body.to_owned()));
        let read = world.read(0);
        assert_eq!((read.state(), world.sent()), (state, 1), "{body}: {:?}", read.views);
        assert!(read.problem().contains(problem), "{body}: {}", read.problem());
        // Every ten minutes, each time after a restart.
        let again = (1..=30).map(|turn| turn * 10).find(|minutes| {
            world.read(*minutes);
            world.sent() > 1
        });
        assert_eq!(again, next, "{body}");
    }
}

#[test]
fn what_is_no_answer_is_tried_again_later_and_never_final() {
    let say = |status, body: &str| Act::Say(status, body.to_owned());
    for (act, problem) in [
        (say(302, "good 203.0.113.7"), "answers with another status"),
        (say(404, "abuse"), "answers with another status"),
        (Act::Say(200, "x".repeat(5000)), "answers with too much"),
        (Act::Raw(b"SSH-2.0-x\r\n\r\n".to_vec()), ""),
        (Act::Raw(Vec::new()), ""),
        (Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood".to_vec()), ""),
        (Act::Raw([b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(20_000)].concat()), ""),
    ] {
        let shown = format!("{act:?}").chars().take(60).collect::<String>();
        let world = World::new("203.0.113.9", move |_| act.clone());
        let read = world.read(0);
        assert_eq!((read.state(), world.sent()), ("failing", 1), "{shown}: {:?}", read.views);
        assert!(read.problem().starts_with("No-IP cannot be told: ") && read.problem().contains(problem));
        assert_eq!(read.result, Ok(()));
        world.read(1);
        assert_eq!(world.sent(), 1);
        world.read(11);
        assert_eq!(world.sent(), 2, "{shown}");
    }
}

#[test]
fn whoever_does_not_answer_is_left_in_time() {
    let drips = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\ngood 203.0.113.7".to_vec();
    for act in [Act::Silence, Act::Drip(drips)] {
        let world = World::new("203.0.113.9", move |_| act.clone());
        let mut client = world.client();
        client.patience = Duration::from_secs(2);
        let read = world.read_at(&mut client, 0, Path::new("/nowhere"));
        assert_eq!((read.state(), world.sent()), ("failing", 1));
        assert!(read.problem().contains("no answer in time"), "{}", read.problem());
    }
}

#[test]
fn a_redirection_is_not_followed_with_the_password() {
    let other = Arc::new(Server::start("127.0.0.1", |_| Act::ok("good 203.0.113.7")));
    let to = other.url.clone();
    let world = World::new("203.0.113.9", move |_| {
        let text = format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        Act::Raw(text.into_bytes())
    });
    assert_eq!((world.read(0).state(), world.sent(), other.asked().len()), ("failing", 1, 0));
}

#[test]
fn nothing_is_said_to_whoever_cannot_show_a_certificate() {
    // One for another name, and one of a CA that nobody trusts.
    let wrong = rows(&[("home.ddns.net", "203.0.113.9")]);
    let world = World::of("dynupdate.example", wrong.clone(), |_| Act::ok("good"));
    assert!(world.read(0).problem().contains("its certificate is for another name"));
    assert_eq!(world.sent(), 0);
    let mut world = World::of("127.0.0.1", wrong, |_| Act::ok("good"));
    let elsewhere = world.state.path().join("other-ca.pem");
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    std::fs::write(&elsewhere, params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()).unwrap();
    world.noip.ca = elsewhere;
    let read = world.read(0);
    assert!(read.problem().contains("nobody whom this machine trusts"), "{}", read.problem());
    world.noip.ca = world.state.path().join("nowhere.pem");
    assert!(world.read(30).problem().contains("no certificates to trust"));
    assert_eq!(world.sent(), 0);
}

#[test]
fn the_last_word_survives_restarts_until_the_configuration_changes() {
    let answer = Arc::new(Mutex::new("badauth"));
    let says = Arc::clone(&answer);
    let mut world = World::new("203.0.113.9", move |_| Act::ok(&says.lock().unwrap()));
    let read = world.read(0);
    // Told as a failure too, so that it is in the log, once.
    assert_eq!(read.result, Err(Fault::Failed(format!("home.ddns.net: {}", Final::BadAuth.why()))));
    *answer.lock().unwrap() = "good 203.0.113.7";
    for day in 1..40 {
        assert_eq!(world.read(day * 1440).state(), "latched");
    }
    assert_eq!(world.sent(), 1);
    // Another password in the same file is another configuration.
    world.password = "another-s3cret";
    assert_eq!((world.read(60_000).state(), world.sent()), ("unknown", 2));
    let kept = std::fs::read_to_string(world.state.path().join("noip.json")).unwrap();
    assert!(!kept.contains("s3cret") && !kept.contains("rv7sc9a"), "{kept}");
}

#[test]
fn many_names_of_a_key_share_a_request_and_its_fate() {
    let wrong = [("a.ddns.net", "203.0.113.9"), ("b.ddns.net", "203.0.113.9"), ("c.ddns.net", "203.0.113.7")];
    let hosts = vec!["a.ddns.net", "b.ddns.net", "c.ddns.net"];
    let states = |read: &Read| -> Vec<String> {
        read.views.iter().map(|view| view.state.as_deref().unwrap().to_owned()).collect()
    };
    let mut world = World::of("127.0.0.1", rows(&wrong), |_| Act::ok("good 203.0.113.7\nnohost\n"));
    world.hosts = hosts.clone();
    assert_eq!(states(&world.read(0)), ["unknown", "latched", "ok"]);
    assert!(world.noip.asked()[0].starts_with("GET /nic/update?hostname=a.ddns.net,b.ddns.net&myip="));
    // Abuse is about the key: the third is silent too, although it was not asked for.
    let mut world = World::of("127.0.0.1", rows(&wrong), |_| Act::ok("abuse"));
    world.hosts = hosts;
    assert_eq!(states(&world.read(0)), ["latched"; 3]);
    world.home = "203.0.113.8";
    world.read(1000);
    assert_eq!(world.sent(), 1);
}

#[test]
fn without_an_address_to_tell_nothing_is_sent() {
    let mut world = World::new("203.0.113.9", |_| Act::ok("good"));
    for (home, problem) in [("100.64.3.4", "nobody outside can reach 100.64.3.4"), ("2001:db8::1", "other family")] {
        world.home = home;
        let read = world.read(0);
        assert!(read.problem().contains(problem), "{}", read.problem());
    }
    assert_eq!(world.sent(), 0);
}

#[test]
fn what_cannot_be_remembered_is_not_sent() {
    let world = World::new("203.0.113.9", |_| Act::ok("good"));
    let taken = world.state.path().join("noip.part");
    std::fs::create_dir(&taken).unwrap();
    let read = world.read(0);
    assert!(read.problem().contains("cannot write") && read.result.is_err(), "{}", read.problem());
    std::fs::remove_dir(&taken).unwrap();
    std::fs::write(world.state.path().join("noip.json"), "{").unwrap();
    assert!(world.read(0).problem().contains("cannot understand"));
    assert_eq!(world.sent(), 0);
}

#[test]
fn another_client_is_left_to_its_work() {
    let world = World::new("203.0.113.9", |_| Act::ok("good"));
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(site.path().join("proc/7")).unwrap();
    std::fs::write(site.path().join("proc/7/comm"), "noip-duc\n").unwrap();
    let read = world.read_at(&mut world.client(), 0, site.path());
    assert_eq!((read.state(), read.views[0].running, world.sent()), ("stopped", Some(false), 0));
    assert!(read.problem().contains("noip-duc runs here"), "{}", read.problem());
}

#[test]
fn looking_changes_nothing() {
    let world = World::new("203.0.113.9", |_| Act::ok("good"));
    let mut client = world.client();
    client.only_look();
    let read = world.read_at(&mut client, 0, Path::new("/nowhere"));
    assert_eq!((read.state(), world.sent()), ("failing", 0));
    assert!(read.problem().contains("the running agent tells No-IP"));
    assert!(!world.state.path().join("noip.json").exists() && !world.state.path().join("noip.lock").exists());
}

#[test]
fn it_is_off_unless_somebody_wants_it() {
    let mut client = Client::new(ClientConfig::default(), DnsConfig::default(), "/nowhere".into());
    let at = Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
    assert!(!client.apart());
    assert!(matches!(client.read(&Site::default(), at, &mut |_, _| panic!()), Err(Fault::Absent(_))));
}
