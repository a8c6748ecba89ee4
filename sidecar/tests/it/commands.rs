//! Every command, by the compiled program over the socket.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::program::{Program, command, run};

const ALONE: &str = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n";

/// With listeners over TLS, on ports that nodes can be told.
fn joined() -> String {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = |section: &str| format!("[{section}]\nlisten = [\"127.0.0.1:0\"]\nlisten_tls = [\"{}\"]\n", free());
    format!("{}names = [\"localhost\"]\n{}", tls("broker"), tls("web"))
}

fn password(sidecar: &Program, text: &str) -> String {
    let file = sidecar.state.join("typed");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn accounts_are_made_changed_and_removed_and_each_change_is_one_line_of_the_audit() {
    let sidecar = Program::start(ALONE);
    let file = password(&sidecar, "correct horse battery\n");
    sidecar.does(&["user", "add", "ana", "--role", "approver", "--password-file", &file]);
    sidecar.does(&[
        "user",
        "add",
        "luis",
        "--role",
        "operator",
        "--customer",
        "Ferretería Pérez",
        "--password-file",
        &file,
    ]);
    sidecar.does(&["user", "role", "luis", "viewer"]);
    let other = password(&sidecar, "another horse battery\n");
    sidecar.does(&["user", "password", "luis", "--password-file", &other]);
    let list: serde_json::Value = serde_json::from_str(&sidecar.does(&["user", "list", "--json"])).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[1]["role"], &list[1]["customers"]),
        (&"ana".into(), &"viewer".into(), &().into())
    );
    assert!(sidecar.does(&["user", "list"]).starts_with("NAME  ROLE      CUSTOMERS  MADE\nana   approver  all "));
    sidecar.does(&["user", "remove", "luis"]);
    let me = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let expected =
        ["account.add ana", "account.add luis", "account.change luis", "account.password luis", "account.remove luis"];
    assert_eq!(sidecar.audit(), expected.map(|what| format!("{me} command {what}")));
    for (words, code, says) in [
        (&["user", "remove", "ana"][..], 2, "nobody would be left to manage"),
        (&["user", "remove", "eva"], 1, "there is none of that name"),
        (&["user", "role", "ana", "king"], 2, "king"),
        (&["user", "add", "a b", "--role", "viewer", "--password-file", &other], 2, "a name is 1 to 64 letters"),
        (&["user", "add", "ANA", "--role", "viewer", "--password-file", &other], 2, "there is one of that name"),
        (&["user", "add", "eva", "--role", "viewer"], 2, "give --password-file FILE"),
        (
            &["user", "add", "eva", "--role", "viewer", "--password-file", "/no/such"],
            2,
            "cannot read the password in /no/such",
        ),
    ] {
        let ended = sidecar.ask(words);
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{words:?} {}", ended.err);
        assert!(ended.err.contains(says) && ended.err.lines().count() == 1, "{words:?} {}", ended.err);
    }
    assert_eq!(sidecar.audit().len(), 5, "what is refused changes nothing");
}

#[test]
fn the_first_account_can_be_made_by_a_command_and_then_logs_in() {
    let sidecar = Program::start(ALONE);
    let file = password(&sidecar, "correct horse battery");
    sidecar.does(&["user", "add", "ana", "--role", "approver", "--password-file", &file]);
    let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    let page = |path: &str| agent.get(format!("{}{path}", sidecar.pages)).call().unwrap().status().as_u16();
    assert_eq!(page("/"), 303, "now everybody logs in");
    let log_in = |password: &str| {
        let form = [("name", "ana"), ("password", password)];
        agent.post(format!("{}/login", sidecar.pages)).send_form(form).unwrap().status().as_u16()
    };
    assert_eq!((log_in("wrong horse battery"), log_in("correct horse battery")), (403, 303));
}

#[test]
fn tokens_are_shown_once_and_count_until_they_are_revoked() {
    let sidecar = Program::start(ALONE);
    let token = sidecar.does(&["token", "add", "script", "--scope", "read", "--scope", "manage", "--days", "9"]);
    let token = token.trim_end();
    assert!(token.starts_with("atl_") && !token.contains('\n'));
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let as_token = |method: &str, path: &str| {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}/api/v1/{path}", sidecar.pages));
        let request =
            request.header("Authorization", format!("Bearer {token}")).header("X-Forwarded-For", "203.0.113.7");
        agent.run(request.body(()).unwrap()).unwrap().status().as_u16()
    };
    assert_eq!((as_token("GET", "tokens"), as_token("GET", "status")), (200, 200));
    assert_eq!(as_token("POST", "database/vacuum"), 403, "that is for who has the machine");
    assert!(!sidecar.does(&["token", "list"]).contains("atl_"));
    assert_eq!(sidecar.ask(&["token", "add", "script", "--scope", "read"]).code, 2);
    assert!(sidecar.ask(&["token", "add", "x", "--scope", "all"]).err.contains("mqtt:home_assistant"));
    sidecar.does(&["token", "revoke", "script"]);
    assert_eq!(as_token("GET", "tokens"), 401);
    let what: Vec<_> = sidecar.audit().iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(what, ["token.add", "token.revoke"]);
}

#[test]
fn a_node_gets_a_string_where_it_can_come_to_and_a_password_anywhere() {
    let sidecar = Program::start(ALONE);
    let refused = sidecar.ask(&["node", "add", "--name", "NAS"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("[web] listen_tls and [broker] listen_tls"), "{}", refused.err);
    let made = sidecar.does(&["node", "add", "--id", "garden", "--token", "--name", "Garden"]);
    assert!(made.starts_with("user: garden\npassword: "), "{made}");
    assert_eq!(sidecar.ask(&["node", "add", "--parent", "nobody", "--token"]).code, 1);
    let bare = sidecar.ask(&["node", "add", "nas1", "--token"]);
    assert!(bare.code == 2 && bare.err.contains("--name \"nas1\""), "{}", bare.err);
    assert_eq!(sidecar.ask(&["node", "add", "--name", &"x".repeat(129), "--token"]).code, 2);
    sidecar.does(&["node", "retire", "garden"]);
    assert_eq!(sidecar.ask(&["node", "retire", "garden"]).code, 1);
    assert_eq!(sidecar.audit().len(), 2, "{:?}", sidecar.audit());
    drop(sidecar);
    let sidecar = Program::start(&joined());
    let made = sidecar.does(&["node", "add", "--name", "NAS"]);
    assert!(made.starts_with("atalaya-agent setup --join atalaya1:"), "{made}");
    let made: serde_json::Value = serde_json::from_str(&sidecar.does(&["node", "add", "--json"])).unwrap();
    assert!(made["join"].as_str().unwrap().starts_with("atalaya1:") && made["expires_at"].is_string());
    assert_eq!(sidecar.audit().len(), 2);
}

#[test]
fn the_database_is_looked_after_with_and_without_a_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Program::start_in(folder.path(), ALONE);
    let state = sidecar.state.clone();
    assert!(sidecar.does(&["db", "check"]).contains(" is sound: "));
    assert!(sidecar.does(&["db", "check", "--full", "--json"]).contains("\"in_use\":true"));
    assert!(sidecar.does(&["db", "vacuum"]).contains(" before, "));
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    assert!(sidecar.does(&["db", "backup", copy]).contains("ca.key"));
    assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(sidecar.ask(&["db", "backup", copy]).err.contains("there is something of that name"));
    let what: Vec<_> = sidecar.audit().iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(what, ["database.vacuum", "database.backup"]);
    let status: serde_json::Value = serde_json::from_str(&sidecar.does(&["status", "--json"])).unwrap();
    assert_eq!((&status["id"], &status["database"]["found"]), (&"_sidecar".into(), &"new".into()));
    assert!(sidecar.does(&["status"]).starts_with("atalaya-sidecar 0."));
    drop(sidecar);
    let at = |words: &[&str]| run(&[words, &["--state-dir", state.to_str().unwrap()]].concat());
    assert_eq!((at(&["db", "check"]).code, at(&["db", "backup", &format!("{copy}2")]).code), (0, 0));
    let none = at(&["status"]);
    assert_eq!(none.code, 1);
    assert!(
        none.err.contains("start one with \"atalaya-sidecar run\"") && none.err.lines().count() == 1,
        "{}",
        none.err
    );
    assert_eq!(at(&["db", "vacuum"]).code, 1);
    let bytes = fs::read(state.join("sidecar.db")).unwrap();
    let mut bad = bytes.clone();
    bad[8192..12000].fill(0xa5);
    fs::write(state.join("sidecar.db"), &bad).unwrap();
    assert_eq!(at(&["db", "check"]).code, 14);
    bad = bytes;
    bad[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(state.join("sidecar.db"), &bad).unwrap();
    assert_eq!(at(&["db", "check"]).code, 15);
}

#[test]
fn one_sidecar_has_a_folder_and_its_socket_is_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Program::start_in(folder.path(), ALONE);
    let socket = sidecar.state.join("control.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&sidecar.state).unwrap().permissions().mode() & 0o777, 0o700);
    let (config, state) = (sidecar.config.to_str().unwrap().to_owned(), sidecar.state.to_str().unwrap().to_owned());
    let second = super::program::command(&["run", "--config", &config, "--state-dir", &state])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(13));
    // One that is killed leaves its socket, and the next one has it.
    sidecar.child.kill().unwrap();
    sidecar.child.wait().unwrap();
    assert!(socket.exists());
    let next = Program::start_in(folder.path(), ALONE);
    assert!(next.does(&["status"]).contains("accounts: 0 of"));
    std::mem::forget(sidecar);
}

/// What a request by this name is answered with.
fn by_name(sidecar: &Program, host: &str) -> String {
    let mut stream = TcpStream::connect(sidecar.pages.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn sighup_takes_over_what_can_be_and_a_mistake_changes_nothing() {
    let sidecar = Program::start(ALONE);
    assert_eq!(by_name(&sidecar, "tower.example"), "421");
    let other = ALONE.replace("[web]\n", "[web]\nurl = \"https://tower.example\"\n");
    fs::write(&sidecar.config, format!("[state]\nid = \"other\"\n{other}")).unwrap();
    sidecar.signal(Signal::SIGHUP);
    assert!(sidecar.hears("counts from the next start").contains("state.id"));
    sidecar.hears("took over the configuration");
    assert_eq!(by_name(&sidecar, "tower.example"), "200");
    assert!(sidecar.does(&["status", "--json"]).contains("\"id\":\"_sidecar\""));
    for mistake in ["[brokr]", "[alerts]\ndir = \"/no/such/folder\""] {
        fs::write(&sidecar.config, mistake).unwrap();
        sidecar.signal(Signal::SIGHUP);
        sidecar.hears("kept the old configuration");
        assert_eq!(by_name(&sidecar, "tower.example"), "200", "{mistake}");
    }
}

#[test]
fn sighup_before_the_configuration_is_read_ends_nothing_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (config, state) = (folder.path().join("sidecar.toml"), folder.path().join("state"));
    mkfifo(&config, Mode::S_IRWXU).unwrap();
    let words = ["run", "--config", config.to_str().unwrap(), "--state-dir", state.to_str().unwrap()];
    let child = command(&words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    // It can be opened once somebody reads it.
    let mut pipe = fs::File::options().write(true).open(&config).unwrap();
    kill(pid, Signal::SIGHUP).unwrap();
    let other = ALONE.replace("[web]\n", "[web]\nurl = \"https://tower.example\"\n");
    fs::write(folder.path().join("other"), other).unwrap();
    fs::rename(folder.path().join("other"), &config).unwrap();
    pipe.write_all(ALONE.as_bytes()).unwrap();
    drop(pipe);
    let sidecar = Program::attend(child, config, state);
    sidecar.hears("took over the configuration");
    assert_eq!(by_name(&sidecar, "tower.example"), "200");
}
