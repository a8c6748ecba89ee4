//! Servers that speak as S3 does, for a test: plain HTTP, a thread for each connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atalaya_store::{BucketAccess, BucketStore, StoreUrl};

/// What a client asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the bucket's name.
    pub(crate) key: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What is done with a request: bytes that are sent as they are, and whether the connection is kept.
pub(crate) enum Says {
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, and then the end.
    Raw(Vec<u8>),
    /// These bytes again and again, until nobody listens.
    Endless(Vec<u8>, Vec<u8>),
}

impl Says {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), Vec::new())
    }

    pub(crate) fn code(status: u16, code: &str) -> Self {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
        Self::Answer(status, Vec::new(), body.into_bytes())
    }
}

/// A server; it ends with the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Everything that was asked, without bodies.
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
    /// Connections that were made, and those that are over.
    pub(crate) made: Arc<AtomicUsize>,
    pub(crate) over: Arc<AtomicUsize>,
}

impl Server {
    /// One that says what `answer` makes of each request.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let (made, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (seen, begun, ended) = (asked.clone(), made.clone(), over.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                begun.fetch_add(1, Ordering::Relaxed);
                let (seen, answer, ended) = (seen.clone(), answer.clone(), ended.clone());
                std::thread::spawn(move || {
                    serve(stream, &seen, &*answer);
                    ended.fetch_add(1, Ordering::Release);
                });
            }
        });
        Self { port, asked, made, over }
    }

    /// One that keeps objects as it should, unless `meddle` says something else first.
    pub(crate) fn good(meddle: impl Fn(&Asked) -> Option<Says> + Send + Sync + 'static) -> Self {
        Self::with(Bucket::default(), meddle)
    }

    pub(crate) fn with(bucket: Bucket, meddle: impl Fn(&Asked) -> Option<Says> + Send + Sync + 'static) -> Self {
        let objects = Mutex::new(bucket);
        Self::start(move |asked| meddle(asked).unwrap_or_else(|| objects.lock().unwrap().answer(asked)))
    }

    pub(crate) fn store(&self) -> atalaya_store::Result<BucketStore> {
        self.store_at("nas")
    }

    pub(crate) fn store_at(&self, prefix: &str) -> atalaya_store::Result<BucketStore> {
        let url = format!("s3+http://127.0.0.1:{}/bucket/{prefix}", self.port);
        let StoreUrl::Bucket(url) = StoreUrl::parse(url.as_ref()).unwrap() else { panic!("{url}") };
        let text = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n";
        BucketStore::open(url.clone(), BucketAccess::from_text(text, &url).unwrap(), |_: Duration| {})
    }

    /// How often something was asked so.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.method == method).count()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Says) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = read(&mut reader) {
        seen.lock().unwrap().push(Asked { body: Vec::new(), ..asked.clone() });
        let sent = match answer(&asked) {
            Says::Answer(status, headers, body) => {
                let len = headers
                    .iter()
                    .find(|(name, _)| *name == "content-length")
                    .map_or(body.len(), |(_, len)| len.parse().unwrap());
                let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {len}\r\n");
                for (name, value) in headers.iter().filter(|(name, _)| *name != "content-length") {
                    head += &format!("{name}: {value}\r\n");
                }
                let body = if asked.method == "HEAD" { &[] } else { &body[..] };
                // In one piece, or the second would wait for the first one's receipt.
                stream.write_all(&[(head + "\r\n").as_bytes(), body].concat())
            }
            Says::Raw(bytes) => {
                let _ = stream.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Says::Endless(head, bytes) => {
                let _ = stream.write_all(&head);
                while stream.write_all(&bytes).is_ok() {}
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|len| *len > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let len = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")));
    let key = path.strip_prefix("/bucket").unwrap_or(path).trim_start_matches('/').to_owned();
    Some(Asked { method, key, query: query.split('&').filter_map(pair).collect(), headers, body })
}

/// Objects as a server keeps them.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// Whether it knows how to put only where nothing is.
    pub(crate) conditional: bool,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), conditional: true }
    }
}

impl Bucket {
    pub(crate) fn answer(&mut self, asked: &Asked) -> Says {
        let (key, found) = (asked.key.clone(), self.objects.get(&asked.key));
        match (asked.method.as_str(), found) {
            ("GET", _) if key.is_empty() => self.list(&asked.query),
            ("PUT", Some(_)) if self.conditional && asked.headers.contains_key("if-none-match") => {
                Says::code(412, "PreconditionFailed")
            }
            ("PUT", _) => {
                self.objects.insert(key, asked.body.clone());
                Says::status(200)
            }
            ("DELETE", _) => {
                self.objects.remove(&key);
                Says::status(204)
            }
            ("HEAD", None) => Says::status(404),
            (_, None) => Says::code(404, "NoSuchKey"),
            ("HEAD", Some(bytes)) => Says::Answer(200, vec![("content-length", bytes.len().to_string())], Vec::new()),
            (_, Some(bytes)) => range(bytes, asked.headers.get("range").map(String::as_str)),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Says {
        let get = |name: &str| query.get(name).cloned().unwrap_or_default();
        let most = get("max-keys").parse::<usize>().unwrap_or(1000);
        let (page, more) = self.page(&get("prefix"), &get("continuation-token"), most);
        let mut xml = format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>");
        for (key, len) in &page {
            xml += &format!("<Contents><Key>{key}</Key><Size>{len}</Size></Contents>");
        }
        if let Some((key, _)) = page.last().filter(|_| more) {
            xml += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
        }
        Says::Answer(200, Vec::new(), (xml + "</ListBucketResult>").into_bytes())
    }

    /// Names and lengths behind `after`, and whether there are more.
    pub(crate) fn page(&self, prefix: &str, after: &str, most: usize) -> (Vec<(String, usize)>, bool) {
        let all = self.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let page: Vec<_> = all.clone().take(most).map(|(key, bytes)| (key.clone(), bytes.len())).collect();
        let more = all.count() > page.len();
        (page, more)
    }
}

pub(crate) fn range(bytes: &[u8], range: Option<&str>) -> Says {
    let Some((from, to)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Says::Answer(200, Vec::new(), bytes.to_vec());
    };
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    let len = bytes.len() as u64;
    if from >= len {
        return Says::code(416, "InvalidRange");
    }
    let to = to.min(len - 1);
    let said = vec![("content-range", format!("bytes {from}-{to}/{len}"))];
    Says::Answer(206, said, bytes[from as usize..=to as usize].to_vec())
}
