//! The probe against a server that answers as NUT's documentation says, and against some that misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

const LIST: (&str, &str) =
    ("LIST UPS", "BEGIN LIST UPS\nUPS eaton \"Eaton 5E \\\"basement\\\"\"\nUPS old \"\"\nEND LIST UPS\n");
const EATON: (&str, &str) = (
    "LIST VAR eaton",
    "BEGIN LIST VAR eaton\nVAR eaton battery.charge \"97\"\nVAR eaton battery.runtime \"1840\"\nVAR eaton input.voltage \"231.4\"\nVAR eaton ups.load \"18\"\nVAR eaton ups.model \"5E 850i\"\nVAR eaton ups.status \"OL CHRG RB\"\nEND LIST VAR eaton\n",
);

/// A server for one connection, with an answer for each request; an empty one is silence, none ends the connection.
fn server(answers: &[(&'static str, &'static str)]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = answers.to_vec();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(std::result::Result::ok) {
            let answer = answers.iter().find(|(request, _)| *request == line).map(|(_, answer)| *answer);
            asked.push(line);
            match answer {
                Some(answer) => (&stream).write_all(answer.as_bytes()).unwrap_or_default(),
                None => break,
            }
        }
        asked
    });
    (address, server)
}

fn see(answers: &[(&'static str, &'static str)]) -> (Vec<View>, Result<()>, Vec<String>) {
    let (address, server) = server(answers);
    let mut seen = Vec::new();
    let result = ask(address, &mut |id, sample| match sample {
        Sample::Ups(view) => {
            assert_eq!(id, ObjectId::of(view.name.as_deref().unwrap()));
            seen.push(view);
        }
        other => panic!("{other:?}"),
    });
    (seen, result, server.join().unwrap())
}

#[test]
fn a_server_that_behaves() {
    let (seen, result, asked) = see(&[LIST, EATON, ("LIST VAR old", "ERR DATA-STALE\n")]);
    assert_eq!((seen.len(), result), (2, Ok(())));
    let eaton = &seen[0];
    assert_eq!((eaton.state.as_deref(), eaton.status.as_deref()), (Some("online"), Some("OL CHRG RB")));
    assert_eq!((eaton.charge_percent, eaton.runtime_seconds), (Some(97.0), Some(1840)));
    assert_eq!((eaton.load_percent, eaton.input_volts), (Some(18.0), Some(231.4)));
    assert_eq!((eaton.model.as_deref(), eaton.replace_battery), (Some("5E 850i"), Some(true)));
    let old = &seen[1];
    assert_eq!((old.state.as_deref(), old.replace_battery, old.charge_percent), (Some("silent"), None, None));
    assert_eq!(asked, ["LIST UPS", "LIST VAR eaton", "LIST VAR old", "LOGOUT"]);
}

#[test]
fn servers_that_refuse_or_misbehave() {
    let check = |answers: &[(&'static str, &'static str)], state: &str, why: &str| {
        let (_, result, _) = see(answers);
        let fault = result.unwrap_err();
        assert_eq!(fault.state(), state, "{fault}");
        assert!(fault.to_string().contains(why), "{fault}");
    };
    check(&[("LIST UPS", "ERR ACCESS-DENIED\n")], "denied", "upsd.conf");
    check(&[("LIST UPS", "BEGIN LIST UPS\nEND LIST UPS\n")], "absent", "no UPS");
    check(&[("LIST UPS", "SSH-2.0-OpenSSH_9.2\n")], "failed", "NUT's protocol");
    check(&[("LIST UPS", "ERR \u{1b}[2J\n")], "failed", "[2J");
    check(&[("LIST UPS", "BEGIN LIST UPS\nVAR x y\n")], "failed", "NUT's protocol");
    check(&[], "failed", "closed");
    check(&[("LIST UPS", Box::leak("x".repeat(5000).into_boxed_str()))], "failed", "without an end");
    let endless = format!("BEGIN LIST UPS\n{}", "UPS a \"\"\n".repeat(5000));
    check(&[("LIST UPS", endless.leak())], "failed", "NUT's protocol");
    check(&[LIST, EATON, ("LIST VAR old", "ERR UNKNOWN-UPS\n")], "failed", "UNKNOWN-UPS");
}

#[test]
fn a_silent_server_is_not_waited_for_long() {
    let (_, result, _) = see(&[("LIST UPS", "")]);
    assert!(matches!(result, Err(Fault::Failed(why)) if why.contains("does not answer")));
}

#[test]
fn without_a_server_it_is_absent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(ask(address, &mut |_, _| ()), Err(Fault::Absent(_))));
    let site = crate::probe::machines::machine("pi");
    let (_, result) = crate::probe::machines::look(&mut Ups::new(UpsConfig::default()), &site, 0);
    assert!(matches!(result, Err(Fault::Absent(_))));
}

#[test]
fn states() {
    for (status, expected) in [
        (Some("OL"), Some("online")),
        (Some("OL LB CHRG"), Some("online")),
        (Some("OB DISCHRG"), Some("on_battery")),
        (Some("OB LB"), Some("low_battery")),
        (Some("FSD OB LB"), Some("low_battery")),
        (Some("OFF"), Some("off")),
        (Some("WAIT"), Some("silent")),
        (Some("BYPASS"), None),
        (None, Some("silent")),
    ] {
        assert_eq!(state(status), expected, "{status:?}");
    }
    let junk = [("battery.charge", "x"), ("battery.runtime", "-1"), ("ups.load", "inf"), ("input.voltage", "NaN")];
    let junk = junk.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let view = view("u", &junk);
    assert_eq!(
        (view.charge_percent, view.runtime_seconds, view.load_percent, view.input_volts),
        (None, None, None, None)
    );
}
