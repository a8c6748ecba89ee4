//! GoDaddy: records of zones.

use atalaya_provider::testing::{Domain, Misbehave};
use atalaya_renew::{Record, RecordType, Trouble};

use crate::godaddy::{EXPIRES, World};

fn record(name: &str, kind: RecordType, data: &str, ttl: u32) -> Record {
    Record { name: name.into(), kind, data: data.into(), ttl }
}

#[test]
fn a_set_becomes_what_it_should_be_and_only_then_something_is_sent() {
    let world = World::new();
    let provider = world.with("");
    let zone = provider.zone().unwrap();
    let home = record("nas.example.com", RecordType::A, "203.0.113.7", 0);
    for _ in 0..2 {
        zone.set("nas.example.com", RecordType::A, std::slice::from_ref(&home)).unwrap();
    }
    assert_eq!(world.fake.records(), ["A nas.example.com \"203.0.113.7\" 600"]);
    let moved = Record { data: "203.0.113.9".into(), ttl: 3_600, ..home.clone() };
    zone.set("NAS.example.com.", RecordType::A, std::slice::from_ref(&moved)).unwrap();
    zone.set("example.com", RecordType::Aaaa, &[record("example.com", RecordType::Aaaa, "2001:db8::7", 600)]).unwrap();
    assert_eq!(
        world.fake.records(),
        ["A nas.example.com \"203.0.113.9\" 3600", "AAAA @.example.com \"2001:db8::7\" 600"]
    );
    assert_eq!(zone.records("nas.example.com", RecordType::A), Ok(vec![moved]));
    assert_eq!(world.fake.asked().iter().filter(|asked| asked.method == "PUT").count(), 3);
    zone.set("nas.example.com", RecordType::A, &[]).unwrap();
    assert_eq!(zone.records("nas.example.com", RecordType::A), Ok(vec![]));
}

/// Its `PUT` replaces a whole set: two certificates that are proven at once must not take each other's proof away.
#[test]
fn one_proof_leaves_the_others() {
    let world = World::new();
    world.fake.add(Domain::new("home.example.com", EXPIRES));
    let provider = world.with("");
    let zone = provider.zone().unwrap();
    let name = "_acme-challenge.nas.home.example.com";
    for data in ["one", "two", "one"] {
        zone.add_txt(name, data).unwrap();
    }
    let line = |data: &str| format!("TXT _acme-challenge.nas.home.example.com \"{data}\" 600");
    assert_eq!(world.fake.records(), [line("one"), line("two")], "in the longest zone");
    zone.remove_txt(name, "one").unwrap();
    zone.remove_txt(name, "never there").unwrap();
    assert_eq!(world.fake.records(), [line("two")]);
    zone.remove_txt(name, "two").unwrap();
    assert!(world.fake.records().is_empty());
    assert_eq!(zone.servers(name).unwrap(), ["ns01.domaincontrol.com", "ns02.domaincontrol.com"]);
}

#[test]
fn a_name_elsewhere_is_not_there_and_a_lost_answer_is_unclear() {
    let world = World::new();
    let provider = world.with("");
    let zone = provider.zone().unwrap();
    assert!(matches!(zone.records("nas.example.org", RecordType::A), Err(Trouble::NotThere(_))));
    assert!(matches!(zone.add_txt("a b.example.com", "x"), Err(Trouble::SetUp(_))));
    for how in [Misbehave::DoneBut(504), Misbehave::DoneThenSilent] {
        world.fake.misbehave("PATCH", how);
        assert!(matches!(zone.add_txt("a.example.com", "x"), Err(Trouble::Unclear(_))));
        assert_eq!(zone.add_txt("a.example.com", "x"), Ok(()), "it may be asked for again");
        assert_eq!(world.fake.records().len(), 1);
        zone.remove_txt("a.example.com", "x").unwrap();
    }
    world.fake.misbehave("PATCH", Misbehave::Refuse(403, "{}".into()));
    assert!(matches!(zone.add_txt("a.example.com", "x"), Err(Trouble::NotEntitled(_))));
}
