//! `setup` by options: from nothing to a sidecar that runs, and what is wrong is found before anything is made.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::http::{code, header};
use super::program::{Ended, Program, run};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Folders of a sidecar to be, and options with ports that are free.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    /// Nobody else is given these as long as they are there.
    ports: Vec<TcpListener>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let ports = (0..4).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        Self { folder, ports }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn address(&self, at: usize) -> String {
        self.ports[at].local_addr().unwrap().to_string()
    }

    /// Where it is to be, and where it listens on this machine.
    pub(crate) fn words(&self) -> Vec<String> {
        let (config, state) = (self.path("etc/sidecar.toml"), self.path("lib/state"));
        ["--config", &config, "--state-dir", &state, "--listen", &self.address(0), "--broker-listen", &self.address(1)]
            .map(str::to_owned)
            .into()
    }

    /// From now on others may have the ports.
    pub(crate) fn let_go(&mut self) {
        self.ports.clear();
    }

    /// Sets up, with ports that are free by then.
    pub(crate) fn set_up(&mut self, more: &[&str]) -> Ended {
        let words = self.words();
        self.let_go();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&[&["setup"], &words[..], more].concat())
    }

    /// The sidecar that was set up.
    pub(crate) fn start(&self) -> Program {
        Program::start_with(Path::new(&self.path("etc/sidecar.toml")), Path::new(&self.path("lib/state")))
    }

    /// What is there besides what the test put there.
    pub(crate) fn made(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| !path.ends_with("password")).collect()
    }

    pub(crate) fn config(&self) -> String {
        fs::read_to_string(self.path("etc/sidecar.toml")).unwrap_or_default()
    }
}

/// An address that nobody has.
pub(crate) fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// One line, this exit code, and nothing is there.
pub(crate) fn refuses(bench: &Bench, ended: &Ended, code: i32, why: &str) {
    let one_line = ended.err.lines().count() == 1 && ended.err.starts_with("atalaya-sidecar: ");
    assert!(ended.code == code && one_line && ended.err.contains(why), "{why}: {} {}", ended.code, ended.err);
    assert_eq!((ended.out.as_str(), bench.made()), ("", Vec::new()), "{why}");
}

/// What the page for logging in answers to a name and a password.
fn log_in(pages: &str, name: &str, password: &str) -> String {
    let host = pages.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let body = format!("name={name}&password={}", password.replace(' ', "+"));
    let form = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close";
    write!(stream, "POST /login HTTP/1.1\r\nHost: {host}\r\n{form}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_sidecar_for_the_network_runs_and_its_account_logs_in() {
    let words = ["--reach", "network", "--name", "nas.lan", "--name", "192.0.2.7", "--account", "ana"];
    let mut bench = Bench::new();
    let (web, broker, password) = (bench.address(2), bench.address(3), bench.path("password"));
    let listen = ["--listen-tls", &web, "--broker-listen-tls", &broker, "--password-file", &password];
    let done = bench.set_up(&[&words[..], &listen].concat());
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    let port = web.rsplit(':').next().unwrap();
    let config = bench.path("etc/sidecar.toml");
    for said in [
        "Made the account ana, which may do everything",
        &format!("start it      atalaya-sidecar run --config {config}"),
        &format!("dashboard     https://nas.lan:{port}/"),
        &format!("add a node    atalaya-sidecar node add --name NAME --config {config}"),
    ] {
        assert!(done.out.contains(said), "{said}: {}", done.out);
    }
    let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("etc/sidecar.toml"), mode("lib/state"), mode("lib/state/sidecar.db")), (0o640, 0o700, 0o600));
    assert!(bench.config().contains("names = [\"nas.lan\", \"192.0.2.7\"]"), "{}", bench.config());
    assert!(!bench.config().contains(PASSWORD));
    let checked = run(&["config", "check", "--config", &config]);
    assert!(checked.code == 0 && checked.err.is_empty(), "{}", checked.err);

    let program = bench.start();
    let answer = log_in(&program.pages, "ana", PASSWORD);
    assert_eq!((code(&answer), header(&answer, "location")), (303, Some("/")), "{answer}");
    assert_eq!(code(&log_in(&program.pages, "ana", "another horse battery")), 403);
    assert!(program.does(&["user", "list"]).contains("ana   approver  all"));
    assert!(program.audit()[0].ends_with("command account.add ana"), "{:?}", program.audit());
    assert!(program.does(&["node", "add", "--name", "x"]).starts_with("atalaya-agent setup --join atalaya1:"));
    for address in [&web, &broker] {
        TcpStream::connect(address).unwrap();
    }
}

#[test]
fn a_sidecar_for_this_machine_alone_needs_no_account() {
    let mut bench = Bench::new();
    let (pages, broker) = (bench.address(0), bench.address(1));
    let done = bench.set_up(&["--reach", "machine", "--json"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    let said: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(said["dashboard"], format!("http://{pages}/"));
    assert_eq!(said["broker"], format!("mqtt://{broker}"));
    assert!(said["account"].is_null() && said["add_node"].is_null() && said["ca"].is_null(), "{said}");
    assert!(!bench.config().contains("listen_tls"), "{}", bench.config());
    let program = bench.start();
    assert_eq!(program.pages, format!("http://{pages}"));
    assert_eq!(program.does(&["user", "list"]).lines().count(), 1, "nobody but the heading");
}

#[test]
fn what_is_wrong_is_found_before_anything_is_made() {
    let network = ["--reach", "network", "--name", "nas.lan"];
    let tls = ["--listen-tls", "127.0.0.1:9", "--broker-listen-tls", "127.0.0.1:7"];
    let cases: [(&[&str], i32, &str); 12] = [
        (&[], 2, "give --reach machine, or network"),
        (&[&network[..], &tls].concat(), 2, "give --account NAME"),
        (&[&network[..], &tls, &["--account", "ana"]].concat(), 2, "give --password-file FILE"),
        (&["--reach", "machine", "--account", "a b", "--password-file", "PASSWORD"], 2, "a name is 1 to 64 letters"),
        (&["--reach", "machine", "--account", "ana", "--password-file", "SHORT"], 2, "the password is too short"),
        (&["--reach", "machine", "--account", "ana", "--password-file", "/no/such"], 2, "cannot read the password"),
        (&["--reach", "machine", "--password-file", "PASSWORD"], 2, "give --account NAME"),
        (&["--reach", "network", "--name", "127.0.0.2"], 2, "is no name or address that others reach this machine by"),
        (&["--reach", "machine", "--name", "nas.lan"], 2, "are for --reach network"),
        (&["--reach", "machine", "--state-dir", "PASSWORD/below"], 1, "give another --state-dir"),
        (&["--reach", "machine", "--config", "PASSWORD/below.toml"], 1, "give another --config FILE"),
        // Where even root makes no folder: found when it is made, and nothing is left.
        (&["--reach", "machine", "--state-dir", "/proc/atalaya"], 1, "give another --state-dir"),
    ];
    for (words, code, why) in cases {
        let mut bench = Bench::new();
        let short = tempfile::NamedTempFile::new().unwrap();
        fs::write(short.path(), "short\n").unwrap();
        let (password, short) = (bench.path("password"), short.path().to_str().unwrap().to_owned());
        let named = |word: &&str| word.replace("PASSWORD", &password).replace("SHORT", &short);
        let words: Vec<String> = words.iter().map(named).collect();
        // A second --config or --state-dir takes the place of the first.
        let mut all = vec!["setup".to_owned()];
        let own = bench.words();
        for pair in own.chunks(2).filter(|pair| !words.contains(&pair[0])) {
            all.extend_from_slice(pair);
        }
        all.extend(words);
        bench.let_go();
        let ended = run(&all.iter().map(String::as_str).collect::<Vec<_>>());
        refuses(&bench, &ended, code, why);
    }
}

#[test]
fn addresses_that_are_taken_or_not_of_this_machine_alone_are_refused() {
    let bench = Bench::new();
    let words = bench.words();
    let all = |more: &[&str]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&[&["setup", "--reach", "machine"], &words[..], more].concat())
    };
    // The bench still has them.
    refuses(&bench, &all(&[]), 13, "stop what listens there, or give another --listen ADDRESS");
    let (config, state) = (bench.path("etc/sidecar.toml"), bench.path("lib/state"));
    let with = |web: &str, broker: &str| {
        let words = ["setup", "--reach", "machine", "--config", &config, "--state-dir", &state];
        run(&[&words[..], &["--listen", web, "--broker-listen", broker]].concat())
    };
    let free = free();
    refuses(&bench, &with(&free, &bench.address(1)), 13, "or give another --broker-listen ADDRESS");
    refuses(&bench, &with(&free, &free), 13, "or give another --broker-listen ADDRESS");
    refuses(&bench, &with("0.0.0.0:8480", &free), 2, "is not of this machine alone");
    refuses(&bench, &with(&free, "127.0.0.1:0"), 2, "port 0");
}

#[test]
fn what_somebody_wrote_stays_and_what_a_package_put_there_makes_room() {
    let mut bench = Bench::new();
    fs::create_dir(bench.path("etc")).unwrap();
    let written = "[web]\nmetrics = \"off\"\n";
    fs::write(bench.path("etc/sidecar.toml"), written).unwrap();
    let ended = bench.set_up(&["--reach", "machine"]);
    assert!(ended.code == 2 && ended.err.contains("is there already; change it by hand"), "{}", ended.err);
    assert_eq!((bench.config().as_str(), Path::new(&bench.path("lib")).exists()), (written, false));

    let mut bench = Bench::new();
    fs::create_dir(bench.path("etc")).unwrap();
    let shipped = format!("# As it is installed.\n[state]\ndir = {:?}\n", bench.path("var"));
    fs::write(bench.path("etc/sidecar.toml"), &shipped).unwrap();
    let failed = bench.set_up(&["--reach", "machine", "--state-dir", "/proc/atalaya"]);
    assert_eq!((failed.code, bench.config()), (2, shipped.clone()), "an option stands once: {}", failed.err);
    let (config, web, broker) = (bench.path("etc/sidecar.toml"), "--listen", "--broker-listen");
    let listen = [web, &free(), broker, &free()].map(str::to_owned);
    let listen: Vec<&str> = listen.iter().map(String::as_str).collect();
    let done = run(&[&["setup", "--reach", "machine", "--config", &config], &listen[..]].concat());
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert!(bench.config().contains(&format!("dir = {:?}", bench.path("var"))), "{}", bench.config());
    assert!(Path::new(&bench.path("var/sidecar.db")).exists());
}

#[test]
fn a_folder_of_something_else_or_of_a_sidecar_that_runs_is_left_alone() {
    let mut bench = Bench::new();
    fs::create_dir_all(bench.path("lib/state/photos")).unwrap();
    let before = fs::metadata(bench.path("lib/state")).unwrap().permissions();
    let ended = bench.set_up(&["--reach", "machine"]);
    assert!(ended.code == 2 && ended.err.contains("holds other things"), "{}", ended.err);
    assert_eq!(fs::metadata(bench.path("lib/state")).unwrap().permissions(), before);
    assert!(!Path::new(&bench.path("etc")).exists());

    let other = Program::start("[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n");
    let config = bench.path("etc/sidecar.toml");
    let words = ["setup", "--reach", "machine", "--config", &config, "--state-dir", other.state.to_str().unwrap()];
    let ended = run(&words);
    assert!(ended.code == 13 && ended.err.contains("stop it"), "{}", ended.err);
    assert!(!Path::new(&bench.path("etc")).exists());
}

#[test]
fn a_database_that_has_accounts_gets_no_first_one() {
    let mut bench = Bench::new();
    let password = bench.path("password");
    let account = ["--account", "ana", "--password-file", &password];
    let done = bench.set_up(&[&["--reach", "machine"], &account[..]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    fs::remove_file(bench.path("etc/sidecar.toml")).unwrap();
    let again = |more: &[&str]| {
        let fresh = Bench::new();
        let mut words = fresh.words();
        drop(fresh);
        (words[1], words[3]) = (bench.path("etc/sidecar.toml"), bench.path("lib/state"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&[&["setup", "--reach", "machine"], &words[..], more].concat())
    };
    let refused = again(&["--account", "eva", "--password-file", &password]);
    assert!(refused.code == 2 && refused.err.contains("there are accounts already"), "{}", refused.err);
    assert_eq!(bench.config(), "");
    let done = again(&[]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert!(bench.start().does(&["user", "list"]).contains("ana   approver"));
}

#[test]
fn a_folder_that_cannot_be_used_leaves_the_configuration_as_it_was() {
    let mut bench = Bench::new();
    assert_eq!(bench.set_up(&["--reach", "machine"]).code, 0);
    let shipped = "# As it is installed.\n[state]\n";
    fs::write(bench.path("etc/sidecar.toml"), shipped).unwrap();
    fs::write(bench.path("lib/state/ca.key"), "no key").unwrap();
    let (config, state) = (bench.path("etc/sidecar.toml"), bench.path("lib/state"));
    let words = ["setup", "--reach", "machine", "--config", &config, "--state-dir", &state];
    let ended = run(&[&words[..], &["--listen", &free(), "--broker-listen", &free()]].concat());
    assert!(ended.code == 14 && ended.err.contains("ca.key is no key"), "{}", ended.err);
    assert_eq!(bench.config(), shipped);
    assert_eq!(fs::read_dir(bench.path("etc")).unwrap().count(), 1, "nothing beside it");
}

#[test]
fn without_rights_nothing_is_begun() {
    use std::os::unix::process::CommandExt;
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let bench = Bench::new();
    let top = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bench.folder.path(), top).unwrap();
    let program = bench.path("atalaya-sidecar");
    fs::copy(env!("CARGO_BIN_EXE_atalaya-sidecar"), &program).unwrap();
    let open = bench.path("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let set_up = |config: &str, state: &str| -> Ended {
        let mut command = std::process::Command::new(&program);
        command.args(["setup", "--reach", "machine", "--config", config, "--state-dir", state]);
        command.uid(65534).gid(65534).stdin(Stdio::null()).output().unwrap().into()
    };
    let ended = set_up(&bench.path("sidecar.toml"), &format!("{open}/state"));
    assert!(ended.code == 1 && ended.err.contains("run it as root, or give --config FILE"), "{}", ended.err);
    let ended = set_up(&format!("{open}/sidecar.toml"), &bench.path("state"));
    assert!(ended.code == 1 && ended.err.contains("Permission denied; give another --state-dir"), "{}", ended.err);
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}
