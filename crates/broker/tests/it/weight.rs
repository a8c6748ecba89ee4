//! What a fleet costs in memory; measured by hand, printed.

use atalaya_broker::Kept;

use super::client::{Client, Hello};
use super::serve::{Accounts, Serve};

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "measures; run alone"]
fn a_thousand_nodes_with_35_topics_each() {
    let rows = (0..35_000).map(|number| Kept {
        topic: format!("atalaya/0123456789ab{:04x}/disk/WD-WX11A{:02}", number / 35, number % 35),
        qos: 1,
        expires: None,
        props: format!(r#"{{"user":[["x-mqtt-sender","node:0123456789ab{:04x}"],["x-mqtt-client-id","atalaya-0123456789ab{:04x}"]]}}"#, number / 35, number / 35),
        payload: vec![b'x'; 450],
    });
    let before = resident_kib();
    let serve = Serve::with(Accounts::default(), None, rows.collect());
    let seeded = resident_kib();
    let clients: Vec<_> = (0..1_000)
        .map(|node| {
            let name = format!("0123456789ab{node:04x}");
            let mut client = Client::join(serve.plain, &Hello::new(&format!("atalaya-{name}")).user(&name, "secret"));
            for rest in ["status", "meta", "ack", "cmd/+"] {
                assert_eq!(client.subscribe(&format!("atalaya/{name}/{rest}")), 1);
            }
            client
        })
        .collect();
    println!("retained {} KiB, connections {} KiB", seeded - before, resident_kib() - seeded);
    drop(clients);
}
