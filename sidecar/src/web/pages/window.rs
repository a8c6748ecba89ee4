//! One window of maintenance: its form as it is, and what becomes of it. The list is in `windows.rs`.

use askama::Template;
use atalaya_alert::QuietId;
use atalaya_alert::rule::Severity;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::act::{answer, refused};
use super::frame::Frame;
use super::render;
use super::windows::{DAYS, Wanted};
use crate::error::{Error, Kind};
use crate::tower::Wish;
use crate::web::App;
use crate::window::{Days, Every, Lasts, Nth, Window};

/// What comes again when, as forms say it, and in words.
const REPEATS: [(&str, &str); 10] = [
    ("once", "window.once"),
    ("day", "window.daily"),
    ("week", "window.days.week"),
    ("first", "window.days.first"),
    ("second", "window.days.second"),
    ("third", "window.days.third"),
    ("fourth", "window.days.fourth"),
    ("last", "window.days.last"),
    ("date", "window.days.date"),
    ("last_day", "window.last_day"),
];
const SEVERITIES: [(&str, &str); 5] = [
    ("", "silence.any"),
    ("low", "mark.low"),
    ("medium", "mark.medium"),
    ("high", "mark.high"),
    ("critical", "mark.critical"),
];

/// What stands in the fields of the form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) node: String,
    pub(super) object: String,
    pub(super) rule: String,
    severity: &'static str,
    pub(super) begins: String,
    pub(super) to: String,
    pub(super) hours: String,
    pub(super) zone: String,
    repeat: &'static str,
    /// The date of each month on which it comes, which need not be that on which it begins first.
    date: Option<i8>,
    days: [bool; 7],
    pub(super) why: String,
}

impl Fields {
    /// Nothing yet, by the reader's clock.
    pub(super) fn new(frame: &Frame) -> Self {
        Self { zone: frame.zone_name().to_owned(), ..Self::default() }
    }

    /// As the window is: sent back unchanged they say the same.
    fn of(window: &Window) -> Self {
        let (matcher, plan) = (&window.matcher, &window.plan);
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let (to, hours) = match plan.lasts {
            Lasts::To(to) => (to.strftime("%H:%M").to_string(), String::new()),
            Lasts::Minutes(minutes) => (String::new(), hours(minutes)),
        };
        let (repeat, days) = match plan.every {
            None => ("once", None),
            Some(Every::Week(Days::ALL)) => ("day", None),
            Some(Every::Week(days)) => ("week", Some(days)),
            Some(Every::Month(nth, days)) => (nth_name(nth), Some(days)),
            Some(Every::Date(_)) => ("", None),
            Some(Every::LastDay) => ("last_day", None),
        };
        Self {
            node: part(&matcher.node),
            object: part(&matcher.object),
            rule: part(&matcher.rule),
            severity: matcher.severity.map_or("", severity_name),
            begins: plan.begins.strftime("%Y-%m-%dT%H:%M").to_string(),
            to,
            hours,
            zone: plan.zone.name().to_owned(),
            repeat,
            date: if let Some(Every::Date(day)) = plan.every { Some(day) } else { None },
            days: days.map_or([false; 7], Days::each),
            why: window.why.clone(),
        }
    }

    /// What may be chosen, its key, and whether it is: "up to critical" is all, and shown to whoever chose it elsewhere.
    pub(super) fn severities(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> + use<> {
        let chosen = self.severity;
        let all = SEVERITIES.into_iter().map(move |(value, key)| (value, key, value == chosen));
        all.filter(|(value, _, chosen)| *value != "critical" || *chosen)
    }

    /// The same of what comes again, in words.
    pub(super) fn repeats(&self, frame: &Frame) -> Vec<(String, String, bool)> {
        let date = self.date.map(|day| {
            let day = day.to_string();
            (format!("day {day}"), frame.fill("window.date", &[("day", &day)]), true)
        });
        let all =
            REPEATS.into_iter().map(|(value, key)| (value.to_owned(), frame.t(key).to_owned(), value == self.repeat));
        date.into_iter().chain(all).collect()
    }

    pub(super) fn days(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> + use<> {
        DAYS.into_iter().zip(self.days).map(|((name, key), ticked)| (name, key, ticked))
    }
}

/// Hours as people write them, and exact to the minute when they are read again.
fn hours(minutes: u32) -> String {
    let text = format!("{:.3}", f64::from(minutes) / 60.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const fn nth_name(nth: Nth) -> &'static str {
    match nth.number() {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        _ => "last",
    }
}

const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[derive(Template)]
#[template(path = "window.html")]
struct Page {
    frame: Frame,
    id: String,
    fields: Fields,
}

/// The form of one that is there and the reader's.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, frame: Frame) -> Response {
    if !frame.can_operate {
        return refused(&frame, &Error::new(Kind::Denied, frame.t("refused.viewer")), "/alerts");
    }
    match known(&app, &frame, &id) {
        Some(fields) => render(&Page { frame, id, fields }),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What the form says takes the place of what was there.
pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    frame: Frame,
    Form(form): Form<Wanted>,
) -> Response {
    // Whose it was counts as well as whose it would be.
    if known(&app, &frame, &id).is_none() {
        return refused(&frame, &Error::new(Kind::Missing, frame.t("guard.not_there")), "/alerts");
    }
    match form.window(&frame, QuietId::from(id.as_str())) {
        Ok(window) => answer(&app, frame, Wish::Window { window, is_new: false }, "/alerts", "changed").await,
        Err(why) => refused(&frame, &why, &format!("/alerts/windows/{}", super::escape(&id))),
    }
}

fn known(app: &App, frame: &Frame, id: &str) -> Option<Fields> {
    app.look(&frame.whose, |seen| seen.windows().find(|window| window.id.as_str() == id).map(Fields::of))
}

#[cfg(test)]
mod tests {
    use atalaya_alert::Matcher;

    use super::*;
    use crate::window::{Asked, Plan};

    const NOW: i64 = 1_790_000_000;

    #[test]
    fn a_form_that_is_sent_back_unchanged_changes_nothing() {
        for (every, to, minutes) in [
            (None, None, Some(100)),
            (None, Some("05:00"), None),
            (Some("day"), None, Some(90)),
            (Some("sat,sun"), None, Some(1)),
            (Some("first sun"), Some("05:00"), None),
            (Some("last tue,sat"), None, Some(1_439)),
            (Some("day 15"), Some("23:59"), None),
            (Some("last day"), None, Some(240)),
        ] {
            let asked = Asked { begins: "2026-11-28T22:00", every, to, minutes, zone: "Europe/Madrid" };
            let window = Window {
                id: QuietId::from("1"),
                matcher: Matcher {
                    node: Some("nas".into()),
                    object: Some("fs/*".into()),
                    rule: None,
                    severity: Some(Severity::Critical),
                },
                plan: Plan::new(&asked, NOW).unwrap(),
                who: "ana".into(),
                why: "disks".into(),
            };
            let form = Wanted::sent(&Fields::of(&window));
            assert_eq!(form.matcher(), Ok(window.matcher), "{every:?}");
            assert_eq!(form.plan(NOW), Ok(window.plan), "{every:?}");
        }
    }

    #[test]
    fn hours_are_exact_to_the_minute() {
        for minutes in 1..=20_160 {
            let form = Wanted::sent(&Fields { hours: hours(minutes), ..Fields::default() });
            assert_eq!(form.minutes(), Some(minutes), "{}", hours(minutes));
            assert!(hours(minutes).len() <= 8, "{}", hours(minutes));
        }
    }

    impl Wanted {
        /// As a browser sends it.
        fn sent(fields: &Fields) -> Self {
            let repeat = fields.date.map_or_else(|| fields.repeat.to_owned(), |day| format!("day {day}"));
            let text = [
                ("node", fields.node.as_str()),
                ("object", &fields.object),
                ("rule", &fields.rule),
                ("severity", fields.severity),
                ("begins", &fields.begins),
                ("to", &fields.to),
                ("hours", &fields.hours),
                ("zone", &fields.zone),
                ("repeat", &repeat),
                ("why", &fields.why),
            ];
            let ticked = fields.days().filter(|(.., ticked)| *ticked).map(|(name, ..)| (name, "yes"));
            let all: serde_json::Map<_, _> =
                text.into_iter().chain(ticked).map(|(name, value)| (name.to_owned(), value.into())).collect();
            serde_json::from_value(all.into()).unwrap()
        }
    }
}
