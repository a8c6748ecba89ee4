//! What name servers say: of names at No-IP, and of records that were changed.

use std::sync::{Arc, Mutex};

use atalaya_provider::verify::visible;
use atalaya_reach::dns::server::{Asked, Row, Server, address, alias};
use atalaya_renew::{Ends, Flag, Kind, Record, RecordType, Trouble};

use crate::home::{Home, at, read};

fn server(rows: Vec<Row>) -> (Server, Arc<Mutex<Vec<Row>>>) {
    let rows = Arc::new(Mutex::new(rows));
    let now = Arc::clone(&rows);
    (Server::start(move |asked: &Asked| vec![asked.reply(&now.lock().unwrap())]), rows)
}

fn silent() -> String {
    Server::start(|_| Vec::new()).address.to_string()
}

fn record(kind: RecordType, data: &str) -> Record {
    Record { name: "NAS.example.com.".into(), kind, data: data.into(), ttl: 60 }
}

#[test]
fn a_change_is_there_when_every_server_that_answers_shows_it() {
    let (first, _) = server(vec![address("nas.example.com", "203.0.113.7"), address("nas.example.com", "2001:db8::7")]);
    let (second, rows) = server(vec![address("nas.example.com", "203.0.113.6")]);
    let servers = [first.address.to_string(), second.address.to_string(), silent()];
    let see = |kind, data: &str| visible(&servers, &record(kind, data)).unwrap();
    let sight = see(RecordType::A, "203.0.113.7");
    assert_eq!((sight.showing.as_slice(), sight.is_everywhere()), (&servers[..1], false));
    assert_eq!(sight.lacking, [(servers[1].clone(), "203.0.113.6".to_owned())]);
    assert_eq!(sight.silent[0].0, servers[2]);
    let see = |kind, data: &str| visible(&servers[..2], &record(kind, data)).unwrap();
    *rows.lock().unwrap() = vec![address("nas.example.com", "203.0.113.7")];
    assert!(see(RecordType::A, "203.0.113.7").is_everywhere());
    let sight = see(RecordType::Aaaa, "2001:DB8:0::7");
    assert_eq!(sight.lacking[0].1, "no AAAA there");
    assert!(see(RecordType::Txt, "proof").is_nowhere());
    *rows.lock().unwrap() = vec![alias("nas.example.com", "elsewhere.example")];
    assert_eq!(see(RecordType::A, "203.0.113.7").lacking.len(), 1, "another name is another record");
}

#[test]
fn who_is_not_the_zones_own_server_says_nothing() {
    // A resolver answers from what it kept.
    let resolver = Server::start(|asked: &Asked| {
        let mut bytes = asked.reply(&[address("nas.example.com", "203.0.113.7")]);
        bytes[2] &= !4;
        vec![bytes]
    });
    let servers = [resolver.address.to_string(), "127.0.0.1:1".into(), "no such host.invalid".into(), "a:b".into()];
    let sight = visible(&servers, &record(RecordType::A, "203.0.113.7")).unwrap();
    assert_eq!((sight.silent.len(), sight.is_everywhere(), sight.is_nowhere()), (4, false, false), "{sight:?}");
    assert!(matches!(visible(&[], &record(RecordType::A, "203.0.113.7")), Err(Trouble::SetUp(_))));
    assert!(matches!(visible(&servers, &record(RecordType::A, "nonsense")), Err(Trouble::SetUp(_))));
}

#[test]
fn free_names_end_thirty_days_after_a_person_confirmed_them() {
    let (here, _) = server(vec![address("nas.ddns.net", "203.0.113.7"), address("six.ddns.net", "2001:db8::7")]);
    let hosts = "[[provider.host]]\nname = 'nas.ddns.net'\nconfirmed = 2026-11-01\n\
                 [[provider.host]]\nname = 'six.ddns.net'\n[[provider.host]]\nname = 'gone.ddns.net'\nconfirmed = '2026-10-01'";
    let list = |servers: &[String]| {
        let section = format!("name = 'no-ip'\nkind = 'noip'\nservers = {servers:?}\n{hosts}");
        Home::new().provider(&section).list(at("2026-11-20T10:00:00Z")).unwrap()
    };
    let found = list(&[silent(), here.address.to_string()]);
    assert_eq!((found[0].kind, found[0].begun), (Kind::HostName, Some(at("2026-11-01T00:00:00Z"))));
    assert_eq!((&found[0].ends, found[0].flags.as_slice()), (&Ends::At(at("2026-12-01T00:00:00Z")), &[][..]));
    assert!(matches!(&found[1].ends, Ends::Unknown(why) if why.contains("set confirmed")));
    assert_eq!((found[1].flags.as_slice(), found[2].flags.as_slice()), (&[][..], &[Flag::Suspended][..]));
    let found = list(&["127.0.0.1:1".into()]);
    assert_eq!(
        (found[0].flags.as_slice(), &found[0].ends),
        (&[Flag::Partial][..], &Ends::At(at("2026-12-01T00:00:00Z")))
    );
    for bad in ["", "host = []", "[[provider.host]]\nname = 'x'", "[[provider.host]]\nname = 'a.b'\nconfirmed = 'soon'"]
    {
        assert!(read(&format!("name = 'n'\nkind = 'noip'\n{bad}")).is_err(), "{bad}");
    }
}
