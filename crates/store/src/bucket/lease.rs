//! Keys that end: those of the machine, as its cloud gives them to whoever runs on it, and those of a service account.
//!
//! Nobody is asked for them before they are needed, and again five minutes before they end.

use std::io::Read;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;
use ureq::http::Request;
use ureq::tls::{PemItem, parse_pem};
use ureq::{Agent, SendBody};
use zeroize::Zeroizing;

use super::access::{BucketAccess, Keys, Source};
use super::http::run;
use super::limits::{BUCKET_KEYS_AHEAD_SECONDS, BUCKET_KEYS_BYTES_MAX, BUCKET_KEYS_WAIT_MAX};
use super::time::{Stamp, seconds};
use super::trouble;
use crate::url::percent::encode;
use crate::{BucketUrl, Error, Kind, Result, Service, locked};

const MACHINE: &str = "http://169.254.169.254";
const GOOGLE_MACHINE: &str = "http://metadata.google.internal";
const GOOGLE_RIGHT: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// Keys, and when they end.
struct Held {
    keys: Keys,
    /// As a [`Stamp`] is written; so they are compared.
    until: String,
}

/// Those that hold now.
#[derive(Default)]
pub(super) struct Lease(Mutex<Option<Held>>);

impl Lease {
    /// Keys for a request that is made now.
    pub(super) fn keys(&self, agent: &Agent, url: &BucketUrl, access: &BucketAccess) -> Result<Keys> {
        if matches!(access.source, Source::Given) {
            return Ok(access.keys.clone());
        }
        // Who waits here waits for what they need, too.
        let mut held = locked(&self.0);
        let lasts = |held: &&Held, more: u64| held.until.as_str() > Stamp::of(seconds() + more).as_str();
        if let Some(held) = held.as_ref().filter(|held| lasts(held, BUCKET_KEYS_AHEAD_SECONDS)) {
            return Ok(held.keys.clone());
        }
        match fetch(agent, url, access) {
            Ok(fresh) => Ok(held.insert(fresh).keys.clone()),
            // There is some time left, in which they may be had.
            Err(why) => held.as_ref().filter(|held| lasts(held, 0)).map(|held| held.keys.clone()).ok_or(why),
        }
    }

    /// Forgets them; whether there were any.
    pub(super) fn give_up(&self) -> bool {
        locked(&self.0).take().is_some()
    }
}

fn fetch(agent: &Agent, url: &BucketUrl, access: &BucketAccess) -> Result<Held> {
    let teller = Teller { agent, place: url.to_string() };
    match (&access.source, url.service) {
        (Source::Instance { at: Some(at), container: true, token }, _) => {
            let token = token.as_ref().map(|token| ("authorization", token.trim()));
            teller.amazon(at, token.as_slice())
        }
        (Source::Instance { at, .. }, service) => {
            let far = if service == Service::Google { GOOGLE_MACHINE } else { MACHINE };
            teller.machine(service, at.as_deref().unwrap_or(far))
        }
        (Source::Account(text), _) => teller.account(text),
        (Source::Given, _) => Ok(Held { keys: access.keys.clone(), until: "~".to_owned() }),
    }
}

/// Who is asked for keys.
struct Teller<'a> {
    agent: &'a Agent,
    place: String,
}

impl Teller<'_> {
    fn machine(&self, service: Service, at: &str) -> Result<Held> {
        match service {
            Service::S3 => {
                let lasts = [("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
                let token = self.ask("PUT", &format!("{at}/latest/api/token"), &lasts, "")?;
                let token = [("x-aws-ec2-metadata-token", token.trim())];
                let roles = format!("{at}/latest/meta-data/iam/security-credentials/");
                let role = self.ask("GET", &roles, &token, "")?;
                self.amazon(&format!("{roles}{}", role.lines().next().unwrap_or_default().trim()), &token)
            }
            Service::Azure => {
                let right = encode(b"https://storage.azure.com/", b"");
                let uri = format!("{at}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={right}");
                self.bearer(&uri, &self.ask("GET", &uri, &[("metadata", "true")], "")?)
            }
            Service::Google => {
                let uri = format!("{at}/computeMetadata/v1/instance/service-accounts/default/token");
                self.bearer(&uri, &self.ask("GET", &uri, &[("metadata-flavor", "Google")], "")?)
            }
        }
    }

    /// Keys of a session, as Amazon's machines and containers are told them.
    fn amazon(&self, uri: &str, headers: &[(&str, &str)]) -> Result<Held> {
        let said = self.json(uri, &self.ask("GET", uri, headers, "")?)?;
        let of = |name: &str| said[name].as_str().filter(|value| value.bytes().all(|byte| byte.is_ascii_graphic()));
        match (of("AccessKeyId"), of("SecretAccessKey"), of("Token"), of("Expiration")) {
            (Some(id), Some(secret), Some(token), Some(until)) => Ok(Held {
                keys: Keys {
                    key_id: id.to_owned(),
                    secret: secret.to_owned().into(),
                    token: Some(token.to_owned().into()),
                    behind: None,
                },
                until: until.replace(['-', ':'], ""),
            }),
            _ => Err(self.odd(uri)),
        }
    }

    /// A token, and for how many seconds it holds.
    fn bearer(&self, uri: &str, text: &str) -> Result<Held> {
        let said = self.json(uri, text)?;
        let lasts = &said["expires_in"];
        // Azure's is a number in quotes.
        let lasts = lasts.as_u64().or_else(|| lasts.as_str()?.parse().ok());
        match (said["access_token"].as_str(), lasts) {
            (Some(token), Some(lasts)) => Ok(Held {
                keys: Keys { token: Some(token.trim_end_matches('.').to_owned().into()), ..Keys::default() },
                until: Stamp::of(seconds().saturating_add(lasts)).as_str().to_owned(),
            }),
            _ => Err(self.odd(uri)),
        }
    }

    /// Google's way (RFC 7523): the account's key signs who it is, and gets a token for that.
    fn account(&self, text: &str) -> Result<Held> {
        let wrong = |why: &str| {
            Error::new(
                Kind::Denied,
                format!("the service account's file is not what Google gives: {why}; get another there"),
            )
        };
        let said: Value = serde_json::from_str(text).map_err(|_| wrong("it is no JSON"))?;
        let of = |name: &str| said[name].as_str().ok_or_else(|| wrong(&format!("it has no {name}")));
        let (email, key, uri) = (of("client_email")?, of("private_key")?, of("token_uri")?);
        let key = parse_pem(key.as_bytes())
            .find_map(|item| match item {
                Ok(PemItem::PrivateKey(key)) => RsaKeyPair::from_pkcs8(key.der()).ok(),
                _ => None,
            })
            .ok_or_else(|| wrong("its private_key is no RSA key"))?;
        let now = seconds();
        let [email, right, to] = [email, GOOGLE_RIGHT, uri].map(Value::from);
        let claims = format!("{{\"iss\":{email},\"scope\":{right},\"aud\":{to},\"iat\":{now},\"exp\":{}}}", now + 3600);
        let signed =
            ["{\"alg\":\"RS256\",\"typ\":\"JWT\"}", &claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| wrong("its private_key signs nothing"))?;
        let form = Zeroizing::new(format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={signed}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        ));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.bearer(uri, &self.ask("POST", uri, &headers, &form)?)
    }

    /// What is answered, which is secret.
    fn ask(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Result<Zeroizing<String>> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut bytes, asked) = (body.as_bytes(), format!("{} for keys", host_of(uri)));
        let odd = |_| self.odd(uri);
        let answer = if method == "GET" {
            run(self.agent, request.body(()).map_err(odd)?, BUCKET_KEYS_WAIT_MAX)
        } else {
            let request = request.header("content-length", body.len());
            let request = request.body(SendBody::from_reader(&mut bytes)).map_err(odd)?;
            run(self.agent, request, BUCKET_KEYS_WAIT_MAX)
        };
        let mut answer = answer.map_err(|err| trouble::no_answer(&format!("ask {asked}"), &self.place, &err))?;
        let mut text = Zeroizing::new(String::new());
        let read = answer.body_mut().as_reader().take(BUCKET_KEYS_BYTES_MAX).read_to_string(&mut text);
        match (answer.status().as_u16(), read) {
            (200..=299, Ok(_)) => Ok(text),
            (status @ (429 | 500..), _) => Err(Error::new(Kind::Busy, format!("{asked} answers {status}"))),
            (status, _) => Err(Error::new(
                Kind::Denied,
                format!("{asked} answers {status}; give this machine or account a role that may use {}", self.place),
            )),
        }
    }

    fn json(&self, uri: &str, text: &str) -> Result<Value> {
        serde_json::from_str(text).map_err(|_| self.odd(uri))
    }

    fn odd(&self, uri: &str) -> Error {
        Error::new(
            Kind::Denied,
            format!("{} says no keys when it is asked for some for {}; look at it", host_of(uri), self.place),
        )
    }
}

/// What people are told of where it was.
fn host_of(uri: &str) -> &str {
    uri.split('/').nth(2).unwrap_or("nobody")
}
