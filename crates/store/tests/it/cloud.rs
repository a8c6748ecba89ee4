//! Stores at Azure and Google, and keys that end: servers that do as they should, and servers that do not.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use atalaya_store::{Body, Kind, Retry, Service, Store, conformance};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};

use crate::cloud_server::{ACCOUNT_PEM, answer, good, open, store, token};
use crate::s3_server::{Asked, Bucket, Says, Server};

const BOTH: [Service; 2] = [Service::Azure, Service::Google];

#[test]
fn azure_keeps_the_contract() {
    keeps_the_contract(Service::Azure);
}

#[test]
fn google_keeps_the_contract() {
    keeps_the_contract(Service::Google);
}

fn keeps_the_contract(service: Service) {
    let (server, count) = (good(service, |_| None), Cell::new(0));
    conformance::check(&|| {
        count.set(count.get() + 1);
        Box::new(store(service, &server, &format!("nas/{}", count.get())).unwrap())
    });
    assert!(store(service, &server, "tried").unwrap().shortcomings().unwrap().is_empty());
    let store = store(service, &server, "nas/1").unwrap();
    store.remove_all().unwrap();
    store.list("", &mut |entry| panic!("{entry:?} is left")).unwrap();
}

#[test]
fn a_put_says_its_sum_and_that_nothing_may_be_there() {
    for (service, condition) in
        [(Service::Azure, ("if-none-match", "*")), (Service::Google, ("x-goog-if-generation-match", "0"))]
    {
        let server = good(service, |_| None);
        store(service, &server, "nas").unwrap().put("a", Body::Bytes(b"Welcome to Amazon S3.")).unwrap();
        let asked = server.asked.lock().unwrap().last().unwrap().clone();
        let said = |name: &str| asked.headers.get(name).map(String::as_str);
        assert_eq!((said("content-length"), said("transfer-encoding")), (Some("21"), None));
        assert_eq!((said("content-md5"), said(condition.0)), (Some("1EfQ6PKJ8WoS/2AnznfCWA=="), Some(condition.1)));
    }
}

/// The first `times` puts are answered so; whether they are done before, `done` says.
fn puts(service: Service, times: usize, done: bool, says: impl Fn() -> Says + Send + Sync + 'static) -> Server {
    let (count, bucket) = (AtomicUsize::new(0), Mutex::new(Bucket::default()));
    Server::start(move |asked| {
        let lies = asked.method == "PUT" && count.fetch_add(1, Ordering::Relaxed) < times;
        if lies && !done {
            return says();
        }
        let answer = answer(service, &mut bucket.lock().unwrap(), asked);
        if lies { says() } else { answer }
    })
}

#[test]
fn a_put_that_was_done_and_answered_with_an_error_is_recognised() {
    for service in BOTH {
        let server = puts(service, 1, true, || Says::status(500));
        let store = Retry::new(store(service, &server, "nas").unwrap(), 3, |_| {});
        store.put("a", Body::Bytes(&[7; 100_000])).unwrap();
        assert_eq!(server.count("PUT"), 1, "it is not sent again");
        assert_eq!(store.put("a", Body::Bytes(&[8; 100_000])).unwrap_err().kind, Kind::Exists);
    }
}

#[test]
fn who_asks_for_patience_gets_it() {
    for (service, status) in [(Service::Azure, 503), (Service::Google, 429), (Service::S3, 429)] {
        let server =
            puts(service, 3, false, move || Says::Answer(status, vec![("retry-after", "1".to_owned())], Vec::new()));
        let waits = Arc::new(Mutex::new(Vec::new()));
        let seen = waits.clone();
        let store = store(service, &server, "nas").unwrap();
        let store = Retry::new(store, 8, move |wait| seen.lock().unwrap().push(wait.as_secs()));
        store.put("a", Body::Bytes(b"x")).unwrap();
        assert_eq!(*waits.lock().unwrap(), [4, 8, 16]);
    }
}

#[test]
fn refusals_are_what_they_are() {
    for (service, status, body, kind, said) in [
        (Service::Azure, 403, code("AuthenticationFailed"), Kind::Denied, "whether the clocks agree: here it is"),
        (Service::Azure, 403, code("AuthorizationPermissionMismatch"), Kind::Denied, "docs/stores.md"),
        (Service::Azure, 404, code("ContainerNotFound"), Kind::BadName, "no such container"),
        (Service::Azure, 503, code("ServerBusy"), Kind::Busy, "patience"),
        (Service::Azure, 507, String::new(), Kind::Full, "507"),
        (Service::Google, 404, String::new(), Kind::BadName, "no such bucket"),
        (
            Service::Google,
            403,
            "{\"error\": {\"message\": \"storage.objects.list denied\"}}".to_owned(),
            Kind::Denied,
            "denied",
        ),
        (Service::Google, 500, String::new(), Kind::Io, "500"),
    ] {
        let server = Server::start(move |asked| match asked.key.starts_with("computeMetadata/") {
            true => token("t", 3600),
            false => {
                let kind = if body.starts_with('{') { "application/json; charset=UTF-8" } else { "application/xml" };
                Says::Answer(status, vec![("content-type", kind.to_owned())], body.clone().into_bytes())
            }
        });
        let err = store(service, &server, "nas").unwrap_err();
        assert!(
            err.kind == kind && err.text.contains(said) && !err.text.contains('\n'),
            "{service:?} {status}: {err:?}"
        );
    }
}

fn code(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>m</Message></Error>")
}

#[test]
fn bodies_that_end_too_soon_and_listings_that_cannot_be_believed() {
    for service in BOTH {
        let cut = b"HTTP/1.1 206 X\r\ncontent-range: bytes 0-9/10\r\ncontent-length: 10\r\n\r\n0123".to_vec();
        let is_get = |asked: &Asked| asked.method == "GET" && asked.headers.contains_key("range");
        let server = good(service, move |asked| is_get(asked).then(|| Says::Raw(cut.clone())));
        let err = store(service, &server, "nas").unwrap().get("a", 0, &mut [0; 10]).unwrap_err();
        assert!(err.kind == Kind::Io && err.text.contains("cut the connection"), "{err}");
        let pages = AtomicUsize::new(0);
        let server = good(service, move |asked| {
            let more = asked.query.contains_key("marker") || asked.query.contains_key("pageToken");
            (more && pages.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)).then(|| Says::status(503))
        });
        let there = store(service, &server, "nas").unwrap();
        (0..1200).for_each(|number| there.put(&format!("many/{number:04}"), Body::Bytes(b"x")).unwrap());
        let mut found = 0;
        there
            .list("", &mut |_| {
                found += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(found, 1200, "pages that failed are asked for again");
        let (blob, item) = (
            "<Blob><Name>KEY</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>",
            "{\"name\":\"KEY\",\"size\":\"1\"}",
        );
        let (one, two) = if service == Service::Azure { (blob, "") } else { (item, ",") };
        let all = format!("{}{two}{}", one.replace("KEY", "nas/b"), one.replace("KEY", "nas/a"));
        let all = match service {
            Service::Azure => format!("<EnumerationResults><Blobs>{all}</Blobs><NextMarker/></EnumerationResults>"),
            _ => format!("{{\"items\":[{all}]}}"),
        };
        let is_list = |asked: &Asked| asked.query.contains_key("prefix");
        let server =
            good(service, move |asked| is_list(asked).then(|| Says::Answer(200, Vec::new(), all.clone().into_bytes())));
        let err = store(service, &server, "nas").unwrap().list("", &mut |_| Ok(())).unwrap_err();
        assert!(err.kind == Kind::Io && err.text.contains("out of order"), "{err}");
    }
}

#[test]
fn a_signature_of_somebody_else_s_stands_behind_everything_and_in_no_message() {
    let server = good(Service::Azure, |_| None);
    let credentials = "[default]\nsas = ?sv=2021-12-02&sp=rcl&sig=secret%3D\n";
    let store = open(Service::Azure, &server, "nas", credentials).unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    let asked = server.asked.lock().unwrap().clone();
    assert!(
        asked.iter().all(|asked| asked.query["sig"] == "secret%3D" && !asked.headers.contains_key("authorization"))
    );
    assert!(!format!("{store:?} {}", store.place()).contains("secret"));
    let server = Server::start(|_| Says::Raw(Vec::new()));
    let err = open(Service::Azure, &server, "nas", credentials).unwrap_err();
    assert!(err.text.contains("no connection to az+http://127.0.0.1:") && !err.text.contains("secret"), "{err}");
}

#[test]
fn a_service_account_signs_who_it_is() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = bodies.clone();
    let server = good(Service::Google, move |asked| {
        (asked.key == "token").then(|| {
            seen.lock().unwrap().push(String::from_utf8(asked.body.clone()).unwrap());
            token("t", 3600)
        })
    });
    let json = format!(
        "{{\"type\":\"service_account\",\"client_email\":\"n@p.iam\",\"private_key\":{ACCOUNT_PEM:?},\"token_uri\":\"http://127.0.0.1:{}/token\"}}",
        server.port
    );
    let store = open(Service::Google, &server, "nas", &json).unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 1, "a token is asked for once");
    let jwt =
        bodies[0].strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=").unwrap();
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let claims = String::from_utf8(unbase64(signed.split_once('.').unwrap().1)).unwrap();
    for part in ["\"iss\":\"n@p.iam\"", "auth/devstorage.read_write\"", "/token\",\"iat\":"] {
        assert!(claims.contains(part), "{claims}");
    }
    let der: Vec<u8> = unbase64(&ACCOUNT_PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>());
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(signed.as_bytes(), &unbase64(signature)).unwrap();
    for (bad, said) in [("{", "no JSON"), ("{}", "no client_email"), (&*json.replace("PRIVATE KEY", "X"), "no RSA key")]
    {
        let err = open(Service::Google, &server, "nas", bad).unwrap_err();
        assert!(err.kind == Kind::Denied && err.text.contains(said), "{err}");
    }
}

fn unbase64(text: &str) -> Vec<u8> {
    use base64::Engine;
    let text = text.replace('-', "+").replace('_', "/");
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_end_matches('=')).unwrap()
}

/// A machine of Amazon's with a role, whose keys hold until then.
fn role(asked: &Asked, count: usize, until: &str) -> Option<Says> {
    let text = |text: String| Some(Says::Answer(200, Vec::new(), text.into_bytes()));
    let path = "latest/meta-data/iam/security-credentials/";
    match asked.key.as_str() {
        "latest/api/token" => {
            assert!(asked.method == "PUT" && asked.headers.contains_key("x-aws-ec2-metadata-token-ttl-seconds"));
            text("machine".to_owned())
        }
        key if key.starts_with(path) => {
            assert_eq!(asked.headers["x-aws-ec2-metadata-token"], "machine");
            text(match key.strip_prefix(path) {
                Some("") => "nas-role\n".to_owned(),
                _ => format!(
                    "{{\"Code\":\"Success\",\"AccessKeyId\":\"id{count}\",\"SecretAccessKey\":\"s\",\"Token\":\"t{count}\",\"Expiration\":\"{until}\"}}"
                ),
            })
        }
        _ => None,
    }
}

#[test]
fn a_machine_s_own_keys_are_got_anew_before_they_end() {
    for (until, gets) in [("2099-01-01T00:00:00Z", 1), ("2001-01-01T00:00:00Z", 5)] {
        let count = AtomicUsize::new(0);
        let server = good(Service::S3, move |asked| {
            let number = if asked.key.ends_with("nas-role") { count.fetch_add(1, Ordering::Relaxed) } else { 0 };
            role(asked, number, until)
        });
        let store = open(Service::S3, &server, "nas", &machine(&server)).unwrap();
        (0..2).for_each(|number| store.put(&number.to_string(), Body::Bytes(b"x")).unwrap());
        let asked = server.asked.lock().unwrap().clone();
        assert_eq!(asked.iter().filter(|asked| asked.key.ends_with("nas-role")).count(), gets, "{until}");
        let last = asked.last().unwrap();
        assert_eq!(last.headers["x-amz-security-token"], format!("t{}", gets - 1));
        assert!(last.headers["authorization"].contains(&format!("Credential=id{}/", gets - 1)));
    }
}

fn machine(server: &Server) -> String {
    format!("[default]\ninstance = http://127.0.0.1:{}/\n", server.port)
}

#[test]
fn keys_that_ended_before_they_should_are_replaced_once() {
    let count = AtomicUsize::new(0);
    let server = good(Service::S3, move |asked| {
        if asked.headers.get("x-amz-security-token").is_some_and(|token| token == "t0") {
            return Some(Says::code(400, "ExpiredToken"));
        }
        let number = if asked.key.ends_with("nas-role") { count.fetch_add(1, Ordering::Relaxed) } else { 0 };
        role(asked, number, "2099-01-01T00:00:00Z")
    });
    open(Service::S3, &server, "nas", &machine(&server)).unwrap().put("a", Body::Bytes(b"x")).unwrap();
    let server = good(Service::S3, move |asked| {
        let ended = asked.headers.contains_key("x-amz-security-token").then(|| Says::code(400, "ExpiredToken"));
        ended.or_else(|| role(asked, 7, "2099-01-01T00:00:00Z"))
    });
    let err = open(Service::S3, &server, "nas", &machine(&server)).unwrap_err();
    assert!(err.kind == Kind::Denied && err.text.contains("session"), "{err}");
    assert_eq!(server.asked.lock().unwrap().iter().filter(|asked| asked.key.ends_with("nas-role")).count(), 2);
}

#[test]
fn who_gives_no_keys_is_named() {
    for (says, kind, said) in [
        (Says::status as fn(u16) -> Says, Kind::Denied, "answers 404; give this machine or account a role"),
        (|_| Says::status(500), Kind::Busy, "answers 500"),
        (|_| Says::Answer(200, Vec::new(), b"{}".to_vec()), Kind::Denied, "says no keys"),
        (|_| Says::Raw(Vec::new()), Kind::Io, "for keys"),
    ] {
        for service in [Service::S3, Service::Azure, Service::Google] {
            let server = Server::start(move |_| says(404));
            let err = open(service, &server, "nas", &machine(&server)).unwrap_err();
            assert!(
                err.kind == kind && err.text.contains(said) && err.text.contains("127.0.0.1"),
                "{service:?}: {err:?}"
            );
        }
    }
}

#[test]
fn azure_takes_a_machine_s_token() {
    let server = good(Service::Azure, |asked| {
        asked.key.starts_with("metadata/identity/oauth2/token").then(|| {
            assert_eq!(asked.headers["metadata"], "true");
            Says::Answer(200, Vec::new(), b"{\"access_token\":\"t\",\"expires_in\":\"3599\"}".to_vec())
        })
    });
    let store = open(Service::Azure, &server, "nas", &machine(&server)).unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    assert_eq!(server.asked.lock().unwrap().last().unwrap().headers["authorization"], "Bearer t");
}
