//! Cloudflare: tokens, domains, certificates, and what its errors mean.

use atalaya_provider::Provider;
use atalaya_provider::testing::{Cloudflare, Misbehave, Pack, Registered};
use atalaya_renew::{ByItself, Ends, Flag, Kind, List, Trouble};
use serde_json::json;

use crate::home::{Home, PATIENCE, at};

pub(crate) const EXPIRES: &str = "2027-02-01T00:00:00Z";
const NOW: &str = "2026-11-20T10:00:00Z";

pub(crate) struct World {
    pub(crate) fake: Cloudflare,
    pub(crate) home: Home,
}

impl World {
    pub(crate) fn new() -> Self {
        let (fake, home) = (Cloudflare::start().unwrap(), Home::new());
        fake.add_zone("example.com");
        fake.add_domain(Registered::new("example.com", EXPIRES));
        home.file("token", Cloudflare::TOKEN);
        home.file("spend", Cloudflare::SPEND_TOKEN);
        Self { fake, home }
    }

    pub(crate) fn with(&self, more: &str) -> Box<dyn Provider> {
        let url = self.fake.url();
        let section = format!("name = 'cf'\nkind = 'cloudflare'\nurl = '{url}'\ntoken_file = '{{home}}/token'\n{more}");
        self.home.provider(&section)
    }

    fn list(&self) -> Result<List, Trouble> {
        self.with("").list(at(NOW))
    }
}

fn pack(kind: &str, status: &str, expires: Option<&str>) -> Pack {
    let hosts = vec!["example.com".into(), "*.example.com".into()];
    Pack { kind: kind.into(), status: status.into(), hosts, expires: expires.map(str::to_owned) }
}

#[test]
fn token_domains_and_certificates_are_listed() {
    let world = World::new();
    world.fake.add_domain(Registered { auto_renew: true, ..Registered::new("auto.example", EXPIRES) });
    world
        .fake
        .add_domain(Registered { status: "redemption_period".into(), ..Registered::new("lost.example", EXPIRES) });
    world.fake.add_domain(Registered { status: "pending_delete".into(), ..Registered::new("last.example", "soon") });
    world.fake.add_pack("example.com", pack("universal", "active", Some("2027-01-20T00:00:00Z")));
    world.fake.add_pack("example.com", pack("universal", "expired", Some("2026-01-20T00:00:00Z")));
    world.fake.add_pack("example.com", pack("custom", "active", Some("2027-01-01T00:00:00Z")));
    world.fake.add_pack("example.com", pack("advanced", "validation_timed_out", None));
    let found = world.list().unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.by_itself, one.flags.as_slice())).collect();
    assert_eq!(
        told,
        [
            ("API token", ByItself::Nothing, &[][..]),
            ("example.com", ByItself::Nothing, &[]),
            ("auto.example", ByItself::ProviderRenews, &[]),
            ("lost.example", ByItself::Nothing, &[Flag::Redemption]),
            ("last.example", ByItself::Nothing, &[Flag::PendingDelete]),
            ("example.com (universal)", ByItself::ProviderReplaces, &[]),
            ("example.com (custom)", ByItself::Nothing, &[]),
            ("example.com (advanced)", ByItself::ProviderReplaces, &[Flag::Suspended]),
        ]
    );
    assert_eq!((&found[0].ends, &found[1].ends), (&Ends::Never, &Ends::At(at(EXPIRES))));
    assert!(matches!((&found[4].ends, &found[7].ends), (Ends::Unknown(_), Ends::Unknown(_))));
    assert_eq!((found[5].kind, found[5].begun), (Kind::Certificate, Some(at("2026-10-22T00:00:00Z"))));
    assert!(found[5].note.contains("GoogleTrustServices"));
}

#[test]
fn both_kinds_of_token_are_verified_and_end() {
    let world = World::new();
    let told = json!({ "id": "x", "status": "active", "expires_on": "2027-01-01T00:00:00Z", "not_before": "2027-01-01T00:00:00Z" });
    world.fake.token(false, told);
    let refused = world.list().unwrap_err();
    assert!(matches!(&refused, Trouble::WrongKey(why) if why.contains("set account")), "{refused:?}");
    let account = format!("account = '{}'", Cloudflare::ACCOUNT);
    let token = &world.with(&account).list(at(NOW)).unwrap()[0];
    assert_eq!(
        (&token.ends, token.flags.as_slice()),
        (&Ends::At(at("2027-01-01T00:00:00Z")), &[Flag::NotYetValid][..])
    );
    world.fake.token(true, json!({ "id": "x", "status": "disabled" }));
    assert_eq!(world.list().unwrap()[0].flags, [Flag::Disabled]);
    world.fake.token(true, json!({ "id": "x", "status": "expired" }));
    assert!(matches!(world.list().unwrap()[0].ends, Ends::Unknown(_)));
    world.fake.token(true, json!({ "id": "x", "status": "melted" }));
    assert!(matches!(world.list(), Err(Trouble::Garbled(_))));
    world.home.file("token", "other");
    assert!(matches!(world.list(), Err(Trouble::WrongKey(_))));
}

#[test]
fn what_the_token_may_not_read_is_told_beside_it() {
    let world = World::new();
    world.fake.close("/registrar/");
    world.fake.close("/certificate_packs");
    let found = world.list().unwrap();
    assert_eq!((found.len(), found[0].flags.as_slice()), (1, &[Flag::Partial][..]));
    assert!(found[0].note.ends_with("it may not read the registrar's domains, certificates"), "{}", found[0].note);
    let kinds: Vec<Kind> = found.not_asked.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::Domain, Kind::Certificate]);
    assert!(found.not_asked[0].1.contains("the registrar's domains"));
}

#[test]
fn what_may_not_be_listed_may_be_there_for_all_that() {
    let world = World::new();
    assert_eq!(world.list().unwrap().not_asked, []);
    world.fake.close("/zones");
    let kinds = |more: &str| -> Vec<Kind> {
        let list = world.with(more).list(at(NOW)).unwrap();
        list.not_asked.iter().map(|(kind, _)| *kind).collect()
    };
    // Accounts are those of the zones, unless one is set.
    assert_eq!(kinds(""), [Kind::Certificate, Kind::Domain]);
    assert_eq!(kinds(&format!("account = '{}'", Cloudflare::ACCOUNT)), [Kind::Certificate]);
}

#[test]
fn pages_and_cursors_are_followed_to_their_end() {
    let world = World::new();
    for number in 0..120 {
        world.fake.add_zone(&format!("z{number}.example"));
        world.fake.add_domain(Registered::new(&format!("d{number}.example"), EXPIRES));
    }
    assert_eq!(world.list().unwrap().len(), 1 + 121);
    let asked = world.fake.asked();
    let count = |end: &str| asked.iter().filter(|one| one.path.ends_with(end)).count();
    assert_eq!((count("/zones"), count("/registrations"), count("/certificate_packs")), (3, 3, 121));
    // A cursor that stands still has no end.
    let body = json!({
        "success": true, "errors": [], "result": [], "result_info": { "cursor": "same" },
    });
    for _ in 0..2 {
        world.fake.misbehave("GET /client/v4/accounts", Misbehave::Refuse(200, body.to_string()));
    }
    assert!(matches!(world.list(), Err(Trouble::Garbled(why)) if why.contains("no end")));
}

#[test]
fn the_older_registrar_is_asked_where_the_newer_is_not_there() {
    let world = World::new();
    world.fake.legacy(true);
    let on_hold =
        Registered { status: "clientHold,autoRenewPeriod".into(), ..Registered::new("held.example", EXPIRES) };
    world.fake.add_domain(on_hold);
    let found = world.list().unwrap();
    assert_eq!((found[1].name.as_str(), &found[1].ends), ("example.com", &Ends::At(at(EXPIRES))));
    assert_eq!(found[2].flags, [Flag::Suspended, Flag::AutoRenewPeriod]);
}

#[test]
fn each_error_has_its_meaning() {
    let world = World::new();
    let body = |code: u32| {
        format!("{{\"success\":false,\"errors\":[{{\"code\":{code},\"message\":\"no\"}}],\"result\":null}}")
    };
    for (how, word) in [
        (Misbehave::Refuse(400, body(6003)), "wrong_key"),
        (Misbehave::Refuse(400, body(7)), "refused"),
        (Misbehave::Refuse(404, body(7003)), "not_there"),
        (Misbehave::Refuse(200, body(7)), "refused"),
        (Misbehave::Refuse(200, "{\"success\":true,\"errors\":[],\"result\":null}".into()), "garbled"),
        (Misbehave::Refuse(500, body(1)), "unreachable"),
        (Misbehave::Refuse(502, "<html>".into()), "unreachable"),
        (Misbehave::HangUp, "unreachable"),
        (Misbehave::Half, "garbled"),
        (Misbehave::Short, "garbled"),
        (Misbehave::Nonsense, "garbled"),
        (Misbehave::Huge(3), "garbled"),
        (Misbehave::NoHttp, "unreachable"),
        (Misbehave::Slow(PATIENCE * 2), "unreachable"),
        (Misbehave::Redirect("http://127.0.0.1:1/".into()), "unreachable"),
    ] {
        world.fake.misbehave("GET /client/v4/user", how.clone());
        let told = world.list().unwrap_err();
        assert_eq!(told.word(), word, "{how:?}: {told}");
    }
}

/// After one too many it blocks everything for five minutes, whatever it says.
#[test]
fn it_is_left_alone_when_it_has_enough() {
    let world = World::new();
    let provider = world.with("");
    let header = ("Retry-After".to_owned(), "17".to_owned());
    world.fake.misbehave("GET /client/v4/zones", Misbehave::RefuseWith(429, String::new(), header));
    assert_eq!(provider.list(at(NOW)), Err(Trouble::Busy { after: 300 }));
    let before = world.fake.asked().len();
    assert!(matches!(provider.list(at(NOW)), Err(Trouble::Busy { after: 295..=300 })));
    assert_eq!(world.fake.asked().len(), before);
    // And before that, where it says that nothing remains.
    let provider = world.with("");
    world.fake.rate_limit("\"default\";r=0;t=30");
    assert!(matches!(provider.list(at(NOW)), Err(Trouble::Busy { after: 29..=30 })));
    world.fake.rate_limit("\"default\";r=50;t=30, \"burst\";r=0;t=7");
    assert!(matches!(world.list(), Err(Trouble::Busy { after: 6..=7 })));
    world.fake.rate_limit("\"default\";r=50;t=30");
    assert!(world.list().is_ok());
}
