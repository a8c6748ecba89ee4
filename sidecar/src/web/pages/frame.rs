//! What every page has around it: who reads, in which language and zone, what time it is.

use std::borrow::Borrow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use jiff::tz::TimeZone;

use super::format;
use super::health::{self, Banner};
use super::needs::needs_somebody;
use super::part::{Mark, State, When};
use super::table::{Cell, Head};
use crate::clock::Now;
use crate::people::{Customers, Need};
use crate::web::guard::Reader;
use crate::web::view::View;
use crate::web::words::{Catalogues, Language};
use crate::web::{App, assets};

/// See the module.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) words: Arc<Catalogues>,
    /// In which language.
    pub(super) language: Language,
    /// Where the reader's clock goes.
    pub(super) zone: TimeZone,
    /// When it is made.
    pub(super) now: Now,
    /// Whose things the reader sees.
    pub(super) whose: Customers,
    /// Whether the reader may change something of what is seen.
    pub(super) can_operate: bool,
    /// Whether the reader may manage accounts, tokens, nodes and settings, and read the audit.
    pub(super) can_manage: bool,
    /// Who reads; empty while nobody has to say.
    pub(super) who: String,
    /// There is nothing to log out from.
    pub(super) is_local: bool,
    /// From which address.
    pub(super) peer: String,
    /// What a form shows to be one of ours; empty while nobody has to.
    pub(super) csrf: String,
    /// The page itself with what was asked of it: for its parts, and to come back to.
    pub(super) path: String,
    /// Alerts that are open.
    pub(super) open: usize,
    /// The key of what the reader just did.
    pub(super) done: Option<&'static str>,
    /// What is wrong with the tower itself.
    pub(super) banners: Vec<Banner>,
}

/// What a page may say that was done, by the word in its address.
const DONE: &[(&str, &str)] = &[
    ("acknowledged", "done.acknowledged"),
    ("announced", "done.announced"),
    ("approved", "done.approved"),
    ("asked", "done.asked"),
    ("rejected", "done.rejected"),
    ("silenced", "done.silenced"),
    ("ended", "done.ended"),
    ("noted", "done.noted"),
    ("changed", "done.changed"),
    ("accepted", "done.accepted"),
    ("added", "done.added"),
    ("password", "done.password"),
    ("removed", "done.removed"),
    ("retired", "done.retired"),
    ("revoked", "done.revoked"),
    ("sent", "done.sent"),
    ("withdrawn", "done.withdrawn"),
];

impl Frame {
    /// Makes something out of what the reader may see. The board waits meanwhile.
    pub(super) fn look<T>(self, app: &App, make: impl FnOnce(Self, &View<'_>) -> T) -> T {
        let whose = self.whose.clone();
        app.look(&whose, |seen| make(self, seen))
    }

    /// A text in the reader's language.
    pub(super) fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.get(self.language, key)
    }

    /// A text with places that are filled.
    pub(super) fn fill(&self, key: &str, with: &[(&str, &str)]) -> String {
        with.iter().fold(self.t(key).to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// So many of something: the key ends in `.one` or `.many`.
    #[expect(clippy::cast_precision_loss, reason = "nobody reads so large a number to its last digit")]
    pub(super) fn count(&self, key: &str, count: impl Borrow<usize>) -> String {
        let count = *count.borrow();
        let key = if count == 1 { format!("{key}.one") } else { format!("{key}.many") };
        self.fill(&key, &[("count", &self.language.number(count as f64, 0))])
    }

    /// A word of a view in the reader's language; as it came where it is not known.
    pub(super) fn value(&self, value: &str) -> String {
        let words = atalaya_alert::words::word(value);
        words.map_or(value, |words| super::rules::of(self, words)).to_owned()
    }

    /// What an agent says is wrong.
    pub(super) fn said(&self, problem: Option<&str>) -> String {
        let words = problem.map(atalaya_alert::words::said).unwrap_or_default();
        super::rules::of(self, &words).to_owned()
    }

    /// What a key of a view is called; as it came where it is not known.
    pub(super) fn key(&self, key: &str) -> String {
        let name = format!("key.{key}");
        let word = self.t(&name);
        if word == name { key.replace('_', " ") } else { word.to_owned() }
    }

    /// Whether the reader sees what is everybody's.
    pub(super) fn sees_all(&self) -> bool {
        self.whose == Customers::All
    }

    /// Whether this page is `path`, or one below it.
    pub(super) fn is_at(&self, path: &str) -> bool {
        let rest = self.path.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// Where an asset is.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// How long ago, in the largest fitting unit.
    pub(super) fn ago(&self, at: i64) -> String {
        let seconds = self.now.seconds() - at;
        let (distance, unit) = (seconds.abs(), ["seconds", "minutes", "hours", "days"]);
        let (count, at) = match distance {
            0..90 => (distance, 0),
            90..5400 => (distance / 60, 1),
            5400..172_800 => (distance / 3600, 2),
            _ => (distance / 86_400, 3),
        };
        let key = match (seconds >= 0, unit[at]) {
            (true, "seconds") => "ago.seconds",
            (true, "minutes") => "ago.minutes",
            (true, "hours") => "ago.hours",
            (true, _) => "ago.days",
            (false, "seconds") => "in.seconds",
            (false, "minutes") => "in.minutes",
            (false, "hours") => "in.hours",
            (false, _) => "in.days",
        };
        self.fill(key, &[("count", &count.to_string())])
    }

    /// How far a clock is off, in the text of the first key if it is ahead and of the second if it is behind.
    #[expect(clippy::cast_precision_loss, reason = "it is shown in two units")]
    pub(super) fn skew(&self, seconds: i64, [ahead, behind]: [&str; 2]) -> String {
        let key = if seconds > 0 { ahead } else { behind };
        self.fill(key, &[("span", &self.language.span(seconds.unsigned_abs() as f64))])
    }

    /// A moment, by its age; `None` for one that never was.
    pub(super) fn when(&self, at: i64) -> Option<When> {
        let shown = || When { iso: format::iso(at), full: self.language.date(at, &self.zone), ago: self.ago(at) };
        (at > 0).then(shown)
    }

    /// The zone as browsers know it; empty where it has no name.
    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// Which version made this page, and when.
    pub(super) fn footer(&self) -> String {
        let at = self.language.date(self.now.seconds(), &self.zone);
        self.fill("footer", &[("version", env!("CARGO_PKG_VERSION")), ("at", &at)])
    }

    /// A mark with its word.
    pub(super) fn state(&self, mark: Mark) -> State {
        State { mark, word: self.t(mark.key()).to_owned() }
    }

    /// A mark with a text of ours.
    pub(super) fn state_as(&self, mark: Mark, key: &str) -> State {
        State { mark, word: self.t(key).to_owned() }
    }

    /// A mark with a word of a view.
    pub(super) fn state_of(&self, mark: Mark, value: &str) -> State {
        State { mark, word: if value.is_empty() { self.t("unknown").to_owned() } else { self.value(value) } }
    }

    /// Heads of a table; what begins with `#` is about numbers.
    pub(super) fn heads(&self, keys: &[&str]) -> Vec<Head> {
        let head =
            |key: &&str| Head { text: self.t(key.trim_start_matches('#')).to_owned(), number: key.starts_with('#') };
        keys.iter().map(head).collect()
    }

    /// A cell that nobody can fill.
    pub(super) fn unknown(&self) -> Cell {
        Cell { unknown: self.t("unknown").to_owned(), ..Cell::default() }
    }

    /// A number with its unit.
    pub(super) fn number<T: Into<Number>>(&self, key: &str, number: Option<T>) -> Cell {
        let text = number.map(|number| self.language.with_unit(key, number.into().0));
        text.map_or_else(|| Cell { number: true, ..self.unknown() }, |text| Cell { number: true, ..Cell::text(text) })
    }

    /// Some text.
    pub(super) fn words(&self, text: Option<&str>) -> Cell {
        text.filter(|text| !text.is_empty()).map_or_else(|| self.unknown(), Cell::text)
    }

    /// A time as a view tells it.
    pub(super) fn moment(&self, text: Option<&str>) -> Cell {
        let when = text.and_then(format::seconds_of).and_then(|at| self.when(at));
        when.map_or_else(|| self.unknown(), |when| Cell { when: Some(when), ..Cell::default() })
    }
}

/// A number of any type that views have.
pub(super) struct Number(pub(super) f64);

impl From<f32> for Number {
    fn from(number: f32) -> Self {
        Self(f64::from(number))
    }
}

impl From<u64> for Number {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
    fn from(number: u64) -> Self {
        Self(number as f64)
    }
}

impl From<i64> for Number {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
    fn from(number: i64) -> Self {
        Self(number as f64)
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Language::of);
        let reader = parts.extensions.get::<Reader>();
        let chosen = reader.map(|reader| &reader.person).filter(|person| !person.language.is_empty());
        let own = Language::of(app.shared.config.state.language).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let asked = query.split('&').find_map(|part| part.strip_prefix("done="));
        // Somebody who has not said who it is sees nothing of anybody.
        let nobody = || Customers::Some(Default::default());
        let whose = reader.map_or_else(nobody, |reader| reader.person.customers.clone());
        let open = app.look(&whose, |seen| seen.alerts().filter(|alert| needs_somebody(alert)).count());
        let mut frame = Self {
            words: Arc::clone(&app.words),
            language: chosen.and_then(|person| Language::of(&person.language)).or(accepted).unwrap_or(own),
            zone: chosen
                .and_then(|person| atalaya_base::zone::named(&person.zone))
                .unwrap_or_else(|| app.shared.config.state.zone.clone()),
            now: app.shared.clock.now(),
            can_operate: reader.is_some_and(|reader| match &whose {
                Customers::All => reader.may(Need::Operate, None),
                Customers::Some(some) => some.iter().any(|one| reader.may(Need::Operate, Some(one))),
            }),
            can_manage: reader.is_some_and(|reader| reader.may(Need::Manage, None)),
            whose,
            who: reader.map(|reader| reader.person.name.clone()).unwrap_or_default(),
            is_local: reader.is_none_or(|reader| reader.person.session.is_none()),
            peer: reader.map(|reader| reader.peer.to_string()).unwrap_or_default(),
            csrf: reader.map(|reader| reader.csrf.clone()).unwrap_or_default(),
            path: without_done(parts.uri.path(), query),
            open,
            done: asked.and_then(|asked| DONE.iter().find(|(word, _)| *word == asked)).map(|(_, key)| *key),
            banners: Vec::new(),
        };
        if reader.is_some() {
            let shared = &app.shared;
            let channels = shared.channels.troubles();
            let life = shared.life.borrow().clone();
            let aside = app.look(&frame.whose, |seen| seen.aside().cloned());
            frame.banners = health::banners(&frame, &life, &shared.desk.health(), aside.as_ref(), &channels);
        }
        Ok(frame)
    }
}

/// A path with its query, but not with what it says was done.
fn without_done(path: &str, query: &str) -> String {
    let rest: Vec<&str> = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("done=")).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}
