//! Retained messages, from a client to what has to be written.

use atalaya_broker::Kept;

use super::client::{Client, Hello};
use super::serve::{Accounts, Serve};

fn topics(kept: &[Kept]) -> Vec<&str> {
    let mut topics: Vec<&str> = kept.iter().map(|kept| kept.topic.as_str()).collect();
    topics.sort_unstable();
    topics
}

#[test]
fn ten_thousand_updates_of_fifty_topics_are_three_writings() {
    let serve = Serve::open();
    // The own link is not held up.
    let mut own = Client::join(serve.own_address(), &serve.own_hello());
    let mut writings = Vec::new();
    for second in 0..1_000 {
        for update in 0..10 {
            let topic = format!("atalaya/nas/disk/{}", (second * 10 + update) % 50);
            own.send(&topic, format!("{second}").as_bytes(), 0, true, &[]).unwrap();
        }
        own.settle();
        let changes = serve.due(second);
        assert!(changes.gone.is_empty());
        writings.extend((!changes.is_empty()).then_some(changes.set));
    }
    let last = serve.stop().set;
    assert!(last.iter().all(|kept| kept.payload.starts_with(b"99")), "the newest, and nothing else");
    writings.push(last);
    assert_eq!(writings.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 50]);
}

#[test]
fn new_topics_are_due_within_ten_seconds_and_removed_ones_go() {
    let serve = Serve::open();
    let mut client = Client::join(serve.plain, &Hello::new("c"));
    assert!(serve.due(0).is_empty());
    for topic in ["a", "a/b", "a/b/c", "a/b/d", "a/b/e/f"] {
        assert_eq!(client.publish(topic, topic.as_bytes(), true), 0);
    }
    let due: Vec<Kept> = (1..=10).flat_map(|second| serve.due(second).set).collect();
    assert_eq!(topics(&due), ["a", "a/b", "a/b/c", "a/b/d", "a/b/e/f"]);
    assert!(due.iter().all(|kept| kept.payload == kept.topic.as_bytes() && kept.qos == 1 && kept.expires.is_none()));
    assert_eq!(client.publish("a/b", b"", true), 0);
    assert_eq!(client.publish("a/b/c", b"changed", true), 0);
    let due: Vec<_> = (11..=20).map(|second| serve.due(second)).filter(|changes| !changes.is_empty()).collect();
    assert_eq!((due.len(), due[0].set.len(), due[0].gone.as_slice()), (1, 0, &["a/b".to_owned()][..]));
    serve.broker().give_back(&due[0]);
    let again: Vec<String> = (21..=30).flat_map(|second| serve.due(second).gone).collect();
    assert_eq!(again, ["a/b"]);
    let rest = serve.stop();
    assert_eq!((topics(&rest.set), rest.gone.len()), (vec!["a/b/c"], 0));
}

#[test]
fn a_stop_publishes_no_wills() {
    let serve = Serve::open();
    let mut client = Client::join(serve.plain, &Hello::new("c").will("status", "offline", true));
    assert_eq!(client.publish("status", b"online", true), 0);
    let kept = serve.stop().set;
    assert!(client.is_thrown_out());
    assert_eq!(kept.iter().map(|kept| kept.payload.as_slice()).collect::<Vec<_>>(), [b"online"]);
}

#[test]
fn what_expires_while_nothing_runs_is_not_brought_in() {
    let kept = |topic: &str, expires| Kept {
        topic: topic.into(),
        qos: 1,
        expires,
        props: "{}".into(),
        payload: b"x".to_vec(),
    };
    let far = 4_000_000_000;
    let rows = vec![kept("old", Some(1_000_000_000)), kept("young", Some(far)), kept("always", None)];
    let serve = Serve::with(Accounts { anonymous: true, ..Accounts::default() }, None, rows);
    assert_eq!(serve.counters().retained, 2);
    let mut client = Client::join(serve.plain, &Hello::new("c").version(4));
    assert_eq!(client.subscribe("+"), 1);
    let mut heard = [client.next().topic, client.next().topic];
    heard.sort();
    assert_eq!(heard, ["always", "young"]);
}

#[test]
fn a_reader_is_told_all_that_is_retained() {
    let rows = (0..4_000).map(|number| Kept {
        topic: format!("atalaya/nas{}/disk/{}", number / 40, number % 40),
        qos: 1,
        expires: None,
        props: "{}".into(),
        payload: vec![b'x'; 500],
    });
    let serve = Serve::with(Accounts::default(), None, rows.collect());
    let mut reader = Client::join(serve.plain, &Hello::new("r").user("reader", "secret"));
    assert_eq!(reader.subscribe("atalaya/#"), 1);
    let mut heard: Vec<String> = (0..4_000).map(|_| reader.next().topic).collect();
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), 4_000);
}
