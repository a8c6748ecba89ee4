//! GoDaddy: what is listed, and what its errors mean.

use std::time::Instant;

use atalaya_provider::Provider;
use atalaya_provider::testing::{Domain, GoDaddy, Misbehave};
use atalaya_renew::{Act, ByItself, Ends, Flag, Trouble};

use crate::home::{Home, PATIENCE, at};

pub(crate) const EXPIRES: &str = "2027-03-01T10:00:00.000Z";

pub(crate) struct World {
    pub(crate) fake: GoDaddy,
    pub(crate) home: Home,
}

impl World {
    pub(crate) fn new() -> Self {
        let (fake, home) = (GoDaddy::start().unwrap(), Home::new());
        fake.add(Domain::new("example.com", EXPIRES));
        home.file("key", GoDaddy::KEY);
        home.file("spend", GoDaddy::SPEND_KEY);
        Self { fake, home }
    }

    pub(crate) fn with(&self, more: &str) -> Box<dyn Provider> {
        self.home.provider(&format!(
            "name = 'registrar'\nkind = 'godaddy'\nurl = '{}'\nkey_file = '{{home}}/key'\n{more}",
            self.fake.url()
        ))
    }

    pub(crate) fn guarded(&self) -> Box<dyn Provider> {
        let customer = GoDaddy::CUSTOMER;
        self.with(&format!("spend_key_file = '{{home}}/spend'\ncustomer = '{customer}'\nagreed_by = '203.0.113.7'"))
    }
}

#[test]
fn domains_are_listed_with_what_will_happen_by_itself() {
    let world = World::new();
    world.fake.add(Domain { renew_auto: true, ..Domain::new("auto.example", "2026-12-01T00:00:00.000Z") });
    world.fake.add(Domain { status: "CANCELLED_TRANSFER".into(), ..Domain::new("gone.example", EXPIRES) });
    world.fake.add(Domain { status: "PENDING_HOLD_REDEMPTION".into(), ..Domain::new("lost.example", EXPIRES) });
    world.fake.add(Domain { renewable: false, expires: "soon".into(), ..Domain::new("odd.example", EXPIRES) });
    let found = world.with("").list(0).unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["auto.example", "example.com", "lost.example", "odd.example"]);
    assert_eq!(
        (&found[0].by_itself, &found[0].ends),
        (&ByItself::ProviderRenews, &Ends::At(at("2026-12-01T00:00:00Z")))
    );
    assert_eq!((&found[1].by_itself, &found[1].ends), (&ByItself::Nothing, &Ends::At(at(EXPIRES))));
    assert_eq!(found[1].flags, []);
    assert_eq!((found[2].flags.as_slice(), found[2].note.contains("REDEMPTION")), (&[Flag::Redemption][..], true));
    assert_eq!(found[3].flags, [Flag::NotRenewable]);
    assert!(matches!(&found[3].ends, Ends::Unknown(why) if why.contains("soon")));
}

#[test]
fn every_page_is_read_once_wherever_a_page_begins() {
    let world = World::new();
    for number in 0..450 {
        world.fake.add(Domain::new(&format!("d{number:04}.example"), EXPIRES));
    }
    for inclusive in [false, true] {
        world.fake.inclusive(inclusive);
        assert_eq!(world.with("").list(0).unwrap().len(), 451);
    }
    assert_eq!(world.fake.asked().len(), 3 + 3);
}

#[test]
fn what_came_in_part_is_told() {
    let world = World::new();
    world.fake.partial(true);
    assert_eq!(world.with("").list(0).unwrap()[0].flags, [Flag::Partial]);
}

/// A wrong key is a person's to mend, a right one of an account that may not is another's.
#[test]
fn not_entitled_is_not_a_wrong_key() {
    let world = World::new();
    world.fake.entitle(false);
    let told = world.with("").list(0).unwrap_err();
    assert!(matches!(&told, Trouble::NotEntitled(why) if why.contains("ten domains")), "{told:?}");
    world.home.file("key", "other:secret");
    let told = world.with("").list(0).unwrap_err();
    assert!(matches!(&told, Trouble::WrongKey(why) if why.contains("authenticate")), "{told:?}");
}

#[test]
fn each_error_has_its_meaning() {
    let world = World::new();
    let body = |code: &str| format!("{{\"code\":\"{code}\",\"message\":\"because\",\"fields\":[]}}");
    for (status, body, word) in [
        (400, body("BAD"), "refused"),
        (401, String::new(), "wrong_key"),
        (403, body("OTHER"), "not_entitled"),
        (404, body("X"), "not_there"),
        (409, body("X"), "refused"),
        (422, body("X"), "refused"),
        (500, body("X"), "unreachable"),
        (502, "<html>".into(), "unreachable"),
        (503, String::new(), "unreachable"),
        (504, body("X"), "unreachable"),
        (418, "[]".into(), "refused"),
    ] {
        world.fake.misbehave("GET /v1/domains", Misbehave::Refuse(status, body));
        let told = world.with("").list(0).unwrap_err();
        assert_eq!(told.word(), word, "{status}: {told}");
    }
}

#[test]
fn answers_that_are_none() {
    let world = World::new();
    let elsewhere = GoDaddy::start().unwrap();
    let started = Instant::now();
    for (how, word) in [
        (Misbehave::HangUp, "unreachable"),
        (Misbehave::Half, "garbled"),
        (Misbehave::Short, "garbled"),
        (Misbehave::Nonsense, "garbled"),
        (Misbehave::NoHttp, "unreachable"),
        (Misbehave::Huge(3), "garbled"),
        (Misbehave::Slow(PATIENCE * 2), "unreachable"),
        (Misbehave::Redirect(elsewhere.url()), "unreachable"),
        (Misbehave::Refuse(200, "{}".into()), "garbled"),
        (Misbehave::Refuse(200, "[{\"domain\": 7}]".into()), "garbled"),
        (Misbehave::Refuse(200, "[".repeat(100_000)), "garbled"),
    ] {
        world.fake.misbehave("GET /v1/domains", how.clone());
        let told = world.with("").list(0).unwrap_err();
        assert_eq!(told.word(), word, "{how:?}: {told}");
    }
    assert!(started.elapsed() < PATIENCE * 3, "{:?}", started.elapsed());
    assert!(elsewhere.asked().is_empty(), "no redirection is followed");
    assert_eq!(world.with("").list(0).unwrap().len(), 1);
}

#[test]
fn too_many_requests_are_neither_sent_nor_repeated() {
    let world = World::new();
    let body = r#"{"code":"TOO_MANY_REQUESTS","message":"slow down","retryAfterSec":30}"#;
    world.fake.misbehave("GET", Misbehave::Refuse(429, body.into()));
    let provider = world.guarded();
    assert_eq!(provider.list(0), Err(Trouble::Busy { after: 30 }));
    assert!(matches!(provider.list(0), Err(Trouble::Busy { after: 1..=30 })));
    assert_eq!(world.fake.asked().len(), 1, "it is left alone for as long as it wants");
    // Sixty a minute to each endpoint, counted here too.
    let provider = world.guarded();
    let quotes = (0..61).map(|_| provider.shop().unwrap().quote("example.com", Act::Renew { years: 1 }));
    let refused: Vec<_> = quotes.filter_map(Result::err).collect();
    assert!(matches!(refused[..], [Trouble::Busy { after: 1..=60 }]), "{refused:?}");
    assert_eq!(world.fake.asked().len(), 1 + 60);
    assert!(provider.list(0).is_ok());
}

#[test]
fn it_is_said_who_asks_and_only_what_is_needed() {
    let world = World::new();
    world.with("").list(0).unwrap();
    let asked = world.fake.asked();
    let agent = asked[0].header("user-agent").unwrap();
    assert!(agent.starts_with("atalaya/") && agent.ends_with("(me@example.com)"), "{agent}");
    assert_eq!(asked[0].header("authorization"), Some("sso-key readkey:readsecret"));
}

#[test]
fn nobody_there_is_told_with_where() {
    let home = Home::new();
    home.file("key", GoDaddy::KEY);
    let section = "name = 'r'\nkind = 'godaddy'\nurl = 'http://127.0.0.1:1/secret'\nkey_file = '{home}/key'";
    let told = home.provider(section).list(0).unwrap_err().to_string();
    assert_eq!(told, "not reached: cannot reach http://127.0.0.1:1: it refuses the connection");
    for (key, why) in [("", "empty"), ("nocolon", "KEY:SECRET"), ("gd_pat_abc_12345678", "v3"), (":", "KEY:SECRET")] {
        home.file("key", key);
        let told = home.provider(section).list(0).unwrap_err();
        assert!(matches!(&told, Trouble::SetUp(text) if text.contains(why)), "{told:?}");
    }
}
