//! The No-IP client and pages that tell our address, as the real program runs them: in processes of their own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cli::{Bench, Ran};
use super::noip_server::{Act, Server as NoIp};
use atalaya_reach::dns::server::{Server as Names, address, serves};

const PASSWORD: &str = "s3cret-of-the-key";

struct World {
    bench: Bench,
    noip: NoIp,
    _names: Names,
}

impl World {
    /// A name that leads elsewhere than to where we are.
    fn new(home: &str, answer: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let (bench, noip) = (Bench::empty(), NoIp::start("127.0.0.1", answer));
        let names = Names::start(|asked| {
            let zone = [serves("ddns.net", "nf1.no-ip.com"), address("nf1.no-ip.com", "127.0.0.1")];
            vec![asked.reply(&[&zone[..], &[address("home.ddns.net", "203.0.113.9")]].concat())]
        });
        fs::write(bench.path("password"), format!("{PASSWORD}\n")).unwrap();
        let port = names.address.port();
        let config = format!(
            "[node]\nstate_dir = {:?}\n[[mqtt]]\nurl = 'mqtt://127.0.0.1:1'\n[noip_client]\nhosts = ['home.ddns.net']\nuser = 'rv7sc9a'\npassword_file = {:?}\n\
             ca_file = {:?}\nserver = '{}'\n[probes.dns]\nhost = [{{ name = 'home.ddns.net' }}]\nipv4 = ['{home}']\nipv6 = []\n\
             resolvers = ['127.0.0.1:{port}']\npublic_resolvers = ['127.0.0.1:{port}']\nauthoritative_port = {port}\n",
            bench.path("state"),
            bench.path("password"),
            noip.ca,
            noip.url
        );
        fs::write(bench.path("agent.toml"), config).unwrap();
        fs::create_dir(bench.path("state")).unwrap();
        Self { bench, noip, _names: names }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bench.command(words);
        command.arg("--config").arg(self.bench.path("agent.toml"));
        command
    }

    /// One turn, as the daemon has it.
    fn turn(&self) -> Ran {
        super::cli::ran(self.command(&["probe", "noip_client", "--parts"]))
    }

    fn sent(&self) -> usize {
        self.noip.asked().len()
    }

    fn until_sent(&self, child: &mut Child, number: usize) {
        until(child, "nothing was sent", || self.sent() >= number);
    }
}

/// Waits as long as `child` lives, and fails when it ends, or after minutes of nothing.
fn until(child: &mut Child, what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..15_000 {
        if is() {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    panic!("{what}");
}

/// The words of every process that can be seen.
fn words_of_all() -> String {
    let files = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    files.filter_map(|path| fs::read(path).ok()).map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}

#[test]
fn killed_before_the_answer_it_does_not_send_again() {
    let answers = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answers);
    let world = World::new("static:203.0.113.7", move |_| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 { Act::Silence } else { Act::ok("good 203.0.113.7") }
    });
    let mut child = world.command(&["probe", "noip_client", "--parts"]).stdout(Stdio::null()).spawn().unwrap();
    world.until_sent(&mut child, 1);
    assert!(!words_of_all().contains(PASSWORD));
    child.kill().unwrap();
    child.wait().unwrap();
    for _ in 0..3 {
        let ran = world.turn();
        assert!(ran.code == 0 && ran.out.ends_with("ok\n"), "{ran:?}");
        assert!(!ran.out.contains(PASSWORD));
    }
    assert_eq!(world.sent(), 1);
}

#[test]
fn the_daemon_says_the_last_word_once_in_its_log_and_sends_nothing_more() {
    let world = World::new("static:203.0.113.7", |_| Act::ok("badauth"));
    for _ in 0..2 {
        let log = world.bench.path("log");
        let mut command = world.command(&["run"]);
        let mut child = command.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let text = || fs::read_to_string(&log).unwrap();
        until(&mut child, "the daemon ended", || text().contains("refuses the user name"));
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), nix::sys::signal::Signal::SIGTERM)
            .unwrap();
        child.wait().unwrap();
        let lines: Vec<_> = text().lines().filter(|line| line.contains("noip_client")).map(str::to_owned).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("home.ddns.net: No-IP refuses the user name or password"), "{lines:?}");
        assert!(!text().contains(PASSWORD) && !text().contains("rv7sc9a"));
    }
    assert_eq!(world.sent(), 1);
    let state = fs::read_to_string(world.bench.path("state/noip.json")).unwrap();
    assert!(state.contains("bad_auth") && !state.contains(PASSWORD), "{state}");
}

#[test]
fn a_person_who_looks_sends_nothing() {
    let world = World::new("static:203.0.113.7", |_| Act::ok("good"));
    let ran = super::cli::ran(world.command(&["probe", "noip_client"]));
    assert!(ran.out.contains("the running agent tells No-IP"), "{ran:?}");
    assert_eq!((world.sent(), super::cli::files(&world.bench.path("state")).len()), (0, 0));
}

/// A page that says `body`, and what it was asked.
fn page(body: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ip?token=s3cret", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut room = [0; 2048];
            let length = stream.read(&mut room).unwrap_or(0);
            note.lock().unwrap().push(String::from_utf8_lossy(&room[..length]).into_owned());
            let words = words_of_all();
            assert!(!words.contains("token=s3cret"));
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
        }
    });
    (url, asked)
}

#[test]
fn a_page_tells_our_address_and_nobody_sees_which() {
    for (body, expected) in [("203.0.113.9\n", Some("203.0.113.9")), ("<html>203.0.113.9</html>", None)] {
        let (url, asked) = page(body);
        let world = World::new(&url, |_| Act::Silence);
        let said = world.bench.json(["probe", "dns", "--config", world.bench.path("agent.toml").to_str().unwrap()]);
        assert_eq!(said["views"][0]["values"]["public_ipv4"].as_str(), expected, "{said}");
        assert_eq!(said["views"][0]["values"]["state"] == "ok", expected.is_some(), "{said}");
        assert_eq!(asked.lock().unwrap().len(), 1);
        assert!(asked.lock().unwrap()[0].starts_with("GET /ip?token=s3cret HTTP/1.1\r\n"));
    }
}
