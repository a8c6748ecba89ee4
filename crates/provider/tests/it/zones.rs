//! What every zone does, whoever holds it.

use atalaya_provider::Zone;
use atalaya_renew::{Record, RecordType, Trouble};

use crate::{cloudflare, godaddy};

fn conformance(zone: &dyn Zone) {
    let record = |name: &str, kind, data: &str| Record { name: name.into(), kind, data: data.into(), ttl: 600 };
    let told = |name, kind| {
        let mut all: Vec<String> = zone.records(name, kind).unwrap().into_iter().map(|record| record.data).collect();
        all.sort();
        all
    };
    let (nas, apex) = ("nas.example.com", "example.com");
    assert!(told(nas, RecordType::A).is_empty());
    // A set is replaced, its neighbours by name and by type stay.
    zone.set(apex, RecordType::A, &[record(apex, RecordType::A, "203.0.113.1")]).unwrap();
    zone.set(nas, RecordType::Aaaa, &[record(nas, RecordType::Aaaa, "2001:DB8::1")]).unwrap();
    for set in [&["203.0.113.7"][..], &["203.0.113.8", "203.0.113.9"], &["203.0.113.9"], &[], &[]] {
        let records: Vec<Record> = set.iter().map(|data| record(nas, RecordType::A, data)).collect();
        for _ in 0..2 {
            zone.set("NAS.Example.com.", RecordType::A, &records).unwrap();
            assert_eq!(told(nas, RecordType::A), set);
        }
    }
    assert_eq!(
        (told(apex, RecordType::A), told(nas, RecordType::Aaaa)),
        (vec!["203.0.113.1".into()], vec!["2001:db8::1".into()])
    );
    // Texts come and go one by one.
    let proof = "_acme-challenge.nas.example.com";
    for (data, there, all) in [
        ("one", true, &["one"][..]),
        ("two", true, &["one", "two"]),
        ("two", true, &["one", "two"]),
        ("one", false, &["two"]),
        ("one", false, &["two"]),
        ("two", false, &[]),
    ] {
        if there { zone.add_txt(proof, data) } else { zone.remove_txt(proof, data) }.unwrap();
        assert_eq!(told(proof, RecordType::Txt), all);
    }
    // What is wrong is told before anything is sent.
    for (name, kind, data) in [
        (nas, RecordType::A, "2001:db8::1"),
        (nas, RecordType::Aaaa, "x"),
        ("n as.example.com", RecordType::A, "203.0.113.7"),
    ] {
        let told = zone.set(name, kind, &[record(nas, kind, data)]);
        assert!(matches!(told, Err(Trouble::SetUp(_))), "{told:?}");
    }
    assert!(matches!(zone.add_txt(proof, "a\"b"), Err(Trouble::SetUp(_))));
    assert!(matches!(zone.set("nas.example.org", RecordType::A, &[]), Err(Trouble::NotThere(_))));
    assert!(matches!(zone.servers("badexample.com"), Err(Trouble::NotThere(_))));
    assert!(zone.servers(proof).unwrap().iter().all(|server| server.contains("ns")));
}

#[test]
fn godaddy_holds_a_zone() {
    conformance(godaddy::World::new().with("").zone().unwrap());
}

#[test]
fn cloudflare_holds_a_zone() {
    conformance(cloudflare::World::new().with("").zone().unwrap());
}
