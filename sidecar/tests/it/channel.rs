//! Tests of channels: by the program itself, and by the sidecar that runs.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use super::program::{Program, run};

#[test]
fn the_channel_of_the_own_connection_is_tested_by_the_sidecar_that_runs() {
    let channel = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n[[channel]]\nname = \"home\"\nkind = \"mqtt\"\n";
    let program = Program::start(channel);
    let config = program.config.to_str().unwrap().to_owned();
    let said = program.does(&["alerts", "test", "home", "--config", &config]);
    assert_eq!(said, "home: sent; the service answered: the broker has it\n");
    assert!(program.audit().iter().any(|line| line.contains("channel.test home")), "{:?}", program.audit());
}

#[test]
fn the_sidecar_that_runs_is_told_that_a_channel_works() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, secret) =
        (format!("http://{}/", listener.local_addr().unwrap()), tempfile::NamedTempFile::new().unwrap());
    std::fs::write(secret.path(), "not a real one").unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 5\r\nConnection: close\r\n\r\nheard");
        }
    });
    let channel = format!(
        "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n[[channel]]\nname = \"desk\"\nkind = \"webhook\"\nurl = {url:?}\nsecret_file = {:?}\n",
        secret.path()
    );
    let program = Program::start(&channel);
    let config = program.config.to_str().unwrap().to_owned();
    assert_eq!(
        program.does(&["alerts", "test", "desk", "--config", &config]),
        "desk: sent; the service answered: heard\n"
    );
    assert!(program.audit().iter().any(|line| line.contains("channel.works desk")), "{:?}", program.audit());
}

#[test]
fn without_a_configuration_it_is_said_that_defaults_hold() {
    if Path::new("/etc/atalaya/sidecar.toml").exists() {
        return;
    }
    let test = run(&["alerts", "test", "phone", "--state-dir", "st"]);
    for part in ["no configuration /etc/atalaya/sidecar.toml", "defaults hold", "no channel is configured", "--config"]
    {
        assert!(test.err.contains(part), "{}", test.err);
    }
    let check = run(&["config", "check"]);
    assert!(check.out.contains("defaults hold") && check.out.contains("--config"), "{}{}", check.out, check.err);
    assert_eq!((test.code, check.code), (2, 0));
}
