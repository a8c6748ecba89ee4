//! The first link can be followed: over TLS where that is spoken, by a name or an address that others have.

use std::net::TcpStream;

use super::program::Program;

#[test]
fn the_first_link_is_one_that_can_be_followed() {
    for (more, start) in [
        ("", "http://127.0.0.1:"),
        ("listen_tls = [\"0.0.0.0:0\"]", "https://nas.example.org:"),
        ("listen_tls = [\"127.0.0.1:0\"]", "https://127.0.0.1:"),
        ("listen_tls = [\"0.0.0.0:0\"]\nurl = \"https://pages.example.org\"", "https://pages.example.org/first/"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[broker]\nlisten = [\"127.0.0.1:0\"]\nnames = [\"nas.example.org\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n{more}\n"
        );
        let program = Program::start_in(folder.path(), &config);
        let line = program.hears("/first/");
        let link = line.split("make the first one at ").nth(1).unwrap().split(' ').next().unwrap();
        let rest = link.strip_prefix(start).unwrap_or_else(|| panic!("{link}"));
        // A port that was given by the system is the one that is listened on.
        if start.ends_with(':') {
            let (port, path) = rest.split_once('/').unwrap();
            assert!(path.starts_with("first/"), "{link}");
            TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        }
        assert!(program.pages.starts_with("http://127.0.0.1:"), "this machine needs none: {}", program.pages);
    }
}
