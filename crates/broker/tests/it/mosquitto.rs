//! Mosquitto's clients, of MQTT 3.1.1 and 5, against one port.

use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use atalaya_broker::Why;

use super::serve::{Serve, until};

fn client(program: &str, version: &str, address: SocketAddr, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(["-V", version, "-h", &address.ip().to_string(), "-p", &address.port().to_string()]).args(words);
    command
}

fn run(program: &str, version: &str, address: SocketAddr, words: &[&str]) -> Output {
    client(program, version, address, words).output().expect("mosquitto-clients is installed")
}

fn says(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

const VERSIONS: [&str; 2] = ["311", "5"];

#[test]
fn each_hears_what_the_other_says_and_what_was_retained_before() {
    let serve = Serve::open();
    for (publisher, subscriber) in VERSIONS.iter().flat_map(|a| VERSIONS.map(|b| (*a, b))) {
        for qos in ["0", "1", "2"] {
            let topic = format!("test/{publisher}/{subscriber}/{qos}");
            let sent = run("mosquitto_pub", publisher, serve.plain, &["-t", &topic, "-m", "a word", "-q", qos, "-r"]);
            assert!(sent.status.success(), "{sent:?}");
            let heard =
                run("mosquitto_sub", subscriber, serve.plain, &["-t", &topic, "-C", "1", "-W", "10", "-q", qos]);
            assert_eq!(says(&heard), "a word", "{topic} {heard:?}");
        }
    }
    assert_eq!(serve.counters().retained, 12);
    assert_eq!(serve.counters().refused_for(Why::Malformed), 0);
}

#[test]
fn a_will_is_told_when_its_client_is_lost_and_not_when_it_leaves() {
    let serve = Serve::open();
    for version in VERSIONS {
        let topic = format!("test/{version}/status");
        let words = ["-t", "test/x", "--will-topic", &topic, "--will-payload", "offline", "--will-retain"];
        let mut lost = client("mosquitto_sub", version, serve.plain, &words).stdout(Stdio::null()).spawn().unwrap();
        let before = serve.counters();
        until("it is connected", || serve.counters().welcomed >= before.welcomed && serve.counters().connections == 1);
        until("it is known", || serve.counters().unknown == 0);
        lost.kill().unwrap();
        lost.wait().unwrap();
        let heard = run("mosquitto_sub", version, serve.plain, &["-t", &topic, "-C", "1", "-W", "10"]);
        assert_eq!(says(&heard), "offline");
        until("all have left", || serve.counters().connections == 0);
    }
    let left = run(
        "mosquitto_pub",
        "5",
        serve.plain,
        &["-t", "a", "-m", "b", "--will-topic", "test/left", "--will-payload", "x", "--will-retain"],
    );
    assert!(left.status.success());
    until("it has left", || serve.counters().connections == 0);
    assert_eq!(serve.counters().retained, 2);
}

#[test]
fn what_was_retained_is_there_after_a_restart() {
    let serve = Serve::open();
    for version in VERSIONS {
        run("mosquitto_pub", version, serve.plain, &["-t", &format!("test/{version}"), "-m", "kept", "-r", "-q", "1"]);
    }
    let props = [
        "-t",
        "test/props",
        "-m",
        "kept",
        "-r",
        "-q",
        "1",
        "-D",
        "publish",
        "content-type",
        "text/plain",
        "-D",
        "publish",
        "user-property",
        "a",
        "b",
    ];
    run("mosquitto_pub", "5", serve.plain, &props);
    let kept = serve.stop().set;
    assert_eq!(kept.len(), 3);
    let again = Serve::with(super::serve::Accounts { anonymous: true, ..Default::default() }, None, kept);
    for version in VERSIONS {
        let heard =
            run("mosquitto_sub", version, again.plain, &["-t", "test/+", "-C", "3", "-W", "10", "-v", "-q", "1"]);
        let mut lines: Vec<String> = says(&heard).lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["test/311 kept", "test/5 kept", "test/props kept"], "{heard:?}");
    }
    let heard = run("mosquitto_sub", "5", again.plain, &["-t", "test/props", "-C", "1", "-W", "10", "-F", "%C %P"]);
    assert!(says(&heard).starts_with("text/plain a:b"), "{heard:?}");
    let changes = again.stop();
    assert!(changes.is_empty(), "nothing is written that is written already: {changes:?}");
}

#[test]
fn old_clients_are_refused_in_a_way_they_understand() {
    let serve = Serve::guarded();
    for version in VERSIONS {
        let refused = run("mosquitto_pub", version, serve.plain, &["-t", "atalaya/nas/status", "-m", "x", "-q", "1"]);
        assert!(!refused.status.success(), "{version}");
        let reader = ["-u", "reader", "-P", "secret", "-W", "3"];
        let heard = run("mosquitto_sub", version, serve.plain, &[&reader[..], &["-t", "other/#"]].concat());
        assert!(String::from_utf8_lossy(&heard.stderr).contains("denied"), "{version} {heard:?}");
    }
    // An answer that is no MQTT 3.1.1 would end the connection, and `mosquitto_pub -l` with it.
    let lines = client(
        "mosquitto_pub",
        "311",
        serve.plain,
        &["-u", "reader", "-P", "secret", "-t", "atalaya/nas/ack", "-q", "1", "-l"],
    )
    .stdin(Stdio::piped())
    .spawn();
    let mut publisher: Child = lines.unwrap();
    std::io::Write::write_all(&mut publisher.stdin.take().unwrap(), b"one\ntwo\nthree\n").unwrap();
    assert!(publisher.wait().unwrap().success());
    assert_eq!(serve.counters().refused_for(Why::ReadOnly), 3);
    assert_eq!(serve.counters().retained, 0);
}

#[test]
fn a_live_subscriber_hears_what_is_not_retained() {
    let serve = Serve::open();
    for version in VERSIONS {
        let words = ["-t", "live/#", "-v", "-C", "1", "-W", "20"];
        let mut listener =
            client("mosquitto_sub", version, serve.plain, &words).stdout(Stdio::piped()).spawn().unwrap();
        until("it has heard", || {
            run("mosquitto_pub", version, serve.plain, &["-t", "live/a", "-m", version]);
            listener.try_wait().unwrap().is_some()
        });
        assert_eq!(says(&listener.wait_with_output().unwrap()), format!("live/a {version}"));
    }
}
