//! What agents say is wrong.

use super::*;

#[test]
fn what_an_agent_says_is_wrong_is_said_in_the_readers_language() {
    let raid = br#"{"ts":1,"seq":1,"name":"md0","state":"degraded","problem":"1 of 2 disks lack; failed: sda1; I/O"}"#;
    let raid = Sample::from_json("raid", raid).unwrap().unwrap().sample;
    let mut node = a_node("nas", "NAS");
    node.objects.insert(("raid", ObjectId::of("md0")), Latest::new(&raid, NOW, false).unwrap());
    let seen = seen(vec![node], vec![]);
    for (language, words) in [
        (Language::En, "1 of 2 disks lack; failed: sda1; I/O"),
        (Language::Es, "discos que faltan: 1 de 2; han fallado: sda1; I/O"),
    ] {
        let page = node::build(frame(language), &all(&seen), &shipped(), "nas", &Told::default()).unwrap();
        let page = page.render().unwrap();
        assert!(page.contains(words), "{words} in {page}");
    }
}
