//! Maintenance that is announced: what there is of it, and forms about it. It stands on the page of alerts.

use atalaya_alert::{Matcher, QuietId};
use atalaya_wire::Hex;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::act::{Back, answer, matcher, refused};
use super::alerts::about;
use super::frame::Frame;
use super::part::When;
use crate::error::{Error, Kind};
use crate::people::random;
use crate::tower::Wish;
use crate::web::App;
use crate::web::view::View;
use crate::window::{Asked, Days, Every, Lasts, Nth, Plan, Window, Wrong};

/// The boxes of a form, and what is beside them.
pub(super) const DAYS: [(&str, &str); 7] = [
    ("mon", "day.mon"),
    ("tue", "day.tue"),
    ("wed", "day.wed"),
    ("thu", "day.thu"),
    ("fri", "day.fri"),
    ("sat", "day.sat"),
    ("sun", "day.sun"),
];
/// Of what people write: as much as the API takes.
const WHY_CHARS_MAX: usize = 500;

/// A window in the list.
pub(super) struct Announced {
    pub(super) id: String,
    pub(super) about: String,
    /// On which days, and for how long.
    pub(super) plan: String,
    pub(super) zone: String,
    /// When what holds of it ends.
    pub(super) until: Option<When>,
    pub(super) next: Option<When>,
    pub(super) who: String,
    pub(super) why: String,
}

/// What comes first, first.
pub(super) fn all(frame: &Frame, seen: &View<'_>) -> Vec<Announced> {
    let now = frame.now.seconds();
    let mut all: Vec<_> = seen.windows().map(|window| (window.plan.next(now), window)).collect();
    all.sort_by_key(|(next, window)| (next.map_or(i64::MAX, |next| next.begins), window.id.clone()));
    let show = |(next, window): (Option<crate::window::Span>, &Window)| Announced {
        id: window.id.as_str().to_owned(),
        about: about(frame, &window.matcher),
        plan: plan(frame, &window.plan),
        zone: window.plan.zone.name().to_owned(),
        until: seen.runs(window).and_then(|quiet| frame.when(quiet.until.0)),
        next: next.and_then(|next| frame.when(next.begins)),
        who: window.who.clone(),
        why: window.why.clone(),
    };
    all.into_iter().map(show).collect()
}

fn plan(frame: &Frame, plan: &Plan) -> String {
    let days = match plan.every {
        None => frame.t("window.once").to_owned(),
        Some(Every::Week(Days::ALL)) => frame.t("window.daily").to_owned(),
        Some(Every::Week(days)) => frame.fill("window.weekly", &[("days", &names(frame, days))]),
        Some(Every::Month(nth, days)) => {
            let with = [("nth", frame.t(nth_key(nth))), ("days", &names(frame, days))];
            frame.fill("window.monthly", &with)
        }
        Some(Every::Date(day)) => frame.fill("window.date", &[("day", &day.to_string())]),
        Some(Every::LastDay) => frame.t("window.last_day").to_owned(),
    };
    let from = plan.begins.strftime("%H:%M");
    match plan.lasts {
        Lasts::To(to) => format!("{days}, {from}–{}", to.strftime("%H:%M")),
        Lasts::Minutes(minutes) => format!("{days}, {from}, {}", frame.language.span(f64::from(minutes) * 60.0)),
    }
}

fn names(frame: &Frame, days: Days) -> String {
    let on = DAYS.iter().zip(days.each()).filter(|(_, on)| *on).map(|((_, key), _)| frame.t(key));
    on.collect::<Vec<_>>().join(", ")
}

const fn nth_key(nth: Nth) -> &'static str {
    match nth.number() {
        1 => "nth.first",
        2 => "nth.second",
        3 => "nth.third",
        4 => "nth.fourth",
        _ => "nth.last",
    }
}

/// What a form says. A box that is not ticked is not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    node: String,
    object: String,
    rule: String,
    severity: String,
    begins: String,
    /// `once`, `day`, `week`, `first` to `last`, `date`, `day 1` to `day 28`, `last_day`.
    repeat: String,
    mon: String,
    tue: String,
    wed: String,
    thu: String,
    fri: String,
    sat: String,
    sun: String,
    to: String,
    hours: String,
    zone: String,
    why: String,
    back: String,
}

impl Wanted {
    /// The days as they are written; where none is ticked, that of the beginning.
    fn every(&self) -> Option<String> {
        let first = self.begins.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
        let ticked = [&self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun];
        let mut days = Days::of(ticked.map(|day| !day.is_empty()));
        if let (None, Some(first)) = (days, first) {
            days = Some(Days::one(first.weekday()));
        }
        let days = days.map(|days| days.to_string()).unwrap_or_default();
        match self.repeat.as_str() {
            "" | "once" => None,
            "day" => Some("day".into()),
            "week" => Some(days),
            "date" => Some(format!("day {}", first.map_or(0, jiff::civil::Date::day))),
            "last_day" => Some("last day".into()),
            date if date.starts_with("day ") => Some(date.into()),
            nth => Some(format!("{nth} {days}")),
        }
    }

    /// Hours as people write them: `4`, `1.5`, `1,5`.
    pub(super) fn minutes(&self) -> Option<u32> {
        let hours = self.hours.trim().replace(',', ".");
        if hours.is_empty() {
            return None;
        }
        let minutes = hours.parse::<f64>().ok().filter(|hours| (0.0..=1000.0).contains(hours));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 60,000")]
        Some(minutes.map_or(0, |hours| (hours * 60.0).round() as u32))
    }

    pub(super) fn matcher(&self) -> Result<Matcher, &'static str> {
        matcher(&self.node, &self.object, &self.rule, &self.severity)
    }

    pub(super) fn plan(&self, now: i64) -> Result<Plan, Wrong> {
        let every = self.every();
        let asked = Asked {
            begins: &self.begins,
            every: every.as_deref(),
            to: Some(self.to.trim()).filter(|to| !to.is_empty()),
            minutes: self.minutes(),
            zone: self.zone.trim(),
        };
        Plan::new(&asked, now)
    }

    /// What the reader wants, or why it cannot be, in his language.
    pub(super) fn window(&self, frame: &Frame, id: QuietId) -> Result<Box<Window>, Error> {
        let wrong = |key: &str| Error::new(Kind::Refused, frame.t(key));
        let matcher = self.matcher().map_err(wrong)?;
        let plan = self.plan(frame.now.seconds()).map_err(|why| wrong(wrong_key(why)))?;
        let why = self.why.trim().chars().take(WHY_CHARS_MAX).collect();
        Ok(Box::new(Window { id, matcher, plan, who: frame.who.clone(), why }))
    }
}

const fn wrong_key(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Begins => "window.wrong.begins",
        Wrong::Far => "window.wrong.far",
        Wrong::Over => "window.wrong.over",
        Wrong::Every => "window.wrong.every",
        Wrong::Ends => "window.wrong.ends",
        Wrong::To => "window.wrong.to",
        Wrong::Minutes => "window.wrong.minutes",
        Wrong::Zone => "window.wrong.zone",
    }
}

pub(super) async fn add(State(app): State<App>, frame: Frame, Form(form): Form<Wanted>) -> Response {
    let id = random::<8>().map(|random| QuietId::from(Hex(&random).to_string().as_str()));
    match id.and_then(|id| form.window(&frame, id)) {
        Ok(window) => answer(&app, frame, Wish::Window { window, is_new: true }, &form.back, "announced").await,
        Err(why) => refused(&frame, &why, &form.back),
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    frame: Frame,
    Form(form): Form<Back>,
) -> Response {
    answer(&app, frame, Wish::RemoveWindow(QuietId::from(id.as_str())), &form.back, "withdrawn").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_s_choice_is_the_days_that_people_mean() {
        // 6 December 2026 is a Sunday.
        for (repeat, ticked, every) in [
            ("once", true, None),
            ("", false, None),
            ("day", false, Some("day")),
            ("week", false, Some("sun")),
            ("week", true, Some("tue,sat")),
            ("first", false, Some("first sun")),
            ("last", true, Some("last tue,sat")),
            ("date", true, Some("day 6")),
            ("last_day", false, Some("last day")),
        ] {
            let tick = if ticked { "yes" } else { "" };
            let form = Wanted {
                begins: "2026-12-06T03:00".into(),
                repeat: repeat.into(),
                tue: tick.into(),
                sat: tick.into(),
                to: "05:00".into(),
                zone: "UTC".into(),
                ..Wanted::default()
            };
            assert_eq!(form.every().as_deref(), every, "{repeat} {ticked}");
            assert!(form.plan(1_790_000_000).is_ok(), "{repeat} {ticked}");
        }
        let bad = Wanted { begins: "é-é-é-é-é-é".into(), repeat: "week".into(), ..Wanted::default() };
        assert_eq!(bad.plan(0), Err(Wrong::Begins));
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (hours, minutes) in [
            ("", None),
            ("4", Some(240)),
            ("1.5", Some(90)),
            ("1,5", Some(90)),
            ("-1", Some(0)),
            ("x", Some(0)),
            ("NaN", Some(0)),
        ] {
            let form = Wanted { hours: hours.into(), ..Wanted::default() };
            assert_eq!(form.minutes(), minutes, "{hours}");
        }
    }
}
