//! What the daemon hears of a probe that reads apart.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;

use atalaya_wire::Sample;
use atalaya_wire::view::Service;

use super::cli::Bench;

#[test]
fn a_sample_goes_out_before_the_next_one_is_there() {
    let bench = Bench::empty();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let config = format!(
        "[node]\n[[mqtt]]\nurl = 'mqtt://127.0.0.1:1'\n[probes.services]\ncheck = [\
         {{ kind = 'http', name = 'silent', timeout_seconds = 8, url = '{url}' }}, \
         {{ kind = 'http', name = 'gone', url = 'http://127.0.0.1:1/' }}]\n"
    );
    fs::write(bench.path("agent.toml"), config).unwrap();
    let mut command = bench.command(["probe", "pages", "--parts", "--config"]);
    let mut child = command.arg(bench.path("agent.toml")).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut sample = |name: &str| -> Service {
        let line = lines.next().unwrap().unwrap();
        let text = line.strip_prefix(&format!("sample {name} ")).unwrap_or_else(|| panic!("{line}"));
        let Some(Sample::Service(view)) = Sample::from_text(text) else { panic!("{line}") };
        view
    };
    assert_eq!(sample("gone").up, Some(false));
    // Answered only now: had the first one waited for it, it would be down as well.
    let (mut stream, _) = silent.accept().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(sample("silent").up, Some(true));
    assert_eq!(lines.next().unwrap().unwrap(), "ok");
    assert!(child.wait().unwrap().success());
}
