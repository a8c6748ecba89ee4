//! Servers that speak as Azure's and Google's do, for a test: what they say is made of what an S3 server's bucket has.

use std::sync::Mutex;
use std::time::Duration;

use atalaya_store::{BucketAccess, BucketStore, Service, StoreUrl};

use crate::s3_server::{Asked, Bucket, Says, Server};

/// What a service account of Google's signs with; made for these tests and known to nobody else.
pub(crate) const ACCOUNT_PEM: &str = include_str!("account.pem");

/// One that keeps objects as `service` does, unless `meddle` says something else first.
pub(crate) fn good(service: Service, meddle: impl Fn(&Asked) -> Option<Says> + Send + Sync + 'static) -> Server {
    let bucket = Mutex::new(Bucket::default());
    Server::start(move |asked| meddle(asked).unwrap_or_else(|| answer(service, &mut bucket.lock().unwrap(), asked)))
}

/// A store of it, for whoever has what `credentials` say.
pub(crate) fn open(
    service: Service,
    server: &Server,
    prefix: &str,
    credentials: &str,
) -> atalaya_store::Result<BucketStore> {
    let (scheme, account) = match service {
        Service::S3 => ("s3", ""),
        Service::Azure => ("az", "acc1/"),
        Service::Google => ("gs", ""),
    };
    let url = format!("{scheme}+http://127.0.0.1:{}/{account}bucket/{prefix}", server.port);
    let StoreUrl::Bucket(url) = StoreUrl::parse(url.as_ref()).unwrap() else { panic!("{url}") };
    BucketStore::open(url.clone(), BucketAccess::from_text(credentials, &url).unwrap(), |_: Duration| {})
}

/// Somebody whom the server knows.
fn somebody(service: Service, server: &Server) -> String {
    match service {
        Service::S3 => "[default]\naws_access_key_id = a\naws_secret_access_key = b\n".to_owned(),
        Service::Azure => "[default]\naccount_key = a2V5\n".to_owned(),
        Service::Google => format!("[default]\ninstance = http://127.0.0.1:{}\n", server.port),
    }
}

/// The same as [`open`] for that somebody.
pub(crate) fn store(service: Service, server: &Server, prefix: &str) -> atalaya_store::Result<BucketStore> {
    open(service, server, prefix, &somebody(service, server))
}

/// A bearer's token, as machines and Google's authority give it.
pub(crate) fn token(name: &str, seconds: u64) -> Says {
    let text = format!("{{\"access_token\":\"{name}\",\"expires_in\":{seconds},\"token_type\":\"Bearer\"}}");
    Says::Answer(200, vec![("content-type", "application/json".to_owned())], text.into_bytes())
}

/// What `service` says of `bucket`.
pub(crate) fn answer(service: Service, bucket: &mut Bucket, asked: &Asked) -> Says {
    match service {
        Service::S3 => bucket.answer(asked),
        Service::Azure => azure(bucket, asked),
        Service::Google => google(bucket, asked),
    }
}

fn azure(bucket: &mut Bucket, asked: &Asked) -> Says {
    let get = |name: &str| asked.query.get(name).cloned().unwrap_or_default();
    let key = asked.key.strip_prefix("acc1/bucket").unwrap().trim_start_matches('/').to_owned();
    if key.is_empty() {
        assert_eq!((get("comp"), get("restype")), ("list".to_owned(), "container".to_owned()));
        let (page, more) = bucket.page(&get("prefix"), &get("marker"), get("maxresults").parse().unwrap());
        let next = page.last().filter(|_| more).map(|(key, _)| key.clone()).unwrap_or_default();
        let blob = |(key, len)| {
            format!(
                "<Blob><Name>{key}</Name><Properties><Etag>x</Etag><Content-Length>{len}</Content-Length></Properties></Blob>"
            )
        };
        let blobs: String = page.into_iter().map(blob).collect();
        let xml = format!(
            "\u{feff}<?xml version=\"1.0\"?><EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
        );
        return Says::Answer(200, Vec::new(), xml.into_bytes());
    }
    let there = bucket.objects.contains_key(&key);
    match asked.method.as_str() {
        "PUT" if asked.headers.get("x-ms-blob-type").is_none_or(|kind| kind != "BlockBlob") => Says::status(400),
        "PUT" if there && asked.headers.contains_key("if-none-match") => Says::code(409, "BlobAlreadyExists"),
        _ if !there && asked.method != "PUT" => {
            let code = vec![("x-ms-error-code", "BlobNotFound".to_owned())];
            Says::Answer(404, code, Vec::new())
        }
        _ => bucket.answer(&Asked { key, ..asked.clone() }),
    }
}

fn google(bucket: &mut Bucket, asked: &Asked) -> Says {
    if asked.key.starts_with("computeMetadata/") {
        return token("t", 3600);
    }
    assert_eq!(asked.headers["authorization"], "Bearer t");
    let get = |name: &str| asked.query.get(name).cloned().unwrap_or_default();
    let Some(path) = asked.key.strip_prefix("storage/v1/b/bucket/o") else {
        let mut asked = asked.clone();
        if asked.headers.get("x-goog-if-generation-match").is_some_and(|value| value == "0") {
            asked.headers.insert("if-none-match".to_owned(), "*".to_owned());
        }
        return bucket.answer(&asked);
    };
    let key = path.trim_start_matches('/').replace("%2F", "/");
    let json = |text: String| Says::Answer(200, Vec::new(), text.into_bytes());
    if key.is_empty() {
        let (page, more) = bucket.page(&get("prefix"), &get("pageToken"), get("maxResults").parse().unwrap());
        let next = page.last().filter(|_| more).map(|(key, _)| format!(",\"nextPageToken\":\"{key}\""));
        let item = |(key, len): &(String, usize)| format!("{{\"name\":\"{key}\",\"size\":\"{len}\"}}");
        let items: Vec<String> = page.iter().map(item).collect();
        return json(format!("{{\"items\":[{}]{}}}", items.join(","), next.unwrap_or_default()));
    }
    match (asked.method.as_str(), bucket.objects.get(&key)) {
        (_, None) => {
            let why = "{\"error\": {\"code\": 404, \"message\": \"No such object\"}}".as_bytes().to_vec();
            Says::Answer(404, Vec::new(), why)
        }
        ("GET", Some(bytes)) => json(format!("{{\"size\":\"{}\"}}", bytes.len())),
        _ => bucket.answer(&Asked { key, ..asked.clone() }),
    }
}
