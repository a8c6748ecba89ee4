//! How much one caller may ask for, and that what is asked for twice is done once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::clock::Clock;
use crate::limits::BODY_BYTES_MAX;
use crate::people::Person;
use crate::web::guard::Reader;

/// From one request to the next, in the long run: 20 a second.
const EVERY: Duration = Duration::from_millis(50);
/// Requests at once after a pause.
const BURST: u32 = 100;
/// Callers that are counted; with more, those that have asked for nothing lately are forgotten.
const CALLERS_MAX: usize = 1000;
/// Answers that are kept.
const ANSWERS_MAX: usize = 1000;
/// For so long.
const ANSWERS_KEPT: Duration = Duration::from_secs(86_400);
/// Of an answer that is kept.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// Of a key.
const KEY_BYTES_MAX: usize = 128;
/// As it stands in requests.
pub(super) const KEY: &str = "idempotency-key";

/// To whoever asks again for what is shown once.
const SHOWN_ONCE: &str = "it was done, and the secret in its answer is shown once; if that was lost, take what was made away and make another";

/// An answer with a secret in it carries this, so that it is not kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct HasSecret;

/// See the module.
#[derive(Clone)]
pub(in crate::web) struct Pace {
    clock: Arc<dyn Clock>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// When each caller's requests would all be used up, had they come at an even pace.
    even: HashMap<String, Duration>,
    answers: HashMap<Asked, Answer>,
    /// The oldest first.
    order: VecDeque<(Duration, Asked)>,
}

/// Who asked what with which key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    who: String,
    what: String,
    key: String,
}

#[derive(Clone)]
enum Answer {
    /// It is being done.
    UnderWay,
    /// SHA-256 of what was asked, and what was answered.
    Given([u8; 32], StatusCode, Option<HeaderValue>, Bytes),
    /// SHA-256 of what was asked; what was answered is nobody's to keep.
    Secret([u8; 32]),
}

impl Pace {
    pub(in crate::web) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Counts a request, or says how long to wait.
    fn count(&mut self, who: &str, now: Duration) -> Result<(), Duration> {
        if self.even.len() >= CALLERS_MAX && !self.even.contains_key(who) {
            self.even.retain(|_, even| *even > now);
        }
        let even = self.even.get(who).copied().unwrap_or_default().max(now) + EVERY;
        match even.checked_sub(now + EVERY * BURST) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ if self.even.len() >= CALLERS_MAX && !self.even.contains_key(who) => Err(EVERY),
            _ => {
                self.even.insert(who.to_owned(), even);
                Ok(())
            }
        }
    }

    /// What was answered, if it was asked before; otherwise it is under way from now on.
    fn begin(&mut self, asked: &Asked, now: Duration) -> Option<Answer> {
        while self.order.len() >= ANSWERS_MAX || self.order.front().is_some_and(|(at, _)| now > *at + ANSWERS_KEPT) {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.answers.remove(&oldest);
        }
        let known = self.answers.get(asked).cloned();
        if known.is_none() {
            self.answers.insert(asked.clone(), Answer::UnderWay);
            self.order.push_back((now, asked.clone()));
        }
        known
    }

    /// It was done, or was not: then it can be tried again.
    fn end(&mut self, asked: &Asked, answer: Option<Answer>) {
        match answer {
            Some(answer) if self.answers.contains_key(asked) => {
                self.answers.insert(asked.clone(), answer);
            }
            _ => {
                self.answers.remove(asked);
                self.order.retain(|(_, known)| known != asked);
            }
        }
    }
}

/// What is under way is forgotten when it ends, also if that is a panic. Whoever asked may go away meanwhile: see `whole`.
struct UnderWay<'a> {
    pace: &'a Pace,
    asked: Asked,
    answer: Option<Answer>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.pace.kept().end(&self.asked, self.answer.take());
    }
}

/// The layer before all routes of the API.
pub(super) async fn keep(State(pace): State<Pace>, request: Request, next: Next) -> Response {
    let Some(reader) = request.extensions().get::<Reader>() else { return next.run(request).await };
    let who = who(reader);
    let now = pace.clock.now().since_start;
    let counted = pace.kept().count(&who, now);
    if let Err(wait) = counted {
        return Problem::too_many("20 requests a second, and 100 at once after a pause", wait.as_secs() + 1)
            .into_response();
    }
    let key = match request.headers().get(KEY).filter(|_| *request.method() == Method::POST) {
        None => return next.run(request).await,
        Some(key) => key.to_str().ok().filter(|key| is_key(key)).map(str::to_owned),
    };
    match key {
        None => Problem::field(KEY, format!("must be 1 to {KEY_BYTES_MAX} plain characters")).into_response(),
        Some(key) => {
            let asked = Asked { who, what: request.uri().path().to_owned(), key };
            once(&pace, asked, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
    }
}

/// As the document has it: no blanks in it.
fn is_key(text: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A token and an account may have the same name, and somebody may lose rights: neither is given what the other was.
fn who(reader: &Reader) -> String {
    let Person { name, rights, customers, .. } = &reader.person;
    format!("{rights:?} {customers:?} {name}")
}

async fn once(pace: &Pace, asked: Asked, request: Request, next: Next) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let too_long = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", "64 KiB");
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(too_long)?;
    let mut hash = [0; 32];
    hash.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &body).as_ref());
    let conflict = |why: &str| Problem::new(StatusCode::CONFLICT, "conflict", "This key was used", why);
    match pace.kept().begin(&asked, pace.clock.now().since_start) {
        None => {}
        Some(Answer::UnderWay) => return Err(conflict("the same is being done now; ask again in a moment")),
        Some(Answer::Given(known, ..) | Answer::Secret(known)) if known != hash => {
            return Err(conflict("for another body; take a new key"));
        }
        Some(Answer::Given(_, status, kind, body)) => return Ok(answered(status, kind, body)),
        Some(Answer::Secret(_)) => return Err(conflict(SHOWN_ONCE)),
    }
    let mut under_way = UnderWay { pace, asked, answer: None };
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    let is_done = response.status().is_success();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let kind = head.headers.get(CONTENT_TYPE).cloned();
    if is_done && head.extensions.get::<HasSecret>().is_some() {
        under_way.answer = Some(Answer::Secret(hash));
    } else if is_done && body.len() <= ANSWER_BYTES_MAX {
        under_way.answer = Some(Answer::Given(hash, head.status, kind, body.clone()));
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn answered(status: StatusCode, kind: Option<HeaderValue>, body: Bytes) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_may_ask_a_hundred_times_at_once_and_twenty_a_second_after_that() {
        let mut kept = Kept::default();
        let mut taken = |at: u64| (0..200).filter(|_| kept.count("ana", Duration::from_secs(at)).is_ok()).count();
        assert_eq!((taken(0), taken(1), taken(2), taken(3600)), (100, 20, 20, 100));
        let wait = kept.count("ana", Duration::from_secs(3600)).unwrap_err();
        assert_eq!((wait, kept.count("eva", Duration::from_secs(3600))), (EVERY, Ok(())));
    }

    #[test]
    fn callers_and_answers_are_bounded() {
        let mut kept = Kept::default();
        let asked = |n: usize| Asked { who: format!("{n}"), what: "/x".into(), key: "k".into() };
        for n in 0..5000 {
            let now = Duration::from_millis(n as u64);
            let _ = kept.count(&n.to_string(), now);
            assert!(kept.begin(&asked(n), now).is_none());
        }
        assert!(kept.even.len() <= CALLERS_MAX && kept.answers.len() <= ANSWERS_MAX && kept.order.len() <= ANSWERS_MAX);
        let later = Duration::from_secs(10) + ANSWERS_KEPT;
        assert!(kept.begin(&asked(4999), later).is_none(), "a day later it is done again");
        kept.end(&asked(4999), None);
        assert!(kept.begin(&asked(4999), later).is_none(), "what was not done can be tried again");
    }
}
