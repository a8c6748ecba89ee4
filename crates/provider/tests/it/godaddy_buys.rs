//! GoDaddy: exactly one purchase, or none, or a clear "nobody knows".

use atalaya_provider::testing::{GoDaddy, Misbehave, Sold};
use atalaya_renew::{Act, Bought, Looked, Money, Order, Sells, Trouble};

use crate::godaddy::{EXPIRES, World};
use crate::home::{PATIENCE, at};

const YEAR: Act = Act::Renew { years: 1 };
const RENEW: &str = "POST /v2/customers/123456789/domains/example.com/renew";

fn order(act: Act, price: Option<&str>) -> Order {
    Order {
        name: "example.com".into(),
        act,
        price: price.map(|price| Money::parse(price).unwrap()),
        expires: at(EXPIRES),
        reference: "plan-0001".into(),
    }
}

fn year() -> Order {
    order(YEAR, Some("21.99 USD"))
}

fn sold(years: u32) -> Sold {
    Sold { name: "example.com".into(), years, key: GoDaddy::SPEND_KEY.into() }
}

#[test]
fn a_renewal_is_quoted_bought_and_seen() {
    let world = World::new();
    let provider = world.guarded();
    let shop = provider.shop().unwrap();
    let quote = shop.quote("example.com", YEAR).unwrap();
    assert_eq!((quote.price, quote.expires, quote.auto_renew), (year().price, at(EXPIRES), false));
    assert_eq!(world.fake.bought(), []);
    let taken = Bought::Taken { number: String::new(), charged: None };
    assert_eq!(shop.buy(&year(), at("2026-11-20T10:00:00Z")), taken);
    assert_eq!(world.fake.bought(), [sold(1)]);
    let asked = world.fake.asked();
    let sent = asked.iter().find(|one| one.method == "POST").unwrap();
    assert_eq!(sent.header("x-request-id"), Some("plan-0001"));
    assert_eq!(sent.body["expires"], EXPIRES);
    assert_eq!((&sent.body["consent"]["price"], &sent.body["period"]), (&21_990_000.into(), &1.into()));
    assert_eq!(sent.body["consent"]["agreedBy"], "203.0.113.7");
    assert_eq!(sent.body["consent"]["agreedAt"], "2026-11-20T10:00:00Z");
    let looked = shop.look(&year()).unwrap();
    assert_eq!((looked.expires, looked.under_way), (at("2028-03-01T10:00:00Z"), Some(false)));
    // Again: the end has moved, so that nothing is sent.
    assert!(matches!(shop.buy(&year(), 0), Bought::Not(Trouble::Refused(why)) if why.contains("another time")));
    assert_eq!(world.fake.bought().len(), 1);
}

/// The key that spends is used for the purchase, and for nothing else.
#[test]
fn each_key_does_its_own() {
    let world = World::new();
    let provider = world.guarded();
    let _ = provider.list(0);
    let _ = provider.shop().unwrap().buy(&year(), 0);
    let _ = provider.shop().unwrap().look(&year());
    for asked in world.fake.asked() {
        let spends = asked.header("authorization") == Some("sso-key spendkey:spendsecret");
        assert_eq!(spends, asked.method == "POST", "{}", asked.line());
    }
    assert!(world.with("").shop().is_none(), "without such a key nothing is sold");
    world.home.file("spend", "");
    assert!(matches!(world.guarded().shop().unwrap().buy(&year(), 0), Bought::Not(_)), "it moved already");
}

#[test]
fn nothing_is_sent_that_was_not_approved() {
    let world = World::new();
    let provider = world.guarded();
    let shop = provider.shop().unwrap();
    for (order, why) in [
        (order(YEAR, Some("21.98 USD")), "21.99 USD now"),
        (order(YEAR, Some("30 EUR")), "30.00 EUR was approved"),
        (order(YEAR, None), "no price was approved"),
        (order(Act::Renew { years: 2 }, Some("99 USD")), "year by year"),
        (order(Act::Renew { years: 0 }, Some("99 USD")), "1 to 10"),
        (Order { expires: 7, ..year() }, "another time"),
    ] {
        let bought = shop.buy(&order, 0);
        assert!(matches!(&bought, Bought::Not(Trouble::Refused(text)) if text.contains(why)), "{bought:?}");
    }
    world.fake.change("example.com", |one| one.renewable = false);
    assert!(matches!(shop.buy(&year(), 0), Bought::Not(Trouble::Refused(_))));
    let other = Order { name: "other.org".into(), ..year() };
    assert!(matches!(shop.buy(&other, 0), Bought::Not(Trouble::NotThere(_))));
    let odd = Order { name: "example.com/renew?".into(), ..year() };
    assert!(matches!(shop.buy(&odd, 0), Bought::Not(Trouble::SetUp(_))));
    assert!(world.fake.asked().iter().all(|asked| asked.method == "GET"));
    // A lower price than was approved is the one that is agreed to.
    world.fake.change("example.com", |one| (one.renewable, one.price) = (true, 9_990_000));
    assert!(matches!(shop.buy(&year(), 0), Bought::Taken { .. }));
    assert_eq!(world.fake.bought().len(), 1);
}

/// The order was taken, and its answer lost in every way there is: it is never sent again, and is found by looking.
#[test]
fn whatever_becomes_of_the_answer_it_is_bought_once() {
    for how in [
        Misbehave::DoneBut(500),
        Misbehave::DoneBut(502),
        Misbehave::DoneBut(504),
        Misbehave::DoneBut(408),
        Misbehave::DoneBut(200),
        Misbehave::DoneBut(302),
        Misbehave::DoneThenSilent,
        Misbehave::Slow(PATIENCE * 2),
    ] {
        let world = World::new();
        world.fake.misbehave(RENEW, how.clone());
        let provider = world.guarded();
        let bought = provider.shop().unwrap().buy(&year(), 0);
        assert!(matches!(bought, Bought::Unclear(_)), "{how:?}: {bought:?}");
        let looked = provider.shop().unwrap().look(&year()).unwrap();
        assert_eq!(looked.expires, at("2028-03-01T10:00:00Z"), "{how:?}");
        let again = provider.shop().unwrap().buy(&year(), 0);
        assert!(matches!(again, Bought::Not(_)), "{how:?}: {again:?}");
        assert_eq!(world.fake.bought(), [sold(1)], "{how:?}");
    }
}

#[test]
fn what_was_refused_was_not_bought() {
    for (status, word) in [
        (400, "refused"),
        (401, "wrong_key"),
        (403, "not_entitled"),
        (404, "not_there"),
        (409, "refused"),
        (422, "refused"),
    ] {
        let world = World::new();
        world.fake.misbehave(RENEW, Misbehave::Refuse(status, "{}".into()));
        let provider = world.guarded();
        let bought = provider.shop().unwrap().buy(&year(), 0);
        assert!(matches!(&bought, Bought::Not(trouble) if trouble.word() == word), "{status}: {bought:?}");
        let looked = provider.shop().unwrap().look(&year()).unwrap();
        let as_before = Looked { expires: at(EXPIRES), auto_renew: false, under_way: Some(false), failed: None };
        assert_eq!((looked, world.fake.bought()), (as_before, vec![]));
    }
    // Nobody was reached: neither by the question before, nor by the order.
    let world = World::new();
    world.fake.misbehave("GET", Misbehave::HangUp);
    let bought = world.guarded().shop().unwrap().buy(&year(), 0);
    assert_eq!(
        bought,
        Bought::Not(Trouble::Unreachable(format!("cannot reach {}: it cut the connection", world.fake.url())))
    );
}

#[test]
fn a_slow_renewal_is_under_way_until_it_is_done_or_has_failed() {
    for (end, failed) in [("SUCCESS", None), ("FAILED", Some("declined")), ("CANCELLED", Some("cancelled"))] {
        let world = World::new();
        world.fake.slow(true);
        let provider = world.guarded();
        let shop = provider.shop().unwrap();
        assert!(matches!(shop.buy(&year(), 0), Bought::Taken { .. }));
        let looked = shop.look(&year()).unwrap();
        assert_eq!((looked.expires, looked.under_way, looked.failed), (at(EXPIRES), Some(true), None));
        // The end has not moved yet, and it is GoDaddy that refuses a second one.
        assert!(matches!(shop.buy(&year(), 0), Bought::Not(Trouble::Refused(why)) if why.contains("similar")));
        world.fake.settle(end);
        let looked = shop.look(&year()).unwrap();
        assert_eq!(looked.under_way, Some(false));
        assert_eq!(looked.expires == at(EXPIRES), failed.is_some());
        assert_eq!(looked.failed.is_some(), failed.is_some());
        assert!(looked.failed.unwrap_or_default().contains(failed.unwrap_or_default()));
        // Another order's failure is not this one's.
        let looked = shop.look(&Order { reference: "plan-0002".into(), ..year() }).unwrap();
        assert_eq!((looked.failed, looked.under_way), (None, Some(false)));
        assert_eq!(world.fake.bought().len(), 1);
    }
}

#[test]
fn another_customers_domain_is_not_renewed() {
    let world = World::new();
    let provider = world.with("spend_key_file = '{home}/spend'\ncustomer = '999'\nagreed_by = '::1'");
    let told = provider.shop().unwrap().quote("example.com", YEAR).unwrap_err();
    assert!(matches!(&told, Trouble::NotEntitled(why) if why.contains("customer number")), "{told:?}");
    assert!(matches!(provider.shop().unwrap().buy(&year(), 0), Bought::Not(Trouble::NotEntitled(_))));
    assert_eq!(world.fake.bought(), []);
}

/// `v1` would renew, and say afterwards what it cost: nobody could have said yes to that.
#[test]
fn without_a_price_no_renewal_is_sold() {
    let world = World::new();
    let provider = world.with("spend_key_file = '{home}/spend'");
    let shop = provider.shop().unwrap();
    assert_eq!(shop.sells(), Sells { renewal: false, auto_renew: true });
    assert_eq!(world.guarded().shop().unwrap().sells(), Sells::ALL);
    let told = shop.quote("example.com", YEAR).unwrap_err();
    assert!(matches!(&told, Trouble::SetUp(why) if why.contains("customer")), "{told:?}");
    for order in [year(), order(YEAR, None)] {
        assert!(matches!(shop.buy(&order, 0), Bought::Not(Trouble::SetUp(_))));
    }
    assert_eq!(world.fake.bought(), []);
    assert_eq!(shop.look(&year()).unwrap().under_way, None, "it cannot tell");
}

#[test]
fn turning_renewal_on_is_bought_once() {
    let world = World::new();
    let provider = world.guarded();
    let shop = provider.shop().unwrap();
    let on = order(Act::AutoRenew, None);
    assert_eq!(shop.quote("example.com", Act::AutoRenew).unwrap().price, None);
    world.fake.misbehave("PATCH", Misbehave::DoneBut(500));
    assert!(matches!(shop.buy(&on, 0), Bought::Unclear(_)));
    assert!(shop.look(&on).unwrap().auto_renew);
    assert!(matches!(shop.buy(&on, 0), Bought::Taken { .. }), "it is on: nothing is sent");
    assert_eq!(world.fake.bought(), [sold(0)]);
    assert!(matches!(shop.buy(&Order { expires: 7, ..on }, 0), Bought::Not(Trouble::Refused(_))));
}
