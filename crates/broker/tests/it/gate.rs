//! Identity × act × topic × client id, over the wire.

use super::client::{Client, Hello};
use super::serve::Serve;

const GOOD: u8 = 0;
const SUBSCRIBED: u8 = 1;
const DENIED: u8 = 0x87;
const BAD_ID: u8 = 0x85;
const BAD_PASSWORD: u8 = 0x86;

/// Publishes, has as a will, subscribes: what each identity may. `p`, `w` and `s` where it may; `-` where not.
const MATRIX: [(&str, [&str; 4]); 15] = [
    // topic or filter                            nas     reader  home    anybody
    ("atalaya/nas/status", ["pws", "--s", "--s", "pws"]),
    ("atalaya/nas/disk/WD-1", ["pws", "--s", "--s", "pws"]),
    ("atalaya/nas/ack", ["--s", "--s", "--s", "pws"]),
    ("atalaya/nas/cmd/refresh", ["--s", "--s", "pws", "pws"]),
    ("atalaya/nas/cmd/repair", ["--s", "--s", "--s", "pws"]),
    ("atalaya/nas/cmd/refresh/result", ["pws", "--s", "--s", "pws"]),
    ("atalaya/nas2/status", ["---", "--s", "--s", "pws"]),
    ("atalaya/_sidecar/status", ["---", "--s", "--s", "pws"]),
    ("homeassistant/device/atalaya_nas/config", ["pw-", "--s", "--s", "pws"]),
    ("homeassistant/device/atalaya_nas2/config", ["---", "--s", "--s", "pws"]),
    ("homeassistant/status", ["--s", "--s", "pws", "pws"]),
    ("other/topic", ["---", "---", "---", "pws"]),
    ("atalaya/#", ["---", "--s", "--s", "--s"]),
    ("+/nas/#", ["---", "---", "---", "--s"]),
    ("$SYS/broker", ["---", "---", "---", "---"]),
];

fn hello(who: usize, version: u8) -> Hello {
    let hello = match who {
        0 => Hello::new("atalaya-nas").user("nas", "secret"),
        1 => Hello::new("any-1").user("reader", "secret"),
        2 => Hello::new("any-2").user("home", "secret"),
        _ => Hello::new("any-3"),
    };
    hello.version(version)
}

fn is_filter(topic: &str) -> bool {
    topic.contains(['+', '#'])
}

#[test]
fn each_may_do_what_the_table_says_and_nothing_else() {
    let (guarded, open) = (Serve::guarded(), Serve::open());
    for (topic, rights) in MATRIX {
        for (who, rights) in rights.iter().enumerate() {
            let address = if who == 3 { open.plain } else { guarded.plain };
            let says = format!("{topic} {who} {rights}");
            let mut client = Client::join(address, &hello(who, 5));
            let expected = if rights.contains('s') { SUBSCRIBED } else { DENIED };
            assert_eq!(client.subscribe(topic), expected, "{says}");
            if is_filter(topic) {
                continue;
            }
            let expected = if rights.contains('p') { GOOD } else { DENIED };
            assert_eq!(client.publish(topic, b"x", false), expected, "{says}");
            let will = hello(who, 5).will(topic, "x", false);
            let expected = if rights.contains('w') { None } else { Some(DENIED) };
            assert_eq!(Client::over(super::client::tcp(address), &will).err(), expected, "{says}");
        }
    }
}

/// MQTT 3.1.1 knows no refusal of a message: it is acknowledged, in two bytes, and told to nobody.
#[test]
fn what_is_refused_is_told_to_nobody_in_the_old_version_either() {
    let serve = Serve::guarded();
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    assert_eq!(own.subscribe("#"), SUBSCRIBED);
    for (topic, rights) in MATRIX.iter().filter(|(topic, _)| !is_filter(topic)) {
        for (who, rights) in rights.iter().enumerate().take(3) {
            let mut client = Client::join(serve.plain, &hello(who, 4));
            assert_eq!(client.publish(topic, b"old", false), 0, "{topic} {who}");
            let heard = own.all();
            assert_eq!(heard.len(), usize::from(rights.contains('p')), "{topic} {who}: {heard:?}");
        }
    }
}

#[test]
fn who_is_nobody_is_not_let_in() {
    let serve = Serve::guarded();
    let wrong = [
        (Hello::new("a"), DENIED),
        (Hello::new("a").user("reader", "wrong"), BAD_PASSWORD),
        (Hello::new("a").user("_nobody", "secret"), BAD_PASSWORD),
        // The guard says that this is the own link; the guard is not asked for that.
        (Hello::new("a").user("_own", "secret"), BAD_PASSWORD),
        (Hello::new("a").user(serve.own.user(), serve.own.password()), BAD_PASSWORD),
    ];
    for (hello, expected) in wrong {
        assert_eq!(Client::over(super::client::tcp(serve.plain), &hello).err(), Some(expected), "{:?}", hello.user);
    }
    for hello in [Hello::new("a"), Hello::new("a").user("reader", "secret"), Hello::new("a").user("_own", "secret")] {
        let own = Client::over(super::client::tcp(serve.own_address()), &hello);
        assert_eq!(own.err(), Some(BAD_PASSWORD), "the own door is for the own link");
    }
    Client::join(serve.own_address(), &serve.own_hello());
}

#[test]
fn a_client_id_is_not_taken_from_somebody_else() {
    let serve = Serve::guarded();
    let refused = |hello: &Hello| Client::over(super::client::tcp(serve.plain), hello).err();
    let mut node = Client::join(serve.plain, &hello(0, 5));
    let mut home = Client::join(serve.plain, &hello(2, 5));
    for version in [4, 5] {
        let code = if version == 5 { BAD_ID } else { 2 };
        for (id, user) in [
            ("atalaya-nas", "reader"),
            ("atalaya-nas", "nas2"),
            ("atalaya-other", "nas"),
            ("x", "nas"),
            ("any-2", "grafana"),
        ] {
            let hello = Hello::new(id).user(user, "secret").version(version);
            assert_eq!(refused(&hello), Some(code), "{id} {user} {version}");
        }
    }
    assert_eq!(node.publish("atalaya/nas/status", b"online", false), 0, "nobody noticed");
    assert_eq!(home.publish("homeassistant/status", b"online", false), 0);
    let _again = Client::join(serve.plain, &hello(2, 5));
    assert!(home.is_thrown_out(), "one's own may be taken over");
    drop(node);
}

#[test]
fn a_session_is_not_taken_from_somebody_who_is_away() {
    let serve = Serve::guarded();
    let mut away = hello(2, 5);
    away.expiry = 300;
    away.clean = false;
    let mut home = Client::join(serve.plain, &away);
    assert_eq!(home.subscribe("atalaya/nas/status"), SUBSCRIBED);
    drop(home);
    super::serve::until("it is away", || serve.counters().connections == 0);
    for clean in [true, false] {
        let mut thief = Hello::new("any-2").user("grafana", "secret");
        thief.clean = clean;
        assert_eq!(Client::over(super::client::tcp(serve.plain), &thief).err(), Some(BAD_ID));
    }
    let mut node = Client::join(serve.plain, &hello(0, 5));
    assert_eq!(node.publish("atalaya/nas/status", b"online", false), 0);
    let mut home = Client::join(serve.plain, &away);
    assert_eq!(home.next().payload, b"online");
}
