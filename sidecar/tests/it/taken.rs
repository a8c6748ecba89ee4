//! Addresses that somebody else has.

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
