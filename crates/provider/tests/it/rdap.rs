//! What registries tell: once a day, found by IANA's list, and unknown where nobody tells.

use atalaya_provider::testing::{Misbehave, Rdap};
use atalaya_renew::limits::DAY_SECONDS;
use atalaya_renew::{Ends, Flag, Trouble};
use serde_json::json;

use crate::home::{Home, PATIENCE, at};

const EXPIRES: &str = "2027-08-13T04:00:00Z";

fn section(fake: &Rdap, domains: &str) -> String {
    format!("name = 'public'\nkind = 'rdap'\nbootstrap = '{}'\ndomains = {domains}", fake.url())
}

fn asked(fake: &Rdap) -> Vec<String> {
    fake.asked().iter().map(|one| one.path.clone()).collect()
}

#[test]
fn a_registry_is_asked_once_a_day() {
    let fake = Rdap::start(&["com", "org"]).unwrap();
    fake.add("example.com", EXPIRES, &["client transfer prohibited"]);
    fake.add("lost.org", EXPIRES, &["redemption period", "client hold"]);
    let provider = Home::new().provider(&section(&fake, "['Example.com', 'lost.org']"));
    for now in [0, 10, DAY_SECONDS - 1] {
        let found = provider.list(now).unwrap();
        assert_eq!((found[0].name.as_str(), &found[0].ends), ("example.com", &Ends::At(at(EXPIRES))));
        assert_eq!((found[0].begun, found[0].note.as_str()), (None, "registrar Example Registrar, Inc."));
        assert_eq!(found[1].flags, [Flag::Redemption, Flag::Suspended]);
    }
    assert_eq!(asked(&fake), ["/rdap/dns.json", "/registry/domain/example.com", "/registry/domain/lost.org"]);
    provider.list(DAY_SECONDS).unwrap();
    assert_eq!(asked(&fake).len(), 6, "and not what its links name");
}

/// Each start asked every registry again, so that a program that starts often was a nuisance.
#[test]
fn what_was_asked_today_is_not_asked_again_after_a_restart() {
    let fake = Rdap::start(&["com"]).unwrap();
    fake.add("a.com", EXPIRES, &[]);
    fake.add("b.com", EXPIRES, &[]);
    let first = Home::new().provider(&section(&fake, "['a.com', 'b.com']"));
    let found = first.list(0).unwrap().found;
    let kept = first.memory().unwrap();
    let before = asked(&fake).len();
    let second = Home::new().provider(&section(&fake, "['a.com', 'b.com']"));
    second.remember("{");
    second.remember(&kept);
    assert_eq!(second.list(DAY_SECONDS - 1).unwrap().found, found);
    assert_eq!(
        (found[0].told, found[0].next.check),
        (Some(0), Some(DAY_SECONDS)),
        "and it says when it was and will be"
    );
    assert_eq!(asked(&fake).len(), before, "nobody was asked, IANA neither");
    second.list(DAY_SECONDS).unwrap();
    assert_eq!(asked(&fake).len(), before + 3, "a day later");
    let other = Home::new().provider(&section(&fake, "['b.com']"));
    other.remember(&kept);
    assert_eq!(other.list(1).unwrap().len(), 1, "what is configured no more is forgotten");
}

/// Unknown is never shown as fine: the reason says what to do.
#[test]
fn what_nobody_tells_is_unknown_with_what_to_do() {
    let fake = Rdap::start(&["com"]).unwrap();
    fake.add("undated.com", EXPIRES, &[]);
    fake.change("undated.com", |domain| domain["events"] = json!([]));
    let provider = Home::new().provider(&section(&fake, "['example.es', 'gone.com', 'undated.com']"));
    let found = provider.list(0).unwrap();
    for (one, words) in found.iter().zip([".es tells nobody", "knows no such domain", "type the date by hand"]) {
        assert!(matches!(&one.ends, Ends::Unknown(why) if why.contains(words)), "{one:?}");
    }
    assert!(asked(&fake).iter().all(|path| !path.contains(".es")));
}

#[test]
fn one_registry_in_trouble_does_not_take_the_others_along() {
    let fake = Rdap::start(&["com"]).unwrap();
    fake.add("a.com", EXPIRES, &[]);
    fake.add("b.com", EXPIRES, &[]);
    for how in [
        Misbehave::Refuse(500, String::new()),
        Misbehave::Refuse(403, String::new()),
        Misbehave::Refuse(400, String::new()),
        Misbehave::RefuseWith(429, String::new(), ("Retry-After".into(), "100000".into())),
        Misbehave::Redirect("http://127.0.0.1:1/".into()),
        Misbehave::Half,
        Misbehave::Short,
        Misbehave::Nonsense,
        Misbehave::Huge(3),
        Misbehave::HangUp,
        Misbehave::NoHttp,
        Misbehave::Slow(PATIENCE * 2),
        Misbehave::Refuse(200, "{\"ldhName\":\"other.com\"}".into()),
        Misbehave::Refuse(200, "{}".into()),
    ] {
        let provider = Home::new().provider(&section(&fake, "['a.com', 'b.com']"));
        fake.misbehave("GET /registry/domain/a.com", how.clone());
        let found = provider.list(0).unwrap();
        assert!(
            matches!(&found[0].ends, Ends::Unknown(why) if why.starts_with("its registry: ")),
            "{how:?}: {found:?}"
        );
        assert_eq!(found[1].ends, Ends::At(at(EXPIRES)), "{how:?}");
    }
}

#[test]
fn what_was_once_told_stays_and_is_marked() {
    let fake = Rdap::start(&["com"]).unwrap();
    fake.add("a.com", EXPIRES, &[]);
    let provider = Home::new().provider(&section(&fake, "['a.com']"));
    provider.list(0).unwrap();
    fake.misbehave("GET /rdap", Misbehave::HangUp);
    fake.misbehave("GET /registry", Misbehave::HangUp);
    let found = &provider.list(DAY_SECONDS).unwrap()[0];
    assert_eq!((&found.ends, found.flags.as_slice()), (&Ends::At(at(EXPIRES)), &[Flag::Partial][..]));
    // Nobody was asked: it is tried again in an hour, and not before.
    let before = asked(&fake).len();
    assert_eq!(provider.list(DAY_SECONDS + 3_599).unwrap()[0].flags, [Flag::Partial]);
    assert_eq!(provider.list(DAY_SECONDS + 3_600).unwrap()[0].flags, []);
    let domains = asked(&fake)[before..].iter().filter(|path| path.ends_with("a.com")).count();
    assert_eq!(domains, 1);
}

#[test]
fn without_a_list_of_registries_nothing_is_told() {
    let fake = Rdap::start(&["com"]).unwrap();
    for (how, word) in [
        (Misbehave::HangUp, "unreachable"),
        (Misbehave::Slow(PATIENCE * 2), "unreachable"),
        (Misbehave::NoHttp, "unreachable"),
        (Misbehave::Refuse(404, String::new()), "unreachable"),
        (Misbehave::RefuseWith(429, String::new(), ("Retry-After".into(), "60".into())), "busy"),
        (Misbehave::Redirect("http://127.0.0.1:1/".into()), "unreachable"),
        (Misbehave::Half, "garbled"),
        (Misbehave::Huge(3), "garbled"),
        (Misbehave::Nonsense, "garbled"),
        (Misbehave::Refuse(200, "{\"services\":[]}".into()), "garbled"),
    ] {
        let provider = Home::new().provider(&section(&fake, "['a.com']"));
        fake.misbehave("GET /rdap", how);
        assert_eq!(provider.list(0).unwrap_err().word(), word);
    }
    let home = Home::new();
    home.file("dns.json", "{\"services\":[[[\"com\"],[\"http://127.0.0.1:1/\"]]]}");
    let file = "name = 'public'\nkind = 'rdap'\nbootstrap = '{home}/dns.json'\ndomains = ['a.com', 'b.org']";
    let found = home.provider(file).list(0).unwrap();
    assert!(matches!(&found[0].ends, Ends::Unknown(why) if why.contains("refuses the connection")));
    let missing = file.replace("dns.json", "none.json");
    assert!(matches!(home.provider(&missing).list(0), Err(Trouble::SetUp(why)) if why.contains("No such file")));
}
