//! What the built-in broker refuses is seen where an operator looks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::http::Sidecar;

#[test]
fn what_the_broker_refuses_is_among_the_figures_and_on_the_page_of_the_tower() {
    let sidecar = Sidecar::start();
    let (addresses, _) = sidecar.shared().doorman.looks().unwrap();
    let mut stranger = TcpStream::connect(addresses.plain[0]).unwrap();
    // A message of 10 MB, and nothing before it: nobody has said who he is.
    let _ = stranger.write_all(&[0x30, 0x80, 0x80, 0x80, 0x05]).and_then(|()| stranger.write_all(&[0; 4096]));
    let _ = stranger.set_read_timeout(Some(Duration::from_secs(10)));
    let _ = stranger.read(&mut [0; 16]);
    let until = Instant::now() + Duration::from_secs(20);
    let line = loop {
        let figures = sidecar.get("/metrics", &[]);
        let line = figures.lines().find(|line| line.starts_with("atalaya_sidecar_broker_refused_total{"));
        if let Some(line) = line {
            break line.to_owned();
        }
        assert!(Instant::now() < until, "{figures}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(line.starts_with("atalaya_sidecar_broker_refused_total{node=\"\",reason=\""), "{line}");
    let page = sidecar.get("/settings/about", &[]);
    let table = page.split_once("Refused by the broker").expect("a table of it").1;
    assert!(["a packet larger than allowed", "not MQTT"].iter().any(|words| table.contains(words)), "{table}");
}
