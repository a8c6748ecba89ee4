//! Web pages that should answer.

use std::time::{Duration, Instant};

use atalaya_wire::{ObjectId, Sample};

use super::{Check, ServicesConfig, Verdict};
use crate::probe::beside::ask_all;
use crate::probe::said::Since;
use crate::probe::web::{ROOTS, Web};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use atalaya_reach::Deadline;

/// Pages that are asked at a time: each needs the memory of a handshake.
const ASKED_AT_ONCE: usize = 4;
/// What all of them together may take: less than the probe's deadline, so that what is known is told.
const WAIT: Duration = Duration::from_secs(80);
/// Where a text is looked for.
const BODY_BYTES_MAX: u64 = 64 << 10;

/// See the module.
pub struct Pages {
    checks: Vec<Check>,
    since: Since<Option<bool>>,
    pub(super) wait: Duration,
}

impl Pages {
    /// The web pages among `config`.
    #[must_use]
    pub fn new(config: &ServicesConfig) -> Self {
        let page = |check: &&Check| matches!(check, Check::Http { .. });
        Self { checks: config.check.iter().filter(page).cloned().collect(), since: Since::default(), wait: WAIT }
    }
}

impl Probe for Pages {
    fn name(&self) -> &'static str {
        "pages"
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.services.check"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(120)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(90)
    }

    fn apart(&self) -> bool {
        !self.checks.is_empty()
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.checks.is_empty() {
            return Err(Fault::Absent("no web page is configured".into()));
        }
        let web = Web::new(&site.path(ROOTS));
        let (checks, since) = (&self.checks, &mut self.since);
        let tell = |number: usize, verdict: Option<Verdict>| {
            let (check, verdict) = (&checks[number], verdict.unwrap_or_else(Verdict::unasked));
            out(ObjectId::of(check.name()), verdict.into_view(check, since, at.wall).into());
        };
        ask_all(checks, ASKED_AT_ONCE, Deadline::after(self.wait), Check::wait, |check| ask(&web, check), tell);
        Ok(())
    }
}

fn ask(web: &Web, check: &Check) -> Verdict {
    let Check::Http { url, status: wanted, contains, .. } = check else { return Verdict::default() };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Verdict::unknown("the URL begins with neither http:// nor https://");
    }
    let started = Instant::now();
    let bytes = if contains.is_some() { BODY_BYTES_MAX } else { 0 };
    let answer = match web.get(url, bytes, check.wait()) {
        Ok(answer) => answer,
        Err(why) => return Verdict::down(why),
    };
    let problem = match (wanted, contains) {
        (Some(wanted), _) if *wanted != answer.status => Some(format!("it should answer with status {wanted}")),
        (None, _) if !(200..400).contains(&answer.status) => Some("it answers, but with an error".to_owned()),
        (_, Some(part)) if !answer.body.contains(part) => Some(format!("the page does not contain {part:?}")),
        _ => None,
    };
    Verdict {
        up: Some(problem.is_none()),
        state: Some(format!("HTTP {}", answer.status)),
        problem,
        latency: Some(started.elapsed()),
        ..Verdict::default()
    }
}
