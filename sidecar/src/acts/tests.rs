use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::clock::System;
use crate::config::Config;
use crate::people::Customers;
use crate::program;
use crate::tower::{NodeWish, Wish, wish};

/// Nobody is at that broker: what is to be said waits, and who tells automations of nodes has told nothing.
const CONFIG: &str = "[broker]\nurl = \"mqtt://127.0.0.1:1\"\n[web]\nlisten = [\"127.0.0.1:0\"]\n";

#[test]
fn what_was_told_of_a_node_goes_with_it_though_nobody_remembers_telling_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::read(Path::new("s.toml"), CONFIG).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let running = program::start(config, folder.path().into(), Arc::new(System::default())).await.unwrap();
        let shared = &running.shared;
        let node = NodeWish { node: "nas".into(), ..NodeWish::default() };
        wish(&shared.tower, Wish::Node(node), Who::default()).await.unwrap();
        let person = Person {
            name: "root".into(),
            rights: Rights::Machine,
            customers: Customers::All,
            language: String::new(),
            zone: String::new(),
            session: None,
        };
        shared.acts.retire_node(&By { person, peer: String::new() }, "nas", true).await.unwrap();
        let said = std::iter::from_fn(|| shared.out.next(|node| node.as_str().to_owned()));
        let emptied: BTreeSet<_> =
            said.filter(|said| said.retain && said.payload.is_empty()).map(|said| said.topic).collect();
        for topic in [
            "atalaya/nas/status",
            "atalaya/_sidecar/node/nas",
            "homeassistant/device/atalaya_nas_tower/config",
            "homeassistant/device/atalaya_nas/config",
        ] {
            assert!(emptied.contains(topic), "{topic} is left: {emptied:?}");
        }
        running.stop().await;
    });
}
