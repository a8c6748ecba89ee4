//! Addresses, and a state folder, that somebody else has.

use std::os::unix::fs::PermissionsExt;

use super::program::{Program, run};

#[test]
fn a_second_sidecar_ends_with_one_line_and_has_begun_nothing() {
    let first = Program::start("[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n");
    let folder = tempfile::tempdir().unwrap();
    let (config, state) = (folder.path().join("sidecar.toml"), folder.path().join("state"));
    let web = first.pages.trim_start_matches("http://");
    for (broker, pages, taken) in [(first.mqtt.as_str(), "127.0.0.1:0", &*first.mqtt), ("127.0.0.1:0", web, web)] {
        let text = format!("[broker]\nlisten = [{broker:?}]\n[web]\nlisten = [{pages:?}]\n");
        std::fs::write(&config, text).unwrap();
        let ended = run(&["run", "--config", config.to_str().unwrap(), "--state-dir", state.to_str().unwrap()]);
        assert_eq!((ended.code, ended.err.lines().count()), (13, 1), "{}", ended.err);
        assert!(ended.err.contains(&format!("cannot listen on {taken}: another program")), "{}", ended.err);
        assert!(!state.exists(), "it has begun something");
    }
}

#[test]
fn a_second_sidecar_in_one_state_folder_is_told_of_the_folder_and_not_of_a_port() {
    let first = Program::start("[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n");
    let folder = tempfile::tempdir().unwrap();
    let (config, web) = (folder.path().join("sidecar.toml"), first.pages.trim_start_matches("http://"));
    // As of somebody who starts it twice: the same addresses too.
    std::fs::write(&config, format!("[broker]\nlisten = [{:?}]\n[web]\nlisten = [{web:?}]\n", first.mqtt)).unwrap();
    let ended = run(&["run", "--config", config.to_str().unwrap(), "--state-dir", first.state.to_str().unwrap()]);
    assert_eq!((ended.code, ended.err.lines().count()), (13, 1), "{}", ended.err);
    let why = format!("another atalaya-sidecar has {}; stop it, or give another --state-dir", first.state.display());
    assert!(ended.err.contains(&why), "{}", ended.err);
    first.does(&["status"]);
}

#[test]
fn what_is_in_the_state_folder_is_nobody_elses_to_read() {
    let program = Program::start("[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n");
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(&program.state).unwrap().map(Result::unwrap) {
        let (meta, name) = (entry.metadata().unwrap(), entry.file_name().into_string().unwrap());
        assert!(!meta.is_file() || meta.permissions().mode() & 0o077 == 0, "{name}: {:o}", meta.permissions().mode());
        seen.push(name);
    }
    assert!(["reserve", "sidecar.db", "lock"].iter().all(|name| seen.iter().any(|seen| seen == name)), "{seen:?}");
}
