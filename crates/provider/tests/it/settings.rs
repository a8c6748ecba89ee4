//! What a person writes, and that nothing of a key is ever shown.

use atalaya_provider::all;
use atalaya_provider::testing::{Cloudflare, Domain, GoDaddy, Misbehave};
use atalaya_renew::{Act, ByItself, Ends, Kind, Order, RecordType};

use crate::home::{Home, at, outgoing, read};

/// The examples in the documents of each kind are what this reads.
#[test]
fn every_example_is_read() {
    let sources = [
        include_str!("../../src/cloudflare/mod.rs"),
        include_str!("../../src/file.rs"),
        include_str!("../../src/godaddy/mod.rs"),
        include_str!("../../src/hand.rs"),
        include_str!("../../src/noip.rs"),
        include_str!("../../src/rdap/mod.rs"),
        include_str!("../../src/tls/mod.rs"),
    ];
    let mut settings = Vec::new();
    for source in sources {
        let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
        let text: Vec<&str> = lines.collect();
        let text = text.join("\n");
        let example = text.split("```toml\n[[provider]]\n").nth(1).unwrap().split("```").next().unwrap();
        settings.push(read(example).unwrap_or_else(|err| panic!("{err}\n{example}")));
    }
    let kinds: Vec<&str> = settings.iter().map(|one| one.own.kind()).collect();
    assert_eq!(kinds, ["cloudflare", "file", "godaddy", "hand", "noip", "rdap", "tls"]);
    let unreadable: Vec<&str> = settings.iter().flat_map(|one| one.own.unreadable()).map(|(key, _)| key).collect();
    assert_eq!(unreadable, ["token_file", "spend_token_file", "paths", "key_file", "spend_key_file", "ca_file"]);
    let names: Vec<String> = all(&settings, &outgoing()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["cloudflare", "files", "registrar", "by-hand", "no-ip", "public", "certificates"]);
}

#[test]
fn mistakes_are_told_with_where_they_are() {
    for (section, why) in [
        ("kind = 'godaddy'", "has a name"),
        ("name = 'A'\nkind = 'godaddy'", "a-z"),
        ("name = 'a'", "kind"),
        ("name = 'a'\nkind = 'other'", "other"),
        ("name = 'a'\nkind = 'godaddy'", "key_file"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\nkeyfile = 1", "keyfile"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = 'x/y'", "whole path"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\nurl = 'http://api.godaddy.com'", "in clear"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\ncustomer = '1'", "together"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\ncustomer = '1/2'\nagreed_by = '::1'", "number"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\ncustomer = '1'\nagreed_by = 'me'", "IP address"),
        ("name = 'a'\nkind = 'cloudflare'\ntoken_file = '/k'\naccount = 'a/b'", "account"),
        ("name = 'a'\nkind = 'rdap'\ndomains = ['a/b.com']", "no name"),
        ("name = 'a'\nkind = 'rdap'\ndomains = []", "1 to"),
        ("name = 'a'\nkind = 'rdap'\ndomains = ['a.com', 'A.com.']", "a.com is there twice"),
        ("name = 'a'\nkind = 'tls'\nhosts = ['a.com', 'a.com:443']", "a.com:443 is there twice"),
        ("name = 'a'\nkind = 'noip'\nhost = [{ name = 'a.com' }, { name = 'a.com' }]", "a.com is there twice"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\nspend_key_file = '/k'", "one file"),
        ("name = 'a'\nkind = 'cloudflare'\ntoken_file = '/k'\nspend_token_file = '/k'", "one file"),
        ("name = 'a'\nkind = 'rdap'\ndomains = ['a.com']\nbootstrap = 'http://data.iana.org/x'", "in clear"),
        ("name = 'a'\nkind = 'godaddy'\nkey_file = '/k'\nrenew_without_price = true", "renew_without_price"),
        ("name = 'a'\nkind = 'tls'\nhosts = ['a.com']\nfingerprints = ['4a:6f']", "64 hexadecimal digits"),
        ("name = 'a'\nkind = 'file'\npaths = []", "1 to"),
        ("name = 'a'\nkind = 'file'\npaths = ['a.pem']", "whole path"),
        ("name = 'a'\nkind = 'file'\npaths = ['/a.pem', '/a.pem']", "twice"),
        ("name = 'a'\nkind = 'hand'", "item"),
        ("name = 'a'\nkind = 'hand'\n[[provider.item]]\nwhat = 'thing'\nname = 'x'\nends = 'never'", "thing"),
        ("name = 'a'\nkind = 'hand'\n[[provider.item]]\nwhat = 'domain'\nname = 'x'", "set ends"),
        (
            "name = 'a'\nkind = 'hand'\n[[provider.item]]\nwhat = 'domain'\nname = 'x'\nsince = 2026-01-01\ndays = 0",
            "3650",
        ),
    ] {
        let told = read(section).unwrap_err();
        assert!(told.contains(why), "{section}: {told}");
    }
}

#[test]
fn what_a_person_knows_is_listed() {
    let item = |more: &str| format!("\n[[provider.item]]\nname = 'it'\n{more}");
    let section = format!(
        "name = 'by-hand'\nkind = 'hand'{}{}{}",
        item("what = 'domain'\nends = 2027-03-01\nsince = 2026-03-01\nrenews_itself = true"),
        item("what = 'token'\nends = 'never'\nnote = 'made by Ana'"),
        item("what = 'secret'\nsince = 2026-01-15\ndays = 365")
    );
    let found = Home::new().provider(&section).list(0).unwrap();
    assert_eq!((found[0].kind, found[0].by_itself), (Kind::Domain, ByItself::ProviderRenews));
    assert_eq!(
        (found[0].begun, &found[0].ends),
        (Some(at("2026-03-01T00:00:00Z")), &Ends::At(at("2027-03-01T00:00:00Z")))
    );
    assert_eq!((&found[1].ends, found[1].note.as_str()), (&Ends::Never, "made by Ana"));
    assert_eq!((found[2].kind, &found[2].ends), (Kind::Secret, &Ends::At(at("2027-01-15T00:00:00Z"))));
    let twice = format!("{section}{}", item("what = 'secret'\nends = 'never'"));
    assert!(read(&twice).unwrap_err().contains("already"));
}

/// Whatever goes wrong, and wherever it is shown, nothing of a key is there.
#[test]
fn nothing_of_a_key_is_shown() {
    let secrets = ["readsecret", "spendsecret", "readkey", "spendkey", "read-token", "spend-token", "hidden-folder"];
    let home = Home::new();
    let (godaddy, cloudflare) = (GoDaddy::start().unwrap(), Cloudflare::start().unwrap());
    godaddy.add(Domain::new("example.com", "2027-03-01T10:00:00Z"));
    for (name, key) in
        [("g", GoDaddy::KEY), ("gs", GoDaddy::SPEND_KEY), ("c", Cloudflare::TOKEN), ("cs", Cloudflare::SPEND_TOKEN)]
    {
        home.file(name, key);
    }
    let sections = [
        format!(
            "kind = 'godaddy'\nurl = '{}'\nkey_file = '{{home}}/g'\nspend_key_file = '{{home}}/gs'\ncustomer = '123456789'\nagreed_by = '::1'",
            godaddy.url()
        ),
        format!(
            "kind = 'cloudflare'\nurl = '{}'\ntoken_file = '{{home}}/c'\nspend_token_file = '{{home}}/cs'",
            cloudflare.url()
        ),
        "kind = 'godaddy'\nkey_file = '/hidden-folder/key'".into(),
    ];
    let mut shown = String::new();
    for section in sections {
        let settings = read(&home.section(&format!("name = 'x'\n{section}"))).unwrap();
        shown.push_str(&format!("{settings:?}"));
        let provider = settings.own.open(&outgoing());
        for how in [Misbehave::Refuse(401, "{}".into()), Misbehave::HangUp, Misbehave::NoHttp, Misbehave::Nonsense] {
            godaddy.misbehave("", how.clone());
            cloudflare.misbehave("", how);
            shown.push_str(&format!("{:?}", provider.list(0).map_err(|trouble| (trouble.to_string(), trouble))));
            let order = Order {
                name: "example.com".into(),
                act: Act::Renew { years: 1 },
                price: None,
                expires: 0,
                reference: "p".into(),
            };
            shown.push_str(&format!("{:?}", provider.shop().map(|shop| shop.buy(&order, 0))));
            shown.push_str(&format!("{:?}", provider.shop().map(|shop| shop.look(&order))));
            shown.push_str(&format!("{:?}", provider.zone().map(|zone| zone.records("a.example.com", RecordType::A))));
        }
    }
    shown.push_str(&format!("{:?}", outgoing()));
    // The folder may be named where the key in it cannot be read: that is what a person has to mend.
    let shown = shown.replace("cannot read the key in /hidden-folder/key", "");
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("example.com") || shown.contains("not accepted"));
}
