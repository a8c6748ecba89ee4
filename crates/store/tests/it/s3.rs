//! Stores in buckets: a server that does as it should, and servers that do not.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use atalaya_store::{Body, Kind, Retry, Store, conformance};

use crate::s3_server::{Asked, Bucket, Says, Server};

#[test]
fn s3_keeps_the_contract() {
    let (server, count) = (Server::good(|_| None), Cell::new(0));
    conformance::check(&|| {
        count.set(count.get() + 1);
        Box::new(server.store_at(&format!("nas/{}", count.get())).unwrap())
    });
    assert!(server.store().unwrap().shortcomings().unwrap().is_empty());
}

#[test]
fn a_whole_bucket_is_a_store_too() {
    let store = Server::good(|_| None).store_at("").unwrap();
    for case in conformance::CASES.iter().filter(|case| case.part == conformance::Part::Short) {
        store.remove_all().unwrap();
        (case.run)(&store).unwrap_or_else(|err| panic!("{}: {err}", case.name));
    }
}

#[test]
fn a_server_that_overwrites_is_told_and_names_that_are_taken_are_seen() {
    let server = Server::with(Bucket { conditional: false, ..Bucket::default() }, |_| None);
    let store = server.store().unwrap();
    assert_eq!(store.shortcomings().unwrap().len(), 1);
    let cases = conformance::CASES.iter().filter(|case| case.part < conformance::Part::Long);
    for case in cases.filter(|case| case.name != conformance::ONE_OF_MANY) {
        store.remove_all().unwrap();
        (case.run)(&store).unwrap_or_else(|err| panic!("{}: {err}", case.name));
    }
}

#[test]
fn a_server_that_refuses_conditions_is_asked_without() {
    let server =
        Server::good(|asked| asked.headers.contains_key("if-none-match").then(|| Says::code(501, "NotImplemented")));
    let store = server.store().unwrap();
    store.put("a", Body::Bytes(b"1")).unwrap();
    store.put("b", Body::Bytes(b"1")).unwrap();
    assert_eq!(server.count("PUT"), 3, "it is asked with a condition once");
    assert_eq!(store.put("a", Body::Bytes(b"2")).unwrap_err().kind, Kind::Exists);
    assert_eq!(store.shortcomings().unwrap().len(), 1);
}

#[test]
fn a_put_says_how_long_it_is_and_what_its_sums_are() {
    let server = Server::good(|_| None);
    server.store().unwrap().put("a", Body::Bytes(b"Welcome to Amazon S3.")).unwrap();
    let asked = server.asked.lock().unwrap().last().unwrap().clone();
    let said = |name: &str| asked.headers.get(name).map(String::as_str);
    assert_eq!((asked.key.as_str(), said("content-length"), said("transfer-encoding")), ("nas/a", Some("21"), None));
    let sum = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    assert_eq!((said("x-amz-content-sha256"), said("content-md5")), (Some(sum), Some("1EfQ6PKJ8WoS/2AnznfCWA==")));
    assert!(
        said("authorization")
            .unwrap()
            .contains("SignedHeaders=content-md5;host;if-none-match;x-amz-content-sha256;x-amz-date,")
    );
}

/// The first `times` requests of `method` are answered so.
fn first(
    times: usize,
    method: &'static str,
    says: impl Fn(&Asked) -> Says + Send + Sync,
) -> impl Fn(&Asked) -> Option<Says> + Send + Sync {
    let count = AtomicUsize::new(0);
    move |asked| (asked.method == method && count.fetch_add(1, Ordering::Relaxed) < times).then(|| says(asked))
}

#[test]
fn a_put_that_was_done_and_answered_with_an_error_is_recognised() {
    let bucket = std::sync::Mutex::new(Bucket::default());
    let lie = first(1, "PUT", |_| Says::code(500, "InternalError"));
    let server = Server::start(move |asked| {
        let done = bucket.lock().unwrap().answer(asked);
        lie(asked).unwrap_or(done)
    });
    let store = Retry::new(server.store().unwrap(), 3, |_| {});
    store.put("a", Body::Bytes(&[7; 100_000])).unwrap();
    assert_eq!(server.count("PUT"), 1, "it is not sent again");
    assert_eq!(store.put("a", Body::Bytes(&[8; 100_000])).unwrap_err().kind, Kind::Exists);
}

#[test]
fn puts_that_cross_are_tried_again() {
    let server = Server::good(first(3, "PUT", |_| Says::code(409, "ConditionalRequestConflict")));
    server.store().unwrap().put("a", Body::Bytes(b"x")).unwrap();
    assert_eq!(server.count("PUT"), 4);
}

#[test]
fn who_asks_for_patience_gets_it() {
    let server = Server::good(first(4, "PUT", |_| Says::code(503, "SlowDown")));
    let waits = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = waits.clone();
    let store = Retry::new(server.store().unwrap(), 8, move |wait| seen.lock().unwrap().push(wait.as_secs()));
    store.put("a", Body::Bytes(b"x")).unwrap();
    assert_eq!(*waits.lock().unwrap(), [4, 8, 16, 32]);
    assert_eq!(Server::start(|_| Says::status(503)).store().unwrap_err().kind, Kind::Busy);
}

#[test]
fn a_listing_goes_on_where_a_page_failed() {
    let pages = AtomicUsize::new(0);
    let server = Server::good(move |asked| {
        let is_page = asked.key.is_empty() && asked.query.contains_key("continuation-token");
        (is_page && pages.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)).then(|| Says::status(500))
    });
    let store = server.store().unwrap();
    for number in 0..1200 {
        store.put(&format!("many/{number:04}"), Body::Bytes(b"x")).unwrap();
    }
    let mut found = 0;
    store
        .list("", &mut |_| {
            found += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(found, 1200);
}

/// What comes of a listing that consists of `inside`.
fn listing(inside: &str) -> (atalaya_store::Result<()>, Vec<String>) {
    let xml = format!("<ListBucketResult>{inside}</ListBucketResult>");
    let server = Server::good(move |asked| {
        (asked.key.is_empty() && asked.query["max-keys"] != "1")
            .then(|| Says::Answer(200, Vec::new(), xml.clone().into_bytes()))
    });
    let mut found = Vec::new();
    let done = server.store().unwrap().list("", &mut |entry| {
        found.push(entry.name.clone());
        Ok(())
    });
    (done, found)
}

#[test]
fn listings_that_cannot_be_believed() {
    let of = |keys: &[&str]| -> String {
        keys.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>")).collect()
    };
    let (done, found) = listing(&of(&["nas/a", "nas/a", "nas/b%2Fc", "nas/d//e", "nas/f/", "nas/g h"]));
    done.unwrap();
    assert_eq!(found, ["a", "b/c"], "what is twice is told once, and what is nobody's name not at all");
    for keys in [&["nas/b", "nas/a"][..], &["nas/a", "other/b"], &["nas"]] {
        let (done, _) = listing(&of(keys));
        assert!(done.is_err_and(|err| err.kind == Kind::Io && err.text.contains("out of order")), "{keys:?}");
    }
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>";
    let (done, _) = listing(&format!("{more}{}", of(&["nas/a"])));
    assert!(done.is_err_and(|err| err.text.contains("without an end")), "the same page for ever");
    let (done, _) = listing(&format!("<Name>{}</Name>", "x".repeat(2 << 20)));
    assert!(done.is_err_and(|err| err.text.contains("no listing")), "two MiB of nothing");
}

#[test]
fn a_listing_that_never_ends_is_not_waited_for() {
    let (head, rest) = (b"HTTP/1.1 200 OK\r\n\r\n<ListBucketResult>".to_vec(), b"<Prefix>x</Prefix>".repeat(1000));
    let err = Server::start(move |_| Says::Endless(head.clone(), rest.clone())).store().unwrap_err();
    assert!(err.kind == Kind::Io && err.text.contains("the server sent no listing"), "{err}");
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let err = Server::start(move |_| Says::Endless(head.clone(), b"x-y: z\r\n".repeat(100))).store().unwrap_err();
    assert!(err.kind == Kind::Io && err.text.contains("no connection to"), "{err}");
    let head = b"HTTP/1.1 403 No\r\n\r\n".to_vec();
    let err = Server::start(move |_| Says::Endless(head.clone(), b"<a>".repeat(1000))).store().unwrap_err();
    assert!(err.kind == Kind::Denied && err.text.contains("403"), "{err}");
}

#[test]
fn answers_to_reading_that_are_not_what_was_asked_for() {
    let part = |range: &str, len: usize, sent: usize| {
        let text = format!("HTTP/1.1 206 X\r\ncontent-range: {range}\r\ncontent-length: {len}\r\n\r\n");
        [text.into_bytes(), vec![7; sent]].concat()
    };
    for (raw, kind, said) in [
        (part("bytes 5-14/100", 10, 10), None, ""),
        (part("bytes 0-9/100", 10, 10), Some(Kind::Io), "another range"),
        (part("bytes 5-8/9", 4, 4), Some(Kind::Truncated), "no 10 bytes at 5"),
        (part("bytes 5-14/100", 10, 4), Some(Kind::Io), "cut the connection"),
        (part("bytes 5-15/100", 11, 11), Some(Kind::Io), "without its bounds"),
        (part("nonsense", 10, 10), Some(Kind::Io), "without its bounds"),
        (b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n".to_vec(), Some(Kind::Io), "whole object"),
        (
            b"HTTP/1.1 206 X\r\ncontent-range: bytes 5-14/100\r\n\r\n0123456789".to_vec(),
            Some(Kind::Io),
            "without its bounds",
        ),
        (
            b"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec(),
            Some(Kind::Denied),
            "not followed",
        ),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), Some(Kind::Io), "no HTTP"),
        (Vec::new(), Some(Kind::Io), "no connection to"),
    ] {
        let shown = String::from_utf8_lossy(&raw).into_owned();
        let server =
            Server::good(move |asked| (asked.method == "GET" && !asked.key.is_empty()).then(|| Says::Raw(raw.clone())));
        let (store, mut buf) = (server.store().unwrap(), [0; 10]);
        match (store.get("a", 5, &mut buf), kind) {
            (Ok(()), None) => assert_eq!(buf, [7; 10]),
            (Err(err), Some(kind)) if err.kind == kind && err.text.contains(said) && !err.text.contains('\n') => {}
            (other, _) => panic!("{shown:?}: {other:?}"),
        }
    }
}

#[test]
fn what_is_wrong_with_a_place_is_said_when_it_is_opened() {
    for (status, code, kind, said) in [
        (404, "NoSuchBucket", Kind::BadName, "there is no such bucket"),
        (403, "AccessDenied", Kind::Denied, "docs/stores.md"),
        (403, "InvalidAccessKeyId", Kind::Denied, "no such access key"),
        (403, "SignatureDoesNotMatch", Kind::Denied, "secret key"),
        (403, "RequestTimeTooSkewed", Kind::Denied, "set this machine's clock"),
    ] {
        let err = Server::start(move |_| Says::code(status, code)).store().unwrap_err();
        assert!(err.kind == kind && err.text.contains(said) && !err.text.contains('\n'), "{err:?}");
    }
}

#[test]
fn another_region_is_learnt_from_the_server() {
    let server = Server::good(|asked| {
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>garage</Region></Error>";
        (!asked.headers["authorization"].contains("/garage/s3/")).then(|| Says::Answer(400, Vec::new(), body.into()))
    });
    let store = server.store().unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    assert_eq!(server.count("PUT"), 1, "it is learnt once");
}

#[test]
fn a_connection_is_used_for_many_requests() {
    let server = Server::good(|_| None);
    let store = server.store().unwrap();
    store.put("a", Body::Bytes(&[1; 100_000])).unwrap();
    for _ in 0..20 {
        store.get("a", 10, &mut [0; 1000]).unwrap();
        store.list("", &mut |_| Ok(())).unwrap();
        assert_eq!(store.stat("b").unwrap_err().kind, Kind::NotFound);
        assert_eq!(store.get("b", 0, &mut [0; 10]).unwrap_err().kind, Kind::NotFound);
    }
    assert_eq!(server.made.load(Ordering::Relaxed), 1, "a connection for each");
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_not_used() {
    let raw = b"HTTP/1.1 200 X\r\ncontent-length: 5\r\n\r\n";
    let server = Server::good(move |asked| (asked.method == "HEAD").then(|| Says::Raw(raw.to_vec())));
    let store = server.store().unwrap();
    for number in 1..20 {
        assert_eq!(store.stat("a").unwrap(), 5);
        while server.over.load(Ordering::Acquire) < number {
            std::thread::yield_now();
        }
    }
}
