//! Answers that are damaged, and servers that are somebody else's.

use atalaya_provider::Provider;
use atalaya_provider::testing::{Cloudflare, GoDaddy, Misbehave, Rdap};
use atalaya_renew::{Act, Bought, Ends, Money, Order, Trouble};

use crate::home::{Home, at};
use crate::servers::{Authority, Own};
use crate::{cloudflare, godaddy};

const SUMMARY: &str = r#"[{"domainId":1,"domain":"example.com","status":"ACTIVE","expires":"2027-03-01T10:00:00.000Z","renewAuto":false}]"#;
const TOKEN: &str = r#"{"success":true,"errors":[],"messages":[],"result":{"id":"a","status":"active","expires_on":"2027-01-01T00:00:00Z"}}"#;
const DOMAIN: &str =
    r#"{"ldhName":"a.com","events":[{"eventAction":"expiration","eventDate":"2027-01-01T00:00:00Z"}]}"#;

/// Cut anywhere, or with any byte another: never a panic, and never a date that was not told.
fn damage(whole: &str, ask: impl Fn(String) -> Option<Ends>) {
    let good = ask(whole.to_owned());
    assert!(matches!(good, Some(Ends::At(_))), "{good:?}");
    for end in (0..whole.len()).step_by(7) {
        let told = ask(whole[..end].to_owned());
        assert!(!matches!(told, Some(Ends::At(_))), "cut at {end}: {told:?}");
    }
    for at in (0..whole.len()).step_by(5) {
        for byte in ["\u{0}", "\"", "{", "9", "é"] {
            let told = ask(format!("{}{byte}{}", &whole[..at], &whole[at + 1..]));
            let year = |end: i64| (end - 1_800_000_000).abs() < 300_000_000;
            assert!(!matches!(told, Some(Ends::At(end)) if !year(end) && byte != "9"), "{byte} at {at}: {told:?}");
        }
    }
}

#[test]
fn a_damaged_answer_is_no_answer() {
    let world = godaddy::World::new();
    let first =
        |provider: &dyn Provider, now| provider.list(now).ok().and_then(|found| Some(found.first()?.ends.clone()));
    damage(SUMMARY, |body| {
        world.fake.misbehave("GET", Misbehave::Refuse(200, body));
        first(&*world.with(""), 0)
    });
    let world = cloudflare::World::new();
    damage(TOKEN, |body| {
        world.fake.misbehave("GET /client/v4/user", Misbehave::Refuse(200, body));
        first(&*world.with(""), 0)
    });
    let fake = Rdap::start(&["com"]).unwrap();
    let section = format!("name = 'public'\nkind = 'rdap'\nbootstrap = '{}'\ndomains = ['a.com']", fake.url());
    damage(DOMAIN, |body| {
        fake.misbehave("GET /registry", Misbehave::Refuse(200, body));
        first(&*Home::new().provider(&section), 0)
    });
}

fn order(price: &str) -> Order {
    Order {
        name: "example.com".into(),
        act: Act::Renew { years: 1 },
        price: Some(Money::parse(price).unwrap()),
        expires: at(godaddy::EXPIRES),
        reference: "plan-1".into(),
    }
}

/// Cents taken for millionths and the like are no price, and another domain's is not this one's.
#[test]
fn a_price_that_is_none_buys_nothing() {
    let world = godaddy::World::new();
    let provider = world.guarded();
    let shop = provider.shop().unwrap();
    let detail = |name: &str, price: &str| {
        format!(
            "{{\"domain\":\"{name}\",\"expiresAt\":\"{}\",\"renewAuto\":false,\"renewal\":{{\"price\":{price},\"currency\":\"USD\"}}}}",
            godaddy::EXPIRES
        )
    };
    for body in [
        detail("example.com", "-1"),
        detail("example.com", "99000000000000000"),
        detail("example.com", "21.99"),
        detail("example.com", "null"),
        detail("example.com", "21990000").replace("USD", "usd"),
        detail("example.com", "21990000").replace(godaddy::EXPIRES, "soon"),
        detail("other.com", "1"),
    ] {
        world.fake.misbehave("GET /v2", Misbehave::Refuse(200, body.clone()));
        let bought = shop.buy(&order("999999 USD"), 0);
        assert!(matches!(bought, Bought::Not(Trouble::Garbled(_))), "{body}: {bought:?}");
    }
    assert!(world.fake.bought().is_empty());
    // The price rose between the question and the order, and GoDaddy's own guard refuses.
    let cheap = detail("example.com", "9990000");
    world.fake.misbehave("GET /v2", Misbehave::Refuse(200, cheap));
    assert!(
        matches!(shop.buy(&order("999999 USD"), 0), Bought::Not(Trouble::Refused(why)) if why.contains("consent.price"))
    );
    assert!(world.fake.bought().is_empty());
}

/// A key is not handed to whoever answers at a name.
#[test]
fn a_server_that_nobody_trusts_hears_nothing() {
    let (home, authority) = (Home::new(), Authority::new());
    home.file("key", GoDaddy::KEY);
    home.file("token", Cloudflare::TOKEN);
    home.file("ca.pem", &authority.pem);
    let now = jiff::Timestamp::now().as_second();
    for (own, why) in [
        (Own::by_itself("127.0.0.1", 0, 4_000_000_000), "signed by nobody"),
        (authority.sign("other.example", 0, 4_000_000_000), "for another name"),
        (authority.sign("127.0.0.1", 0, now - 60), "has expired"),
        (authority.sign("127.0.0.1", now + 3_600, 4_000_000_000), "not valid yet"),
    ] {
        let address = own.serve();
        for kind in ["godaddy'\nkey_file = '{home}/key", "cloudflare'\ntoken_file = '{home}/token"] {
            let section =
                format!("name = 'x'\nurl = 'https://{address}'\nca_file = '{{home}}/ca.pem'\nkind = '{kind}'");
            let told = home.provider(&section).list(0).unwrap_err();
            let expected = format!("cannot trust https://{address}: ");
            assert!(
                matches!(&told, Trouble::Unreachable(text) if text.starts_with(&expected) && text.contains(why)),
                "{told:?}"
            );
        }
    }
}
