//! Buckets that keep every version: what was put over a name is not what is read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use atalaya_store::{Body, BucketStore, Kind, Service, Store, conformance};

use crate::cloud_server::open;
use crate::s3_server::{Asked, Says, Server};

/// So few that most listings have a border between two versions of one name.
const PAGE_MAX: usize = 3;

/// What it is called, and what it says; nothing is a mark.
type Version = (String, Option<Vec<u8>>);

/// Every version of every name, the newest last.
#[derive(Default)]
struct Kept {
    all: BTreeMap<String, Vec<Version>>,
    made: usize,
    /// Until when versions are kept.
    until: BTreeMap<String, String>,
}

impl Kept {
    fn push(&mut self, key: &str, bytes: Option<Vec<u8>>) {
        self.made += 1;
        self.all.entry(key.to_owned()).or_default().push((format!("v{}", self.made), bytes));
    }

    fn answer(&mut self, asked: &Asked) -> Says {
        let (key, version) = (asked.key.as_str(), asked.query.get("versionId"));
        if key.is_empty() {
            return self.list(&asked.query);
        }
        let versions = self.all.get(key).map(Vec::as_slice).unwrap_or_default();
        let named = versions.iter().rfind(|(name, _)| version.is_none_or(|version| version == name));
        match (asked.method.as_str(), named.and_then(|(name, bytes)| Some((name.clone(), bytes.clone()?)))) {
            ("PUT", Some((name, _))) if asked.query.contains_key("retention") => {
                let text = String::from_utf8(asked.body.clone()).unwrap();
                let date = text.split("<RetainUntilDate>").nth(1).unwrap().split('<').next().unwrap().to_owned();
                self.until.insert(name, date);
                Says::status(200)
            }
            ("PUT", Some(_)) if asked.headers.contains_key("if-none-match") => Says::code(412, "PreconditionFailed"),
            ("PUT", _) => {
                self.push(key, Some(asked.body.clone()));
                Says::status(200)
            }
            ("DELETE", _) if version.is_some() => Says::code(403, "AccessDenied"),
            ("DELETE", _) => {
                self.push(key, None);
                Says::status(204)
            }
            (_, None) => Says::code(404, "NoSuchKey"),
            ("HEAD", Some((name, bytes))) => {
                let mut headers = vec![("content-length", bytes.len().to_string())];
                if let Some(until) = self.until.get(&name) {
                    headers.push(("x-amz-object-lock-retain-until-date", until.replace('Z', ".000Z")));
                    headers.push(("x-amz-object-lock-mode", "COMPLIANCE".to_owned()));
                }
                Says::Answer(200, headers, Vec::new())
            }
            (_, Some((_, bytes))) => crate::s3_server::range(&bytes, asked.headers.get("range").map(String::as_str)),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Says {
        assert!(query.contains_key("versions"));
        let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let all: Vec<_> = self.all.iter().filter(|(key, _)| key.starts_with(get("prefix"))).collect();
        let mut all: Vec<_> =
            all.iter().flat_map(|(key, versions)| versions.iter().rev().map(move |one| (*key, one))).collect();
        if let Some(at) =
            all.iter().position(|(key, one)| *key == get("key-marker") && one.0 == get("version-id-marker"))
        {
            all.drain(..=at);
        }
        let more = all.len() > PAGE_MAX;
        all.truncate(PAGE_MAX);
        let mut xml = format!("<ListVersionsResult><IsTruncated>{more}</IsTruncated>");
        for (key, (name, bytes)) in &all {
            xml += &match bytes {
                None => format!("<DeleteMarker><Key>{key}</Key><VersionId>{name}</VersionId></DeleteMarker>"),
                Some(bytes) => {
                    let len = bytes.len();
                    format!("<Version><Key>{key}</Key><VersionId>{name}</VersionId><Size>{len}</Size></Version>")
                }
            };
        }
        if let Some((key, (name, _))) = all.last().filter(|_| more) {
            xml += &format!("<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{name}</NextVersionIdMarker>");
        }
        Says::Answer(200, Vec::new(), (xml + "</ListVersionsResult>").into_bytes())
    }
}

fn server() -> (Server, Arc<Mutex<Kept>>) {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let held = kept.clone();
    (Server::start(move |asked| held.lock().unwrap().answer(asked)), kept)
}

fn store(server: &Server, prefix: &str) -> BucketStore {
    let credentials = "[default]\naws_access_key_id = a\naws_secret_access_key = b\nversions = oldest\n";
    open(Service::S3, server, prefix, credentials).unwrap()
}

#[test]
fn a_bucket_with_versions_keeps_the_contract() {
    let cases = conformance::CASES.iter().filter(|case| case.part < conformance::Part::Long);
    for (at, case) in cases.enumerate() {
        let (server, _) = server();
        (case.run)(&store(&server, &format!("nas/{at}"))).unwrap_or_else(|err| panic!("{}: {err}", case.name));
    }
}

#[test]
fn what_was_put_over_a_name_is_not_read() {
    let (server, kept) = server();
    let known = store(&server, "nas");
    let lens = |store: &BucketStore| {
        let mut found = Vec::new();
        store
            .list("", &mut |entry| {
                found.push((entry.name.clone(), entry.len));
                Ok(())
            })
            .unwrap();
        found
    };
    for name in ["a", "b"] {
        known.put(name, Body::Bytes(b"genuine")).unwrap();
    }
    for _ in 0..7 {
        kept.lock().unwrap().push("nas/a", Some(b"put over it".to_vec()));
    }
    for store in [&known, &store(&server, "nas")] {
        let mut buf = [0; 7];
        store.get("a", 0, &mut buf).unwrap();
        assert_eq!((&buf, store.stat("a").unwrap()), (b"genuine", 7));
        assert_eq!(lens(store), [("a".to_owned(), 7), ("b".to_owned(), 7)]);
        assert_eq!(store.put("a", Body::Bytes(b"again")).unwrap_err().kind, Kind::Exists);
    }
    known.delete("a").unwrap();
    assert_eq!(lens(&known), [("b".to_owned(), 7)]);
    assert_eq!(known.get("a", 0, &mut [0; 7]).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn what_somebody_else_deleted_is_gone() {
    let (server, _kept) = server();
    let (known, other) = (store(&server, "nas"), store(&server, "nas"));
    known.put("a", Body::Bytes(b"genuine")).unwrap();
    known.get("a", 0, &mut [0; 7]).unwrap();
    other.delete("a").unwrap();
    assert_eq!(known.stat("a").unwrap_err().kind, Kind::NotFound);
    assert_eq!(known.get("a", 0, &mut [0; 7]).unwrap_err().kind, Kind::NotFound);
    known.get("a", 0, &mut [0; 7]).unwrap_err();
    other.put("a", Body::Bytes(b"another")).unwrap();
    let mut buf = [0; 7];
    assert_eq!(known.put("a", Body::Bytes(b"third")).unwrap_err().kind, Kind::Exists);
    known.get("a", 0, &mut buf).unwrap();
    assert_eq!(&buf, b"another");
}

#[test]
fn what_counts_is_kept_for_longer_and_only_where_that_is_needed() {
    let (server, kept) = server();
    let store = store(&server, "nas");
    for name in ["a", "b", "c"] {
        store.put(name, Body::Bytes(b"genuine")).unwrap();
    }
    store.delete("c").unwrap();
    kept.lock().unwrap().push("nas/a", Some(b"put over it".to_vec()));
    let done = |days| store.retain(days).map(|done| (done.objects, done.extended)).unwrap();
    assert_eq!([done(30), done(30), done(31), done(70), done(70)], [(2, 2), (2, 0), (2, 0), (2, 2), (2, 0)]);
    let until = kept.lock().unwrap().until.clone();
    assert_eq!(until.keys().collect::<Vec<_>>(), ["v1", "v2"], "what counts, and nothing else");
    assert!(until.values().all(|until| until.len() == 20 && until.as_str() > "2026"), "{until:?}");
    let credentials = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n";
    let plain = Server::good(|_| None);
    let err = open(Service::S3, &plain, "nas", credentials).unwrap().retain(30).unwrap_err();
    assert!(err.kind == Kind::Denied && err.text.contains("versions = oldest"), "{err}");
}
