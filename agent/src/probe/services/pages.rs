//! Web pages that should answer.

use std::time::{Duration, Instant};

use atalaya_wire::{ObjectId, Sample};

use super::{Check, ServicesConfig, Verdict, timeout};
use crate::probe::said::Since;
use crate::probe::web::{ROOTS, Web};
use crate::probe::{Fault, Moment, Probe, Result, Site};

/// Where a text is looked for.
const BODY_BYTES_MAX: u64 = 64 << 10;

/// See the module.
pub struct Pages {
    checks: Vec<Check>,
    since: Since<Option<bool>>,
}

impl Pages {
    /// The web pages among `config`.
    #[must_use]
    pub fn new(config: &ServicesConfig) -> Self {
        let page = |check: &&Check| matches!(check, Check::Http { .. });
        Self { checks: config.check.iter().filter(page).cloned().collect(), since: Since::default() }
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
        for check in &self.checks {
            let verdict = ask(&web, check);
            out(ObjectId::of(check.name()), verdict.into_view(check, &mut self.since, at.wall).into());
        }
        Ok(())
    }
}

fn ask(web: &Web, check: &Check) -> Verdict {
    let Check::Http { url, status: wanted, contains, timeout_seconds, .. } = check else { return Verdict::default() };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Verdict::unknown("the URL begins with neither http:// nor https://");
    }
    let started = Instant::now();
    let bytes = if contains.is_some() { BODY_BYTES_MAX } else { 0 };
    let answer = match web.get(url, bytes, timeout(*timeout_seconds)) {
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
