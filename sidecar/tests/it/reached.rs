//! The first link can be followed: over TLS where that is spoken, by a name or an address that others have.

use std::net::TcpListener;

use super::program::Program;

#[test]
fn the_first_link_is_one_that_can_be_followed() {
    for (more, start) in [
        ("", "http://127.0.0.1:"),
        ("listen_tls = [\"0.0.0.0:PORT\"]", "https://nas.example.org:PORT/first/"),
        ("listen_tls = [\"127.0.0.1:PORT\"]", "https://127.0.0.1:PORT/first/"),
        ("listen_tls = [\"0.0.0.0:PORT\"]\nurl = \"https://pages.example.org\"", "https://pages.example.org/first/"),
    ] {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[broker]\nlisten = [\"127.0.0.1:0\"]\nnames = [\"nas.example.org\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n{more}\n"
        );
        let program = Program::start_in(folder.path(), &config.replace("PORT", &port));
        let line = program.hears("/first/");
        let link = line.split("make the first one at ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(link.starts_with(&start.replace("PORT", &port)), "{link}");
        assert!(program.pages.starts_with("http://127.0.0.1:"), "this machine needs none: {}", program.pages);
    }
}
