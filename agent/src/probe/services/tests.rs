//! Whole readings.

use super::*;
use crate::probe::web::tests::serve;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

fn config(text: &str) -> ServicesConfig {
    toml::from_str(text).unwrap()
}

fn read(probe: &mut dyn Probe, root: &Path, now: &str) -> Vec<view::Service> {
    let at = Moment { boot: Duration::from_secs(1000), wall: now.parse().unwrap() };
    let mut seen = Vec::new();
    let out = &mut |_, sample| {
        let Sample::Service(view) = sample else { panic!("{sample:?}") };
        seen.push(view);
    };
    probe.read(&Site::below(root), at, out).unwrap();
    seen
}

#[test]
fn the_configuration_is_checked() {
    let good = r#"
        check = [
            { kind = "systemd", unit = "smbd.service", name = "Shares" },
            { kind = "tcp", address = "[::1]:445" },
            { kind = "http", url = "https://nas.example/", status = 401, timeout_seconds = 3 },
        ]
    "#;
    let names: Vec<_> = config(good).check.iter().map(|check| (check.kind(), check.name().to_owned())).collect();
    assert_eq!(names[0], ("systemd", "Shares".into()));
    assert_eq!(names[1], ("tcp", "[::1]:445".into()));
    for bad in [
        r#"check = [{ kind = "magic" }]"#,
        r#"check = [{ kind = "tcp" }]"#,
        r#"check = [{ kind = "tcp", address = "a:1", adress = "b" }]"#,
        r#"check = [{ kind = "tcp", address = "nothing" }]"#,
        r#"check = [{ kind = "tcp", address = "a:1", timeout_seconds = 9 }]"#,
        r#"check = [{ kind = "http", url = "nas.example" }]"#,
        r#"check = [{ kind = "process", name = "neither" }]"#,
        r#"check = [{ kind = "icmp", host = "" }]"#,
        r#"check = [{ kind = "icmp", host = "a" }, { kind = "systemd", unit = "a" }]"#,
        "checks = []",
    ] {
        assert!(toml::from_str::<ServicesConfig>(bad).is_err(), "{bad}");
    }
    let nothing = Services::new(&config("")).read(
        &Site::default(),
        Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH },
        &mut |_, _| {},
    );
    assert!(matches!(nothing, Err(Fault::Absent(_))));
}

#[test]
fn ports_go_up_and_down() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut probe = Services::new(&config(&format!(r#"check = [{{ kind = "tcp", address = "{address}" }}]"#)));
    let root = Path::new("/nowhere");
    let seen = read(&mut probe, root, "2026-11-21T10:00:00Z");
    assert_eq!((seen[0].up, seen[0].since.as_deref()), (Some(true), Some("2026-11-21T10:00:00Z")));
    assert!(seen[0].latency_seconds.unwrap() < 1.0);
    assert_eq!(read(&mut probe, root, "2026-11-21T10:01:00Z")[0].since.as_deref(), Some("2026-11-21T10:00:00Z"));
    drop(listener);
    let seen = read(&mut probe, root, "2026-11-21T10:02:00Z");
    assert_eq!((seen[0].up, seen[0].since.as_deref()), (Some(false), Some("2026-11-21T10:02:00Z")));
    assert!(seen[0].problem.as_ref().unwrap().contains("refused"));
}

#[test]
fn processes_are_counted_and_their_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let runs = |id: u32, comm: &str, ticks: u64| {
        let folder = dir.path().join(format!("proc/{id}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("comm"), comm).unwrap();
        fs::write(folder.join("cmdline"), format!("/usr/bin/{comm}\0--port\0{id}\0")).unwrap();
        let before = "S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0";
        fs::write(folder.join("stat"), format!("{id} ({comm}) {before} {ticks} 0")).unwrap();
    };
    runs(5, "mosquitto", 10_000);
    runs(6, "mosquitto", 20_000);
    runs(7, "sh", 1);
    let mut probe = Services::new(&config(
        r#"check = [
            { kind = "process", comm = "mosquitto" },
            { kind = "process", command = "--port 6" },
            { kind = "process", comm = "nobody" },
        ]"#,
    ));
    let seen = read(&mut probe, dir.path(), "2026-11-21T10:00:00Z");
    let states: Vec<_> = seen.iter().map(|view| (view.up, view.state.as_deref(), view.restart_count)).collect();
    let one = (Some(true), Some("1 running"), Some(0));
    assert_eq!(states, [(Some(true), Some("2 running"), Some(0)), one, (Some(false), None, None)]);
    assert_eq!(seen[0].since.as_deref(), Some("2026-11-21T09:45:00Z"));
    fs::remove_dir_all(dir.path().join("proc/5")).unwrap();
    let seen = read(&mut probe, dir.path(), "2026-11-21T10:00:00Z");
    assert_eq!((seen[0].restart_count, seen[1].restart_count), (Some(1), Some(0)));
}

/// Pages that never answer, as many as are asked at a time, and one more.
#[test]
fn pages_that_are_silent_are_told_in_time() {
    let silent = serve(vec![Vec::new(); 9]);
    let check = |name| format!(r#"{{ kind = "http", name = "{name}", timeout_seconds = 1, url = "{silent}" }}"#);
    let checks: Vec<String> = (0..9).map(check).collect();
    let mut probe = Pages::new(&config(&format!("check = [{}]", checks.join(", "))));
    probe.wait = Duration::from_millis(2500);
    let started = std::time::Instant::now();
    let seen = read(&mut probe, Path::new("/nowhere"), "2026-11-21T10:00:00Z");
    assert!(started.elapsed() < Duration::from_secs(5), "side by side");
    let down = seen.iter().filter(|view| view.up == Some(false)).count();
    let unasked = seen.iter().filter(|view| view.up.is_none() && view.problem.as_ref().unwrap().contains("not asked"));
    // Two rounds fit in; whoever was never asked is not called down.
    assert_eq!((seen.len(), down + unasked.count()), (9, 9));
    assert!((4..=8).contains(&down), "{down}");
}

#[test]
fn pages_are_up_if_they_say_what_they_should() {
    let page = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    for (answer, wanted, up, state, problem) in [
        (page("200 OK", "fine"), "", Some(true), Some("HTTP 200"), ""),
        (page("200 OK", "fine"), "contains = \"fin\",", Some(true), Some("HTTP 200"), ""),
        (page("200 OK", "fine"), "contains = \"bad\",", Some(false), Some("HTTP 200"), "does not contain"),
        (page("401 No", ""), "status = 401,", Some(true), Some("HTTP 401"), ""),
        (page("200 OK", ""), "status = 401,", Some(false), Some("HTTP 200"), "401"),
        (page("502 Bad Gateway", ""), "", Some(false), Some("HTTP 502"), "error"),
        (b"SSH-2.0-x\r\n\r\n".to_vec(), "", Some(false), None, ""),
        (Vec::new(), "timeout_seconds = 1,", Some(false), None, "in time"),
    ] {
        let url = serve(vec![answer]);
        let mut probe = Pages::new(&config(&format!(r#"check = [{{ kind = "http", {wanted} url = "{url}" }}]"#)));
        assert!(probe.apart());
        let view = read(&mut probe, Path::new("/nowhere"), "2026-11-21T10:00:00Z").remove(0);
        assert_eq!((view.up, view.state.as_deref()), (up, state), "{wanted}");
        assert!(view.problem.unwrap_or_default().contains(problem), "{wanted}");
    }
}
