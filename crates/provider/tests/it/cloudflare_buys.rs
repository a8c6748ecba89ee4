//! Cloudflare: renewal turned on once, or not at all; and records.

use atalaya_provider::testing::{Cloudflare, Misbehave};
use atalaya_renew::{Act, Bought, Order, Record, RecordType, Trouble};

use crate::cloudflare::{EXPIRES, World};
use crate::home::{PATIENCE, at};

const ORDER: &str = "PATCH /client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/registrar/registrations/example.com";

fn order() -> Order {
    let (name, reference) = ("example.com".into(), "plan-1".into());
    Order { name, act: Act::AutoRenew, price: None, expires: at(EXPIRES), reference }
}

const SPEND: &str = "spend_token_file = '{home}/spend'";

#[test]
fn renewal_is_turned_on_once() {
    for legacy in [false, true] {
        let world = World::new();
        world.fake.legacy(legacy);
        let provider = world.with(SPEND);
        let shop = provider.shop().unwrap();
        let quote = shop.quote("example.com", Act::AutoRenew).unwrap();
        assert_eq!((quote.expires, quote.price, quote.auto_renew), (at(EXPIRES), None, false));
        for _ in 0..2 {
            assert!(matches!(shop.buy(&order(), 0), Bought::Taken { .. }));
        }
        assert!(shop.look(&order()).unwrap().auto_renew);
        assert_eq!(world.fake.bought(), ["example.com with spend-token"]);
        let moved = Order { expires: 7, ..order() };
        assert!(matches!(shop.buy(&moved, 0), Bought::Not(Trouble::Refused(_))));
        let token = |method: &str| {
            let asked = world.fake.asked();
            let of = asked
                .iter()
                .filter(|one| one.method == method)
                .map(|one| one.header("authorization").unwrap().to_owned());
            of.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(token("GET"), ["Bearer read-token"]);
        assert_eq!(token(if legacy { "PUT" } else { "PATCH" }), ["Bearer spend-token"]);
    }
    assert!(World::new().with("").shop().is_none());
}

#[test]
fn it_renews_nothing_when_it_is_asked_to() {
    let world = World::new();
    let provider = world.with(SPEND);
    let (shop, year) = (provider.shop().unwrap(), Act::Renew { years: 1 });
    assert!(matches!(shop.quote("example.com", year), Err(Trouble::Refused(why)) if why.contains("automatically")));
    assert!(matches!(shop.buy(&Order { act: year, ..order() }, 0), Bought::Not(Trouble::Refused(_))));
    assert!(matches!(shop.quote("other.org", Act::AutoRenew), Err(Trouble::NotThere(_))));
    assert!(world.fake.bought().is_empty());
}

#[test]
fn an_order_under_way_is_looked_at_where_it_says() {
    for (state, why, under_way, failed) in [
        ("pending", "", true, false),
        ("in_progress", "", true, false),
        ("action_required", "", true, true),
        ("blocked", "", true, true),
    ] {
        let world = World::new();
        world.fake.workflow(state, why);
        let provider = world.with(SPEND);
        let shop = provider.shop().unwrap();
        assert!(matches!(shop.buy(&order(), 0), Bought::Taken { .. }));
        let looked = shop.look(&order()).unwrap();
        assert_eq!((looked.under_way, looked.failed.is_some()), (Some(under_way), failed), "{state}");
        world.fake.workflow("failed", "card declined");
        let looked = shop.look(&order()).unwrap();
        assert_eq!((looked.under_way, looked.failed.as_deref()), (Some(false), Some("card declined")));
        world.fake.workflow("succeeded", "");
        let _ = shop.look(&order());
        assert!(shop.look(&order()).unwrap().auto_renew);
        assert_eq!(world.fake.bought().len(), 1);
    }
    let world = World::new();
    world.fake.workflow("failed", "card declined");
    let bought = world.with(SPEND).shop().unwrap().buy(&order(), 0);
    assert_eq!(bought, Bought::Not(Trouble::Refused("card declined".into())));
}

/// An answer may not send us, and the token with us, to another host.
#[test]
fn a_link_to_elsewhere_is_not_followed() {
    let elsewhere = Cloudflare::start().unwrap();
    for link in [elsewhere.url(), elsewhere.url().replace("http:", ""), "/user/tokens/verify".into()] {
        let world = World::new();
        world.fake.workflow("pending", "");
        world.fake.link(&link);
        let provider = world.with(SPEND);
        assert!(matches!(provider.shop().unwrap().buy(&order(), 0), Bought::Taken { .. }));
        assert_eq!(provider.shop().unwrap().look(&order()).unwrap().under_way, Some(true), "{link}");
        let asked = world.fake.asked();
        assert!(asked.last().unwrap().path.ends_with("/example.com/update-status"), "where the description has it");
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn whatever_becomes_of_the_answer_it_is_bought_once() {
    for how in [
        Misbehave::DoneBut(500),
        Misbehave::DoneBut(524),
        Misbehave::DoneBut(302),
        Misbehave::DoneBut(200),
        Misbehave::Half,
        Misbehave::Short,
        Misbehave::Nonsense,
        Misbehave::DoneThenSilent,
        Misbehave::Slow(PATIENCE * 2),
    ] {
        let world = World::new();
        world.fake.misbehave(ORDER, how.clone());
        let provider = world.with(SPEND);
        let shop = provider.shop().unwrap();
        assert!(matches!(shop.buy(&order(), 0), Bought::Unclear(_)), "{how:?}");
        assert!(shop.look(&order()).unwrap().auto_renew, "{how:?}");
        assert!(matches!(shop.buy(&order(), 0), Bought::Taken { .. }), "it is on: nothing is sent");
        assert_eq!(world.fake.bought().len(), 1, "{how:?}");
    }
    for (status, word) in [(400, "refused"), (401, "wrong_key"), (403, "not_entitled"), (409, "refused"), (429, "busy")]
    {
        let world = World::new();
        world.fake.misbehave(ORDER, Misbehave::Refuse(status, "{}".into()));
        let bought = world.with(SPEND).shop().unwrap().buy(&order(), 0);
        assert!(matches!(&bought, Bought::Not(trouble) if trouble.word() == word), "{status}: {bought:?}");
        assert!(world.fake.bought().is_empty());
    }
}

#[test]
fn records_become_what_they_should_be() {
    let world = World::new();
    world.fake.add_zone("home.example.com");
    let provider = world.with("");
    let zone = provider.zone().unwrap();
    let name = "nas.home.example.com";
    let set = |all: &[&str]| {
        let record = |data: &&str| Record { name: name.into(), kind: RecordType::Aaaa, data: (*data).into(), ttl: 300 };
        zone.set(name, RecordType::Aaaa, &all.iter().map(record).collect::<Vec<_>>()).unwrap();
        world.fake.records().join(", ")
    };
    assert_eq!(set(&["2001:DB8::7"]), "AAAA nas.home.example.com 2001:db8::7 300");
    assert_eq!(set(&["2001:db8:0::7"]), "AAAA nas.home.example.com 2001:db8::7 300");
    assert_eq!(set(&["2001:db8::8"]), "AAAA nas.home.example.com 2001:db8::8 300");
    assert_eq!(set(&[]), "");
    let writes: Vec<String> =
        world.fake.asked().iter().filter(|one| one.method != "GET").map(|one| one.method.clone()).collect();
    assert_eq!(writes, ["POST", "PATCH", "DELETE"]);
    let text = "_acme-challenge.nas.home.example.com";
    for data in ["one", "two", "one"] {
        zone.add_txt(text, data).unwrap();
    }
    let told: Vec<String> =
        zone.records(text, RecordType::Txt).unwrap().into_iter().map(|record| record.data).collect();
    assert_eq!(told, ["one", "two"]);
    zone.remove_txt(text, "one").unwrap();
    assert_eq!(world.fake.records(), [format!("TXT {text} \"two\" 60")]);
    assert_eq!(zone.servers(text).unwrap(), ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]);
    assert!(matches!(zone.records("example.org", RecordType::A), Err(Trouble::NotThere(_))));
}

#[test]
fn a_change_without_an_answer_is_unclear_and_may_be_asked_for_again() {
    let world = World::new();
    let provider = world.with("");
    let zone = provider.zone().unwrap();
    for how in [Misbehave::DoneBut(500), Misbehave::DoneThenSilent, Misbehave::Half] {
        world.fake.misbehave("POST", how.clone());
        assert!(matches!(zone.add_txt("a.example.com", "x"), Err(Trouble::Unclear(_))), "{how:?}");
        assert_eq!(zone.add_txt("a.example.com", "x"), Ok(()));
        assert_eq!(world.fake.records().len(), 1);
        zone.remove_txt("a.example.com", "x").unwrap();
    }
    // Somebody else was faster.
    let body =
        r#"{"success":false,"errors":[{"code":81058,"message":"An identical record already exists."}],"result":null}"#;
    world.fake.misbehave("POST", Misbehave::Refuse(400, body.into()));
    assert_eq!(zone.add_txt("a.example.com", "x"), Ok(()));
}
