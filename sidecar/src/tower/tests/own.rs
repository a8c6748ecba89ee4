//! The tower's alerts about itself, through the whole path.

use atalaya_alert::{AlertKey, Severity, Target, rule};

use super::bench::{Bench, terms};
use crate::db::{Again, Aside};
use crate::renewals::{Asked, FollowedRecord, Readings, Renewal, Waiting};
use crate::tower::{Own, OwnChannel, SetTerms, Terms, Wish, Word};

/// All is well.
fn well() -> Own {
    let mail = OwnChannel { state: "works", ..OwnChannel::default() };
    Own {
        free_bytes: Some(50_000_000_000),
        broker: Some((1.0, 0)),
        channels: [("mail".to_owned(), mail)].into(),
        ..Own::default()
    }
}

fn mail(channel: OwnChannel) -> Own {
    Own { channels: [("mail".to_owned(), channel)].into(), ..well() }
}

/// Two channels, so that one can tell of the other.
fn two() -> Terms {
    let channels = vec!["mail".to_owned(), "phone".to_owned()];
    Terms { sets: [("default".to_owned(), SetTerms { channels, severity: Severity::Low })].into(), ..terms() }
}

fn live(bench: &mut Bench, own: &Own, seconds: u64) {
    // Days go by in steps of a minute, which is as often as time has to be told.
    let step = if seconds > 7_200 { 60 } else { 5 };
    for _ in 0..seconds / step {
        bench.say(Word::Own(Box::new(own.clone())));
        bench.pass(step);
    }
}

/// Something that expires, a plan and a provider, as they stand.
fn expires(standing: &'static str, plan: &'static str, provider: &'static str) -> Own {
    let renewal = Renewal {
        id: "domain_a".into(),
        name: "domain a.example".into(),
        standing,
        left: Some((86_400, 10.0)),
        problem: String::new(),
    };
    let plan = Waiting { id: "7".into(), name: "a.example for one year, 20.00 EUR".into(), state: plan };
    let provider = Asked { name: "registrar".into(), state: provider, problem: String::new() };
    let records = vec![record("ok")];
    Own {
        renewals: Readings { renewals: vec![renewal], plans: vec![plan], providers: vec![provider], records },
        ..well()
    }
}

fn record(state: &'static str) -> FollowedRecord {
    FollowedRecord { id: "r".into(), name: "nas.example.com A".into(), state, problem: String::new() }
}

/// A DNS record, where all else is well.
fn follows(state: &'static str) -> Own {
    let own = expires("fine", "looking", "works");
    Own { renewals: Readings { records: vec![record(state)], ..own.renewals.clone() }, ..own }
}

fn open(bench: &Bench) -> Vec<String> {
    bench.board.read().alerts.keys().map(ToString::to_string).collect()
}

fn told(bench: &Bench, kind: &str, rule: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM notification WHERE kind = '{kind}' AND body LIKE '%\"rule\":\"{rule}\"%'");
    bench.number(&sql)
}

/// What makes each shipped rule about the tower fire; what a database was set aside for is told apart.
fn bad() -> Vec<(&'static str, Own)> {
    let channel = |state, given_up| mail(OwnChannel { state, problem: "no route".into(), given_up });
    vec![
        ("database-unwritable", Own { unwritable: Some("disk full".into()), ..well() }),
        ("database-damaged", Own { damaged: Some("a page is not what was written".into()), ..well() }),
        ("database-full", Own { free_bytes: Some(100_000_000), ..well() }),
        ("database-space", Own { free_bytes: Some(900_000_000), ..well() }),
        ("history-stopped", Own { stopped: Some("as large as it may be".into()), ..well() }),
        ("intake-dropped", Own { dropped: 1, ..well() }),
        ("broker-retained", Own { broker: Some((91.0, 0)), ..well() }),
        ("broker-not-retained", Own { broker: Some((1.0, 1)), ..well() }),
        ("channel-failing", channel("failing", 0)),
        ("channel-wrong", channel("wrong", 0)),
        ("channel-gave-up", channel("works", 1)),
        ("renewal-due", expires("due", "looking", "works")),
        ("renewal-late", expires("late", "looking", "works")),
        ("renewal-wrong", expires("not_accepted", "looking", "works")),
        ("renewal-critical", expires("over", "looking", "works")),
        ("renewal-unknown", expires("unknown", "looking", "works")),
        ("plan-waiting", expires("fine", "proposed", "works")),
        ("plan-unsettled", expires("fine", "unsettled", "works")),
        ("provider-key", expires("fine", "looking", "wrong_key")),
        ("provider-away", expires("fine", "looking", "unreachable")),
        ("record-failing", follows("failing")),
        ("record-not-verified", follows("not_verified")),
    ]
}

#[test]
fn each_rule_about_the_tower_fires_and_recovers() {
    let mut tried: Vec<&str> = vec!["database-set-aside", "intake-flood"];
    for (rule, own) in bad() {
        tried.push(rule);
        let mut bench = Bench::with(two());
        live(&mut bench, &well(), 60);
        // As long as each waits, and no longer: what is critical goes to others after an hour.
        let minutes = match rule {
            "renewal-unknown" | "provider-away" => 49 * 60,
            "renewal-due" | "renewal-late" | "record-not-verified" => 65,
            "record-failing" | "renewal-wrong" => 35,
            _ => 15,
        };
        live(&mut bench, &own, minutes * 60);
        assert!(open(&bench).iter().any(|key| key.ends_with(rule)), "{rule}: {:?}", open(&bench));
        assert_eq!(told(&bench, "fired", rule), 1, "{rule}");
        // What was counted stays so.
        let after = Own { dropped: own.dropped, ..well() };
        let after = Own { broker: Some((1.0, own.broker.unwrap().1)), ..after };
        let given_up = own.channels["mail"].given_up;
        let channel = OwnChannel { state: "works", given_up, ..OwnChannel::default() };
        let after = Own { channels: [("mail".to_owned(), channel)].into(), ..after };
        let renewals = if own.renewals.renewals.is_empty() {
            Readings::default()
        } else {
            expires("fine", "looking", "works").renewals
        };
        let after = Own { renewals, ..after };
        live(&mut bench, &after, 2 * 3600);
        assert_eq!((open(&bench), told(&bench, "resolved", rule)), (vec![], 1), "{rule}");
    }
    let shipped = atalaya_alert::Rules::parse(&[rule::DEFAULT]).unwrap();
    let own = shipped.iter().filter(|rule| atalaya_alert::own::view(&rule.view).is_some());
    for rule in own {
        assert!(tried.contains(&rule.id.as_str()), "{} was never seen to fire", rule.id);
    }
}

#[test]
fn a_flood_of_a_node_is_an_alert_of_the_tower() {
    let mut bench = Bench::new();
    let mut node = super::bench::Node::new("nas");
    node.connect(&mut bench);
    live(&mut bench, &well(), 60);
    for _ in 0..1000 {
        bench.hear("atalaya/nas/system", b"{}".to_vec());
    }
    live(&mut bench, &well(), 60);
    assert_eq!(told(&bench, "fired", "intake-flood"), 1);
    for _ in 0..12 {
        node.run(&mut bench, 1, &[]);
        live(&mut bench, &well(), 240);
    }
    assert_eq!(told(&bench, "resolved", "intake-flood"), 1);
}

#[test]
fn a_database_that_was_set_aside_is_told_until_somebody_takes_note() {
    let aside = Aside { kept: "/x/sidecar.db.corrupt-1".into(), why: "page 7".into(), from: Again::Copy };
    let bench = Bench::with(two());
    let said = serde_json::to_string(&aside).unwrap();
    bench.database.connection.execute("INSERT INTO meta (key, value) VALUES ('set_aside', ?1)", [said]).unwrap();
    let mut bench = bench.kill();
    live(&mut bench, &well(), 300);
    let mut bench = bench.kill();
    live(&mut bench, &well(), 300);
    assert_eq!((open(&bench).len(), told(&bench, "fired", "database-set-aside")), (1, 1), "over a restart");
    assert!(bench.text("SELECT body FROM notification").contains("corrupt-1"));
    assert_eq!(bench.board.read().aside, Some(aside));
    let key = bench.board.read().alerts.keys().next().unwrap().clone();
    bench.ask(Wish::Acknowledge { what: Target::Alert(key), note: "the disk is new".into() }).unwrap();
    assert_eq!(bench.board.read().aside, None);
    let mut bench = bench.kill();
    assert_eq!(bench.board.read().aside, None, "what was noted is over, also after a restart");
    live(&mut bench, &well(), 300);
    assert_eq!((open(&bench), told(&bench, "resolved", "database-set-aside")), (vec![], 1));
}

#[test]
fn to_take_note_of_something_else_keeps_that_it_was_set_aside() {
    let mut bench = Bench::with(two());
    bench.board.write().aside = Some(Aside { kept: "/x".into(), why: "y".into(), from: Again::Nothing });
    live(&mut bench, &Own { stopped: Some("full".into()), ..well() }, 600);
    let other = AlertKey { node: "_sidecar".into(), object: "history".into(), rule: "history-stopped".into() };
    bench.ask(Wish::Acknowledge { what: Target::Alert(other), note: String::new() }).unwrap();
    assert!(bench.board.read().aside.is_some());
    let incident = bench.board.read().alerts.values().next().unwrap().incident;
    bench.ask(Wish::Acknowledge { what: Target::Incident(incident), note: String::new() }).unwrap();
    assert_eq!(bench.board.read().aside, None, "with all of its incident");
}

#[test]
fn a_channel_that_fails_is_told_once_and_by_others() {
    let mut bench = Bench::with(two());
    let failing = OwnChannel { state: "failing", problem: "no route".into(), ..OwnChannel::default() };
    live(&mut bench, &mail(failing), 6 * 3600);
    let channels =
        "SELECT group_concat(channel) FROM delivery JOIN notification ON id = notification WHERE kind = 'fired'";
    assert_eq!((told(&bench, "fired", "channel-failing"), bench.text(channels)), (1, "phone".to_owned()));
    assert_eq!(bench.number("SELECT count(*) FROM delivery"), 1);
    live(&mut bench, &well(), 600);
    assert_eq!(told(&bench, "resolved", "channel-failing"), 1);
}

#[test]
fn a_channel_that_is_no_more_takes_its_alert_along_also_over_a_restart() {
    let mut bench = Bench::with(two());
    live(&mut bench, &mail(OwnChannel { state: "wrong", ..OwnChannel::default() }), 120);
    assert_eq!(open(&bench), ["_sidecar channel/mail channel-wrong"]);
    let mut bench = bench.kill();
    live(&mut bench, &Own { channels: [].into(), ..well() }, 120);
    assert_eq!(open(&bench), [] as [&str; 0]);
}

#[test]
fn what_is_wrong_is_told_while_the_connection_is_down_too() {
    let mut bench = Bench::with(two());
    live(&mut bench, &well(), 60);
    bench.say(Word::Down("refused".into()));
    live(&mut bench, &Own { unwritable: Some("disk full".into()), ..well() }, 12 * 60);
    let both = ["_sidecar database database-unwritable", "_sidecar node node-offline"];
    assert_eq!(open(&bench), both);
    live(&mut bench, &well(), 10 * 60);
    assert_eq!(open(&bench), both[1..], "that it is well says nothing of the connection");
}
