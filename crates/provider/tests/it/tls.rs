//! Certificates of real servers: each fault by itself.

use atalaya_renew::limits::DAY_SECONDS;
use atalaya_renew::{Ends, Flag, Found};

use crate::home::{Home, at, read};
use crate::servers::{Authority, Own, plain, serve};

const NOW: &str = "2026-11-20T10:00:00Z";

fn look(home: &Home, addresses: &[String], more: &str) -> Vec<Found> {
    let section = format!("name = 'c'\nkind = 'tls'\nhosts = {addresses:?}\nca_file = '{{home}}/ca.pem'\n{more}");
    home.provider(&section).list(at(NOW)).unwrap().found
}

#[test]
fn each_fault_is_seen_by_itself() {
    let (home, authority, now) = (Home::new(), Authority::new(), at(NOW));
    home.file("ca.pem", &authority.pem);
    let (begun, end) = (now - 10 * DAY_SECONDS, now + 80 * DAY_SECONDS);
    let cases = [
        (authority.sign("nas.example.com", begun, end), begun, end, vec![]),
        (
            authority.sign("nas.example.com", now - 5 * DAY_SECONDS, now + DAY_SECONDS),
            now - 5 * DAY_SECONDS,
            now + DAY_SECONDS,
            vec![],
        ),
        (authority.sign("nas.example.com", begun, now - 1), begun, now - 1, vec![]),
        (authority.sign("nas.example.com", now + 1, end), now + 1, end, vec![Flag::NotYetValid]),
        (authority.sign("other.example.com", begun, end), begun, end, vec![Flag::WrongName]),
        (Own::by_itself("nas.example.com", begun, end), begun, end, vec![Flag::Untrusted]),
        (Authority::new().sign("nas.example.com", begun, end), begun, end, vec![Flag::Untrusted]),
        (Own::by_itself("other", begun, now - 1), begun, now - 1, vec![Flag::WrongName, Flag::Untrusted]),
    ];
    let (mut addresses, mut expected) = (Vec::new(), Vec::new());
    for (own, begun, end, flags) in cases {
        addresses.push(own.serve().to_string());
        expected.push((Some(begun), Ends::At(end), flags));
    }
    let found = look(&home, &addresses, "server_name = 'nas.example.com'");
    let told: Vec<_> = found.iter().map(|one| (one.begun, one.ends.clone(), one.flags.clone())).collect();
    assert_eq!(told, expected);
    assert!(found.iter().zip(&addresses).all(|(one, address)| one.name == *address));
    assert_eq!((found[0].note.as_str(), found[5].note.as_str()), ("issued by Example Trust", "signed by itself"));
    assert_eq!(found[4].note, "for other.example.com, issued by Example Trust");
}

/// A NAS that signs its own is expected by its fingerprint, and then another one is seen, whoever signed it.
#[test]
fn one_that_is_expected_is_accepted_as_it_is_and_no_other() {
    let (home, authority) = (Home::new(), Authority::new());
    home.file("ca.pem", &authority.pem);
    let own = Own::by_itself("ds218", 0, 4_000_000_000);
    let signed = authority.sign("127.0.0.1", 0, 4_000_000_000).serve().to_string();
    let bare = own.fingerprint();
    let pairs: Vec<String> = bare.as_bytes().chunks(2).map(|two| String::from_utf8_lossy(two).to_uppercase()).collect();
    let shown = pairs.join(":");
    let found = look(&home, &[own.serve().to_string(), signed], &format!("fingerprints = ['{shown}']"));
    assert_eq!((found[0].flags.as_slice(), found[0].note.as_str()), (&[][..], "signed by itself"));
    assert_eq!(found[1].flags, [Flag::Untrusted]);
    assert!(found[1].note.contains("another one was expected"), "{}", found[1].note);
}

/// What signs itself is trusted where somebody put it among those who are.
#[test]
fn a_certificate_of_ones_own_is_trusted_by_its_file() {
    let home = Home::new();
    let own = Own::by_itself("127.0.0.1", 0, 4_000_000_000);
    home.file("ca.pem", &own.pem);
    assert_eq!(look(&home, &[own.serve().to_string()], "")[0].flags, []);
}

#[test]
fn whoever_shows_none_is_unknown_and_keeps_nobody() {
    let (home, authority) = (Home::new(), Authority::new());
    home.file("ca.pem", &authority.pem);
    let good = authority.sign("127.0.0.1", 0, 4_000_000_000).serve();
    let hangs_up = serve(drop);
    let hosts = ["127.0.0.1:1".into(), plain().to_string(), hangs_up.to_string(), good.to_string()];
    let found = look(&home, &hosts, "");
    for (one, words) in found.iter().zip(["refused", "no TLS", "127.0.0.1"]) {
        assert!(matches!(&one.ends, Ends::Unknown(why) if why.contains(words)), "{one:?}");
    }
    assert_eq!((&found[3].ends, found[3].flags.as_slice()), (&Ends::At(4_000_000_000), &[][..]));
}

#[test]
fn what_is_set_up_wrong_is_told() {
    let home = Home::new();
    let told =
        home.provider("name = 'c'\nkind = 'tls'\nhosts = ['a']\nca_file = '{home}/none.pem'").list(0).unwrap_err();
    assert!(told.to_string().contains("none.pem"), "{told}");
    for bad in
        ["hosts = []", "hosts = ['a:b']", "hosts = ['a b']", "hosts = ['a']\nserver_name = '-'", "hosts = [':1']"]
    {
        assert!(read(&format!("name = 'c'\nkind = 'tls'\n{bad}")).is_err(), "{bad}");
    }
}
